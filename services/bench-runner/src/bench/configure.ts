import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { replaceFile } from './files.ts';

const DEFAULT_BENCH = '/home/frappe/frappe-bench';
/** Frappe 16 makes PDFs with it; without the key it would download one at run time. */
const CHROMIUM = '/usr/bin/chromium-headless-shell';

/** Bench's own processes are of one group; two of the values are passwords. */
const FILE_MODE = 0o640;

const HostAndPort = z.string().regex(/^[a-z0-9.-]+:\d{1,5}(\/\d{1,2})?$/i, 'must be host:port or host:port/database');

const Environment = z.object({
  BENCH_DIR: z
    .string()
    .default(DEFAULT_BENCH)
    .refine((dir) => existsSync(path.join(dir, 'sites')) && existsSync(path.join(dir, 'apps')), 'is not a bench'),
  BENCH_DB_HOST: z.string().default('mariadb'),
  BENCH_DB_PORT: z.coerce.number().int().min(1).max(65_535).default(3306),
  BENCH_REDIS_CACHE: HostAndPort.default('valkey-cache:6379'),
  BENCH_REDIS_CACHE_PASSWORD: z.string('is required (or BENCH_REDIS_CACHE_PASSWORD_FILE)'),
  BENCH_REDIS_QUEUE: HostAndPort.default('valkey-queue:6379/1'),
  BENCH_REDIS_QUEUE_USER: z.string().default(''),
  BENCH_REDIS_QUEUE_PASSWORD: z.string('is required (or BENCH_REDIS_QUEUE_PASSWORD_FILE)'),
  BENCH_SOCKETIO_PORT: z.coerce.number().int().min(1).max(65_535).default(9000),
});
export type Settings = z.output<typeof Environment>;

export class SettingsError extends Error {}

/** Reads every setting or names all wrong ones at once; NAME_FILE holds a secret. An empty variable counts as absent. */
export function readSettings(env: NodeJS.ProcessEnv, readFile: (path: string) => string): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const problems: string[] = [];
  for (const name of ['BENCH_REDIS_CACHE_PASSWORD', 'BENCH_REDIS_QUEUE_PASSWORD']) {
    const file = given[`${name}_FILE`];
    if (file === undefined) continue;
    try {
      given[name] = readFile(file).trim();
    } catch (error) {
      problems.push(`${name}_FILE cannot be read: ${(error as Error).message}`);
    }
  }
  const parsed = Environment.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join('.')} ${issue.message}`);
  if (!parsed.success || problems.length > 0) throw new SettingsError(problems.join('\n'));
  return parsed.data;
}

/** Writes what differs of common_site_config.json and apps.txt; keys that are not ours stay. Returns what was changed. */
export async function configureBench(settings: Settings): Promise<string[]> {
  const sites = path.join(settings.BENCH_DIR, 'sites');
  const changed: string[] = [];

  const configFile = path.join(sites, 'common_site_config.json');
  const before = await readConfig(configFile);
  const wanted = commonConfig(settings);
  const differing = Object.keys(wanted).filter((key) => before[key] !== wanted[key]);
  // Also when it has its bench-runner's first, shorter form: that one is completed, not replaced.
  if (differing.length > 0)
    await replaceFile(configFile, `${JSON.stringify({ ...before, ...wanted }, null, 1)}\n`, FILE_MODE);
  changed.push(...differing);

  const appsFile = path.join(sites, 'apps.txt');
  const apps = `${(await installedApps(settings.BENCH_DIR)).join('\n')}\n`;
  if ((await readFile(appsFile, 'utf8').catch(() => '')) !== apps) {
    await replaceFile(appsFile, apps, FILE_MODE);
    changed.push('apps.txt');
  }
  return changed;
}

function commonConfig(settings: Settings): Record<string, string | number> {
  const queue = redisUrl(
    settings.BENCH_REDIS_QUEUE,
    settings.BENCH_REDIS_QUEUE_PASSWORD,
    settings.BENCH_REDIS_QUEUE_USER,
  );
  return {
    db_host: settings.BENCH_DB_HOST,
    db_port: settings.BENCH_DB_PORT,
    redis_cache: redisUrl(settings.BENCH_REDIS_CACHE, settings.BENCH_REDIS_CACHE_PASSWORD),
    redis_queue: queue,
    redis_socketio: queue,
    socketio_port: settings.BENCH_SOCKETIO_PORT,
    ...(existsSync(CHROMIUM) && { chromium_path: CHROMIUM }),
  };
}

const redisUrl = (server: string, password: string, user = ''): string =>
  `redis://${password === '' ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`}${server}`;

/** Frappe first, as bench itself writes it: the order is that of installation. */
async function installedApps(bench: string): Promise<string[]> {
  const entries = await readdir(path.join(bench, 'apps'), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.sort((a, b) => Number(b === 'frappe') - Number(a === 'frappe') || a.localeCompare(b));
}

/** One that cannot be read is not thrown away: it may hold an operator's keys. */
async function readConfig(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new SettingsError(`${file} is not a JSON object: repair or remove it`, { cause: error });
  }
}
