import type { Logger } from 'pino';
import { SetupFailure } from './failure.ts';
import type { Change } from './types.ts';
import { reasonOf, waitFor } from './wait.ts';

/** A step with its settings, and what must answer before it. */
export interface ReadyStep {
  name: string;
  /** As compose calls it. */
  service: string;
  url: string;
  /** Left out when that one failed. */
  after?: string;
  plan: (log: Logger) => Promise<Change[]>;
  apply: (log: Logger) => Promise<Change[]>;
}

interface Run {
  mode: 'plan' | 'apply';
  timeoutMs: number;
  log: Logger;
  print: (line: string) => void;
}

export interface Outcome {
  changes: number;
  failures: SetupFailure[];
}

/** One after the other. A step that fails does not keep the others from being done: whoever mends it mends one thing. */
export async function runSteps(steps: readonly ReadyStep[], { mode, timeoutMs, log, print }: Run): Promise<Outcome> {
  const failed = new Map<string, SetupFailure>();
  let changes = 0;
  for (const step of steps) {
    if (step.after !== undefined && failed.has(step.after)) {
      print(`- ${step.name}: left out, because ${step.after} failed`);
      continue;
    }
    try {
      const tell = (line: string) => print(`… ${step.name}: ${line}`);
      await waitFor(step.service, step.url, { timeoutMs, tell });
      const found = await step[mode](log);
      print(`✔ ${step.name}: ${counted(found.length)}`);
      for (const { what } of found) print(`    ${what}`);
      changes += found.length;
    } catch (error) {
      print(`✖ ${step.name} failed`);
      failed.set(step.name, asFailure(step, error));
    }
  }
  return { changes, failures: [...failed.values()] };
}

export const counted = (changes: number): string => `${changes} change${changes === 1 ? '' : 's'}`;

function asFailure({ name, service }: ReadyStep, error: unknown): SetupFailure {
  if (error instanceof SetupFailure) return error;
  return new SetupFailure(
    {
      what: `The step ${name} could not be finished`,
      why: reasonOf(error),
      fix: `look at "docker compose logs ${service}" and start again: docker compose up -d`,
    },
    { cause: error },
  );
}
