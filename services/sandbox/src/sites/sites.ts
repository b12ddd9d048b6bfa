import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { connectToSite, installedApps, withConnection } from '../bench/database.ts';
import { BenchFault, FAULT_FILE } from '../bench/faults.ts';
import { BenchFolder, type SiteConfig } from '../bench/folder.ts';
import type { StandIn, World } from '../kernel/stand-in.ts';
import { messagePage, sitePage } from './page.ts';

export interface SitesOptions {
  /** Folder `sites/` of a bench; left out = no site exists. */
  sitesDir?: string | undefined;
}

const SITE = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/**
 * The benches' nginx and gunicorn: one address for all sites, told apart by the Host header.
 * Actions: `bench_fault` makes the next `bench` commands fail, hang or slow down (see BenchFault; `{}` ends it); `list`.
 */
export function createSites(_world: World, { sitesDir }: SitesOptions): StandIn {
  const folder = sitesDir === undefined ? undefined : new BenchFolder(path.resolve(sitesDir));
  const isSite = (site: string): boolean =>
    folder !== undefined && SITE.test(site) && existsSync(folder.path(site, 'site_config.json'));
  const list = () => (folder ? siteNames(folder, isSite).map((site) => describe(folder, site)) : []);

  return {
    name: 'sites',
    handler: (request, response) => {
      const site = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
      if (!folder || !isSite(site))
        return send(response, 404, messagePage('Not Found', `There is no site ${site} here.`));
      serve(folder, site, request, response).catch((error: unknown) =>
        send(response, 500, messagePage('Server Error', error instanceof Error ? error.message : String(error))),
      );
    },
    state: () => ({ sites: list() }),
    reset: () => {
      if (folder) rmSync(path.join(folder.sites, FAULT_FILE), { force: true });
    },
    actions: {
      list,
      bench_fault: (input) => {
        if (!folder) throw new Error('The sandbox was started without a bench');
        return writeFault(folder, BenchFault.parse(input));
      },
    },
  };
}

async function serve(
  folder: BenchFolder,
  site: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const config = folder.config(site);
  if (isInMaintenance(config))
    return send(
      response,
      503,
      messagePage('Session Stopped', 'This site is under maintenance. Please come back later.'),
    );
  const url = new URL(request.url ?? '/', 'http://site');
  await withConnection(connectToSite(folder, config), async (db) => {
    if (url.pathname === '/api/method/ping') return send(response, 200, { message: 'pong' });
    if (url.pathname !== '/' && url.pathname !== '/app')
      return send(response, 404, messagePage('Not Found', `The page ${url.pathname} does not exist.`));
    const user = await sessionUser(db, url.searchParams.get('sid'));
    send(response, 200, sitePage({ site, user, apps: await installedApps(db), userCount: await countUsers(db) }));
  });
}

const isInMaintenance = (config: SiteConfig): boolean => Boolean(config.maintenance_mode);

async function countUsers(db: Connection): Promise<number> {
  const [rows] = await db.query<RowDataPacket[]>("select count(*) as users from tabUser where name <> 'Guest'");
  return (rows[0] as { users: number }).users;
}

async function sessionUser(db: Connection, sid: string | null): Promise<string | undefined> {
  if (!sid) return undefined;
  const [rows] = await db.query<RowDataPacket[]>('select user from tabSessions where sid = ?', [sid]);
  return (rows[0] as { user: string } | undefined)?.user;
}

const siteNames = (folder: BenchFolder, isSite: (name: string) => boolean): string[] =>
  existsSync(folder.sites) ? readdirSync(folder.sites).filter(isSite).sort() : [];

const describe = (folder: BenchFolder, site: string) => {
  const config = folder.config(site);
  return { site, database: config.db_name, isInMaintenance: isInMaintenance(config) };
};

function writeFault(folder: BenchFolder, fault: BenchFault): BenchFault {
  const file = path.join(folder.sites, FAULT_FILE);
  writeFileSync(`${file}.new`, JSON.stringify(fault));
  renameSync(`${file}.new`, file);
  return fault;
}

function send(response: ServerResponse, status: number, body: string | object): void {
  const isPage = typeof body === 'string';
  response.writeHead(status, { 'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json' });
  response.end(isPage ? body : JSON.stringify(body));
}
