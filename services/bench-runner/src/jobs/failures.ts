import type { Execution } from './present.ts';
import type { Json } from '../redact.ts';

export type FailureData = { traceback: string; [key: string]: Json };

/** A command that ended badly; carries its record as the wire shows it. */
export class CommandFailed extends Error {
  readonly data: FailureData;

  constructor(execution: Execution) {
    super(`${execution.command} ended with ${execution.returncode ?? 'nothing'}`);
    this.data = { ...execution, traceback: `${this.message}\n${execution.output}` };
  }
}

/** The reason a running job was told to stop. */
export class JobStopped extends Error {}

/** The wire's `data` of what failed: a command's record, or a traceback. */
export function failureData(error: unknown): FailureData {
  if (error instanceof CommandFailed) return error.data;
  if (error instanceof JobStopped) return { traceback: error.message };
  return { traceback: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}
