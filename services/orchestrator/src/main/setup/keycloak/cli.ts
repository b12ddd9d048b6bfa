import { pino } from 'pino';
import { ConfigError, loadVariables } from '#core/config/load.ts';
import { render } from './render/render.ts';
import { keycloakVariables } from './settings.ts';
import { keycloakStep } from './step.ts';

const USAGE = `cli.ts render   prints the realm that the configuration asks for, without its secrets
cli.ts plan     what differs in Keycloak; changes nothing
cli.ts apply    sets it right

Exit 0: done, or nothing differs. 2: something differs (plan). 1: it could not be done. 78: the configuration is wrong.
`;
const DIFFERS = 2;
const SECRETS = new Set(['secret', 'smtpPassword', 'password']);

const print = (line: string) => process.stdout.write(`${line}\n`);
const hidden = (key: string, value: unknown) => (SECRETS.has(key) && typeof value === 'string' ? '(hidden)' : value);

async function main(command: string | undefined): Promise<number> {
  if (command !== 'render' && command !== 'plan' && command !== 'apply') {
    process.stderr.write(USAGE);
    return 64;
  }
  const settings = loadVariables(keycloakVariables);
  if (command === 'render') {
    print(JSON.stringify(render(settings), hidden, 2));
    return 0;
  }
  const changes = await keycloakStep[command](settings, pino({ level: 'warn' }, pino.destination(2)));
  for (const { what } of changes) print(what);
  print(`${changes.length} changes`);
  return command === 'plan' && changes.length > 0 ? DIFFERS : 0;
}

try {
  process.exitCode = await main(process.argv[2]);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
