import type { Config } from '../config.ts';
import { runCommand } from './command.ts';
import { JOB_VARIABLE } from './orphans.ts';

const TIMEOUT_MS = 60_000;

/**
 * Runs `bench` for an answer that is waited for, beside the jobs and one at a time: each takes a Python process.
 * The promise rejects with what bench printed.
 */
export function createBenchQuery(config: Config, runnerId: string): (args: readonly string[]) => Promise<string> {
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (args: readonly string[]): Promise<string> => {
    const { returncode, output } = await runCommand(
      {
        command: config.bench.command,
        args,
        directory: config.bench.dir,
        environment: { ...config.childEnvironment, [JOB_VARIABLE]: `${runnerId}/query` },
      },
      AbortSignal.timeout(TIMEOUT_MS),
    );
    if (returncode !== 0) throw new Error(`bench ended with ${returncode}: ${output}`);
    return output;
  };
  return (args) => {
    const answer = last.then(() => ask(args));
    last = answer.catch(() => undefined);
    return answer;
  };
}
