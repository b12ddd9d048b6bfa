import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { killOrphans } from './bench/orphans.ts';
import { Sites } from './bench/sites.ts';
import type { Config } from './config.ts';
import { createApp } from './http/app.ts';
import { openJobDatabase } from './jobs/database.ts';
import { Lanes } from './jobs/lanes.ts';
import { JobStore } from './jobs/store.ts';
import { Vault } from './jobs/vault.ts';
import { naiveTime } from './time.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const KEEP_DAYS = 30;

export interface Runner {
  url: string;
  stop(): Promise<void>;
}

/** @param onCrash is told of an error after which the process cannot be trusted */
export async function startRunner(config: Config, log: Logger, onCrash: (error: unknown) => void): Promise<Runner> {
  const { db, runnerId, salt } = openJobDatabase(config.dataDir);
  const killed = await killOrphans(runnerId);
  if (killed > 0) log.warn({ killed }, 'killed what an earlier run had left running');
  await describeDatabaseServer(config);

  const store = new JobStore(db);
  const vault = new Vault(config.token, salt);
  const services = { config, store, vault, sites: new Sites(config.bench.sitesDir), runnerId, log };
  const lanes = new Lanes(services, onCrash);
  const forget = () => store.forgetEndedBefore(naiveTime(new Date(Date.now() - KEEP_DAYS * DAY_MS)));
  forget();
  const forgetting = setInterval(forget, DAY_MS);

  const handle = createApp({ ...services, lanes }).callback();
  const server = createServer((request, response) => void handle(request, response));
  await listen(server, config);
  lanes.recover();
  const { port } = server.address() as AddressInfo;
  const url = `http://${config.host}:${port}`;
  log.info({ url, bench: config.bench.name }, 'bench runner listening');
  return {
    url,
    async stop() {
      clearInterval(forgetting);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await lanes.stop();
      server.closeAllConnections();
      await closed;
      db.close();
    },
  };
}

/** Bench asks this file where the database is; one that is there already is somebody's and stays as it is. */
async function describeDatabaseServer({ bench, database }: Config): Promise<void> {
  const file = path.join(bench.sitesDir, 'common_site_config.json');
  const text = `${JSON.stringify({ db_host: database.host, db_port: database.port }, null, 1)}\n`;
  await writeFile(file, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

function listen(server: Server, { host, port }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}
