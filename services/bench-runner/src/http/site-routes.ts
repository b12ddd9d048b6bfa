import type Router from '@koa/router';
import { z } from 'zod';
import { Argument } from '../bench/names.ts';
import { createBenchQuery } from '../bench/query.ts';
import { inspectSite } from '../bench/inspect-site.ts';
import type { Doors } from './app.ts';
import { readBody } from './body.ts';
import { HttpError, notFound } from './errors.ts';

const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, { name }]));

const AppList = z.union([z.array(z.string()), z.record(z.string(), z.array(z.string()))]);
const SessionUser = z.object({ user: Argument.default('Administrator') });

export function addSiteRoutes(router: Router, { sites, config, runnerId }: Doors): void {
  const query = createBenchQuery(config, runnerId);
  const existing = (site: string | undefined): string => {
    if (site === undefined || !sites.isFinished(site)) throw notFound(`Site ${site ?? ''}`);
    return site;
  };

  router.get('/benches', async (ctx) => {
    ctx.body = { [config.bench.name]: await describeBench() };
  });
  router.get('/benches/:bench', async (ctx) => {
    ctx.body = await describeBench();
  });
  router.get('/benches/:bench/sites', async (ctx) => {
    ctx.body = named(await sites.list());
  });
  router.get('/benches/:bench/sites/:site/info', async (ctx) => {
    ctx.body = { data: await inspectSite(sites, config.database, existing(ctx.params['site'])) };
  });
  router.get('/benches/:bench/sites/:site/apps', async (ctx) => {
    const site = existing(ctx.params['site']);
    if (ctx.query['format'] !== 'json') {
      ctx.body = { data: await query(['--site', site, 'list-apps']) };
      return;
    }
    const answer = AppList.parse(JSON.parse(await query(['--site', site, 'list-apps', '--format=json'])));
    ctx.body = { data: Array.isArray(answer) ? answer : (answer[site] ?? []) };
  });
  router.post('/benches/:bench/sites/:site/sid', async (ctx) => {
    const site = existing(ctx.params['site']);
    const { user } = SessionUser.parse(await readBody(ctx.req));
    const sid = /[?&]sid=([0-9a-f]+)/.exec(await query(['--site', site, 'browse', `--user=${user}`]))?.[1];
    if (sid === undefined) throw new HttpError(500, 'bench gave no session');
    ctx.body = { sid };
  });

  async function describeBench() {
    const { name } = config.bench;
    const { host, port } = config.database;
    return {
      name,
      apps: named(await sites.apps()),
      config: { db_host: host, db_port: port },
      sites: named(await sites.list()),
    };
  }
}
