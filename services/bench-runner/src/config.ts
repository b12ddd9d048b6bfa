import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const DAY_S = 24 * 60 * 60;

const Environment = z.object({
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  BENCH_RUNNER_HOST: z.string().default('127.0.0.1'),
  BENCH_RUNNER_PORT: z.coerce.number().int().min(0).max(65_535).default(25_052),
  BENCH_RUNNER_TOKEN: z.string('is required (or BENCH_RUNNER_TOKEN_FILE)').min(16, 'must have at least 16 characters'),
  BENCH_RUNNER_DATA: z.string('is required: the folder of the job database'),
  BENCH_NAME: z.string().regex(LABEL, 'must be lower-case letters, digits and dashes').default('bench-0001'),
  BENCH_DIR: z
    .string('is required: the folder that holds sites/')
    .refine((dir) => existsSync(path.join(dir, 'sites')), 'holds no folder sites/'),
  BENCH_COMMAND: z.string().default('bench'),
  BENCH_DB_HOST: z.string().default('127.0.0.1'),
  BENCH_DB_PORT: z.coerce.number().int().min(1).max(65_535).default(3306),
  BENCH_DB_ADMIN_USER: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/, 'must be a name')
    .default('root'),
  BENCH_JOB_TIMEOUT_S: z.coerce
    .number()
    .int()
    .min(1)
    .max(DAY_S)
    .default(4 * 60 * 60),
});

export interface Config {
  logLevel: string;
  host: string;
  port: number;
  token: string;
  dataDir: string;
  bench: { name: string; dir: string; sitesDir: string; command: string };
  database: { host: string; port: number; adminUser: string };
  jobTimeoutMs: number;
  /** What `bench` inherits: everything but our own settings. */
  childEnvironment: Record<string, string>;
}

export class ConfigError extends Error {}

/**
 * Reads the whole configuration or names every wrong variable at once. An empty variable counts as absent.
 * @param readFile reads the file named by BENCH_RUNNER_TOKEN_FILE
 */
export function loadConfig(env: NodeJS.ProcessEnv, readFile: (path: string) => string): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const problems: string[] = [];
  const tokenFile = given['BENCH_RUNNER_TOKEN_FILE'];
  if (tokenFile !== undefined) {
    try {
      given['BENCH_RUNNER_TOKEN'] = readFile(tokenFile).trim();
    } catch (error) {
      problems.push(`BENCH_RUNNER_TOKEN_FILE cannot be read: ${(error as Error).message}`);
    }
  }
  const parsed = Environment.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join('.')} ${issue.message}`);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems.join('\n'));
  return toConfig(parsed.data, given);
}

function toConfig(env: z.output<typeof Environment>, given: NodeJS.ProcessEnv): Config {
  const dir = path.resolve(env.BENCH_DIR);
  const isPath = env.BENCH_COMMAND.includes('/');
  return {
    logLevel: env.LOG_LEVEL,
    host: env.BENCH_RUNNER_HOST,
    port: env.BENCH_RUNNER_PORT,
    token: env.BENCH_RUNNER_TOKEN,
    dataDir: path.resolve(env.BENCH_RUNNER_DATA),
    bench: {
      name: env.BENCH_NAME,
      dir,
      sitesDir: path.join(dir, 'sites'),
      command: isPath ? path.resolve(env.BENCH_COMMAND) : env.BENCH_COMMAND,
    },
    database: { host: env.BENCH_DB_HOST, port: env.BENCH_DB_PORT, adminUser: env.BENCH_DB_ADMIN_USER },
    jobTimeoutMs: env.BENCH_JOB_TIMEOUT_S * 1000,
    childEnvironment: Object.fromEntries(
      Object.entries(given).filter((entry): entry is [string, string] => !entry[0].startsWith('BENCH_RUNNER_')),
    ),
  };
}
