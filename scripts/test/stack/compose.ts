import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../../..');

export interface Service {
  image?: string;
  build?: { context: string; dockerfile?: string };
  user?: string;
  restart?: string;
  read_only?: boolean;
  privileged?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  network_mode?: string;
  networks?: Record<string, unknown>;
  ports?: { published: string; target: number; host_ip?: string; protocol: string }[];
  environment?: Record<string, string | null>;
  secrets?: { source: string }[];
  volumes?: { type: string; source: string; target: string; read_only?: boolean }[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  logging?: { driver: string; options?: Record<string, string> };
  profiles?: string[];
  deploy?: { resources?: { limits?: { memory?: string; pids?: number } } };
}

export interface Stack {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

/** A folder with the compose files and the least that they ask for, so that `docker compose config` answers. */
function composeFolder(settings: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-compose-'));
  for (const file of ['docker-compose.yml', 'docker-compose.prod.yml', 'docker-compose.local.yml'])
    cpSync(join(ROOT, file), join(folder, file));
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets/acme-dns.env'), '');
  const all = { DOMAIN: 'example.com', OPERATOR_EMAIL: 'operator@example.com', ...settings };
  writeFileSync(
    join(folder, '.env'),
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return folder;
}

/** The files as Compose understands them: merged, interpolated, normalised. */
export function composeConfig(options: { files: string[]; profiles?: string[]; settings?: Record<string, string> }) {
  const folder = composeFolder(options.settings);
  const files = options.files.flatMap((file) => ['-f', file]);
  const profiles = (options.profiles ?? []).flatMap((profile) => ['--profile', profile]);
  try {
    const output = execFileSync('docker', ['compose', ...files, ...profiles, 'config', '--format', 'json'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 32 << 20,
    });
    return JSON.parse(output) as Stack;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface WrittenService {
  'x-exceptions'?: Record<string, string>;
}

/** What each service is spared of, with its reason; Compose leaves extension fields out of its answer. */
export function exceptions(): Record<string, Record<string, string>> {
  const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  const written = parse(text, { merge: true, maxAliasCount: -1 }) as { services: Record<string, WrittenService> };
  return Object.fromEntries(
    Object.entries(written.services).map(([name, service]) => [name, service['x-exceptions'] ?? {}]),
  );
}
