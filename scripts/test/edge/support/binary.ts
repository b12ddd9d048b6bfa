import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './compose.ts';

const CANNOT_BE_HAD = 75;
const OUT = join(ROOT, '.bastide/traefik');

/** The real Traefik: `TRAEFIK_BINARY`, or built once into .bastide/traefik. Undefined where it cannot be had. */
export function traefikBinary(): string | undefined {
  const given = process.env['TRAEFIK_BINARY'];
  if (given !== undefined && existsSync(given)) return given;
  const { status, stderr } = spawnSync(join(ROOT, 'scripts/test/standins/traefik/build.sh'), [OUT], {
    encoding: 'utf8',
  });
  if (status === 0) return join(OUT, 'traefik');
  if (status === CANNOT_BE_HAD) return undefined;
  throw new Error(`Traefik could not be built: ${stderr}`);
}
