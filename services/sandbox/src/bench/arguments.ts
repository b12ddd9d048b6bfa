import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { BenchError } from './failure.ts';

export interface CommandLine {
  /** Value of the global `--site`. */
  site: string | undefined;
  command: string;
  rest: string[];
}

/** `bench [--site X] [--force] command …`: what stands before the command belongs to bench itself. */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  let site: string | undefined;
  let index = 0;
  for (; argv[index]?.startsWith('-'); index += 1) {
    const token = argv[index] ?? '';
    if (token === '--site') site = argv[(index += 1)];
    else if (token.startsWith('--site=')) site = token.slice('--site='.length);
    else if (token !== '--force' && token !== '--verbose') throw new BenchError(`Error: No such option: ${token}`);
  }
  const command = argv[index];
  if (command === undefined) throw new BenchError('Usage: bench [OPTIONS] COMMAND [ARGS]...');
  return { site, command, rest: argv.slice(index + 1) };
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

export const OPTIONS = {
  'new-site': {
    'mariadb-user-host-login-scope': text,
    'db-root-username': { type: 'string', default: 'root' },
    'db-root-password': text,
    'admin-password': text,
    'db-name': text,
    'install-app': { type: 'string', multiple: true, default: [] as string[] },
    force: flag,
  },
  'drop-site': {
    'db-root-username': { type: 'string', default: 'root' },
    'db-root-password': text,
    'archived-sites-path': text,
    'no-backup': flag,
    force: flag,
  },
  'install-app': { force: flag },
  'uninstall-app': { yes: flag, 'no-backup': flag, force: flag },
  'list-apps': { format: { type: 'string', short: 'f', default: 'text' } },
  migrate: { 'skip-failing': flag },
  backup: { 'with-files': flag, 'backup-path': text },
  'set-config': { parse: { type: 'boolean', short: 'p' } },
  'add-system-manager': {
    'first-name': text,
    'last-name': text,
    password: text,
    'send-welcome-email': flag,
  },
  browse: { user: text },
} as const satisfies Record<string, ParseArgsOptionsConfig>;

export function parseOptions<T extends ParseArgsOptionsConfig>(options: T, args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new BenchError(`Error: ${(error as Error).message}`);
  }
}
