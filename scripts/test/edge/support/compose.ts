import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../../../..');
export const DYNAMIC = join(ROOT, 'traefik/dynamic');

export type Settings = Record<string, string>;

interface TraefikService {
  command: string[];
  environment: Record<string, string>;
}

interface Compose {
  services: Record<string, unknown> & { traefik: TraefikService };
}

/** docker-compose.yml as written, anchors resolved, variables not. */
export function compose(): Compose {
  const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  return parse(text, { merge: true, maxAliasCount: -1 }) as Compose;
}

/** `${NAME}` and `${NAME:-default}`, nested, as Compose reads them: an empty value counts as none. */
export function interpolate(text: string, settings: Settings): string {
  const innermost = /\$\{(\w+)(?::-([^${}]*))?\}/;
  let result = text;
  for (let match = innermost.exec(result); match; match = innermost.exec(result)) {
    const value = settings[match[1] ?? ''];
    const filled = value !== undefined && value !== '' ? value : (match[2] ?? '');
    result = result.slice(0, match.index) + filled + result.slice(match.index + match[0].length);
  }
  return result;
}

/** The command and the environment that Compose would give Traefik for this `.env`. */
export function traefikService(settings: Settings): { flags: string[]; environment: Settings } {
  const { command, environment } = compose().services.traefik;
  const filled = Object.entries(environment).map(([name, value]) => [name, interpolate(value, settings)]);
  return {
    flags: command.map((flag) => interpolate(flag, settings)),
    environment: Object.fromEntries(filled) as Settings,
  };
}
