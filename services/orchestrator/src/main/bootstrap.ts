import { pino } from 'pino';
import { ConfigError } from '#core/config/load.ts';
import { counted, runSteps } from './setup/run-steps.ts';
import { readSteps } from './setup/steps.ts';

const USAGE = `bootstrap.ts plan    what Lago, the object store, Keycloak and the catalogue lack; changes nothing
bootstrap.ts apply   sets it right; run again, it changes what differs

Exit 0: all is as it should be. 2: something differs (plan). 1: something could not be done. 78: the configuration is wrong.
`;
const DIFFERS = 2;
const FAILED = 1;
/** Whoever asks what differs is sitting there; services that are starting are waited for by `apply`. */
const PLAN_TIMEOUT_MS = 10_000;

const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(mode: string | undefined): Promise<number> {
  if (mode !== 'plan' && mode !== 'apply') {
    process.stderr.write(USAGE);
    return 64;
  }
  // eslint-disable-next-line no-restricted-properties -- a process's own main file
  const { steps, timeoutMs } = readSteps(process.env);
  const log = pino({ level: 'warn' }, pino.destination(2));
  const patience = mode === 'plan' ? Math.min(timeoutMs, PLAN_TIMEOUT_MS) : timeoutMs;
  const { changes, failures } = await runSteps(steps, { mode, timeoutMs: patience, log, print });
  for (const { what, why, fix } of failures) process.stderr.write(`✖ WHAT  ${what}\n  WHY   ${why}\n  FIX   ${fix}\n`);
  print(counted(changes));
  if (failures.length > 0) return FAILED;
  return mode === 'plan' && changes > 0 ? DIFFERS : 0;
}

try {
  process.exitCode = await main(process.argv[2]);
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = error instanceof ConfigError ? 78 : FAILED;
}
