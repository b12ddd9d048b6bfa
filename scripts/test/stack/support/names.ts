/**
 * Importing it makes this process see the stack as its users do: the public names lead to the published port of the edge,
 * the name of a service to its container, and the installation's own certificate authority is trusted.
 */
import { execFileSync } from 'node:child_process';
import dns from 'node:dns';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';

const { STACK_PROJECT: project = '', STACK_DOMAIN: domain = '', STACK_RUN: runFolder = '' } = process.env;
const SERVICES = new Set(['outside', 'lago-api', 'prometheus', 'alertmanager', 'loki']);

export function trustLocalAuthority(): void {
  const file = join(runFolder, 'bastide/secrets/tls/ca.crt');
  if (!existsSync(file)) return;
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(file, 'utf8')]);
}

/** Asked each time: a container that was killed may come back under another address. */
function addressOf(name: string): string | undefined {
  if (name === domain || name.endsWith(`.${domain}`)) return '127.0.0.1';
  if (!SERVICES.has(name)) return undefined;
  const filters = [`label=com.docker.compose.project=${project}`, `label=com.docker.compose.service=${name}`];
  const id = execFileSync('docker', ['ps', '-q', ...filters.flatMap((one) => ['--filter', one])], {
    encoding: 'utf8',
  }).trim();
  if (id === '') return undefined;
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
  return execFileSync('docker', ['inspect', '--format', format, id], { encoding: 'utf8' }).trim().split(' ')[0];
}

type Callback = (error: NodeJS.ErrnoException | null, address?: unknown, family?: number) => void;
const lookup = dns.lookup.bind(dns) as (name: string, options: object, callback: Callback) => void;

(dns as { lookup: unknown }).lookup = (name: string, options: object | Callback, callback?: Callback): void => {
  const answer = callback ?? (options as Callback);
  const wanted = typeof options === 'function' ? {} : (options as { all?: boolean });
  const address = addressOf(name);
  if (address === undefined) lookup(name, wanted, answer);
  else if (wanted.all) process.nextTick(answer, null, [{ address, family: 4 }]);
  else process.nextTick(answer, null, address, 4);
};

trustLocalAuthority();
