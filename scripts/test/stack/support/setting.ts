import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What scripts/test.sh --stack decided for this run. */
function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run scripts/test.sh --stack`);
  return value;
}

export const project = given('STACK_PROJECT');
export const runFolder = given('STACK_RUN');
export const domain = given('STACK_DOMAIN');
export const httpPort = Number(given('STACK_HTTP_PORT'));
export const httpsPort = Number(given('STACK_HTTPS_PORT'));
/** The fresh clone that the installation is made in. */
export const folder = join(runFolder, 'bastide');
export const isInstalled = () => existsSync(join(folder, '.env'));

export const urlOf = (host: string) => `https://${host === '' ? '' : `${host}.`}${domain}:${httpsPort}`;

/** Why the real program is not here, or undefined when it is. */
export function missing(name: 'keycloak' | 'traefik' | 'objectstore'): string | undefined {
  const line = given('STACK_MISSING')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}
