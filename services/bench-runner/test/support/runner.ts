import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from './client.ts';
import type { MariaDb } from './mariadb.ts';

const here = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
export const TOKEN = 'a-token-that-nobody-guesses';
export const BENCH = 'bench-0001';
export const ADMIN_PASSWORD = 'AdminSecret4711';
export const USER_PASSWORD = 'UserSecret4712';

export interface BenchFault {
  failAt?: string;
  hangAt?: string;
  times?: number;
  stepMs?: number;
}

/** A runner as a real process on a bench folder of its own, with the sandbox's `bench`. */
export class TestRunner {
  readonly dir = mkdtempSync(path.join(os.tmpdir(), 'bench-runner-'));
  readonly sitesDir = path.join(this.dir, 'bench', 'sites');
  readonly client = new Client(() => this.#url, TOKEN);
  readonly database: MariaDb;
  /** All that the runner ever printed. */
  log = '';
  #url = '';
  #process: ChildProcess | undefined;

  constructor(database: MariaDb) {
    this.database = database;
    mkdirSync(this.sitesDir, { recursive: true });
  }

  get url(): string {
    return this.#url;
  }

  async start(environment: Record<string, string> = {}): Promise<this> {
    const child = spawn(process.execPath, [here('../../src/main.ts')], {
      env: {
        PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`,
        LOG_LEVEL: 'debug',
        BENCH_RUNNER_PORT: '0',
        BENCH_RUNNER_TOKEN: TOKEN,
        BENCH_RUNNER_DATA: path.join(this.dir, 'data'),
        BENCH_NAME: BENCH,
        BENCH_DIR: path.join(this.dir, 'bench'),
        BENCH_COMMAND: here('../../../sandbox/bin/bench'),
        BENCH_DB_HOST: this.database.host,
        BENCH_DB_PORT: String(this.database.port),
        FAKE_BENCH_STEP_MS: '20',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    child.once('exit', (code) => reject(new Error(`The runner ended with ${code}:\n${this.log}`)));
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
        printed += text;
        const url = /"url":"([^"]+)"/.exec(printed)?.[1];
        if (url !== undefined) resolve(url);
      });
    this.#url = await promise;
    this.#process = child;
    return this;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }

  async dispose(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.dir, { recursive: true, force: true });
  }

  setFault(fault: BenchFault): void {
    const file = path.join(this.sitesDir, '.fake-bench.json');
    writeFileSync(`${file}.new`, JSON.stringify(fault));
    renameSync(`${file}.new`, file);
  }

  /** Waits until a `bench` hangs where `setFault` (with `times: 1`) said. */
  async hangs(): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (readFileSync(path.join(this.sitesDir, '.fake-bench.json'), 'utf8').includes('hangAt')) {
      if (Date.now() > deadline) throw new Error('No command came to where it should hang');
      await sleep(20);
    }
  }

  newSiteRequest(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      name,
      config: { host_name: `http://${name}` },
      apps: ['frappe', 'erpnext'],
      mariadb_root_password: this.database.rootPassword,
      admin_password: ADMIN_PASSWORD,
      ...more,
    };
  }

  siteConfig(site: string): Record<string, unknown> {
    return JSON.parse(readFileSync(path.join(this.sitesDir, site, 'site_config.json'), 'utf8')) as Record<
      string,
      unknown
    >;
  }

  /** What exists of all sites, wherever it could have been left. */
  async remains(): Promise<{ folders: string[]; databases: string[]; users: string[]; unfinished: string[] }> {
    const creating = path.join(this.sitesDir, '.creating');
    const databases = await this.database.query<{ name: string }>(
      "select schema_name as name from information_schema.schemata where schema_name like '\\_%'",
    );
    const users = await this.database.query<{ name: string }>(
      "select distinct user as name from mysql.user where user like '\\_%'",
    );
    return {
      folders: readdirSync(this.sitesDir).filter((name) => existsSync(path.join(this.sitesDir, name, 'private'))),
      databases: databases.map((row) => row.name),
      users: users.map((row) => row.name),
      unfinished: existsSync(creating) ? readdirSync(creating) : [],
    };
  }

  /** Every byte of the job database, journal included. */
  databaseBytes(): string {
    const data = path.join(this.dir, 'data');
    return readdirSync(data)
      .map((file) => readFileSync(path.join(data, file), 'latin1'))
      .join('\n');
  }
}
