import { duration, paddedDuration } from '../time.ts';
import type { Json } from '../redact.ts';
import type { CommandRow, JobRow, JobStore } from './store.ts';

type Presented = Record<string, Json>;

/** The wire's record of one command; the last three are there once it has ended. */
export type Execution = {
  command: string;
  directory: string;
  start: string;
  status: string;
  output: string;
  end?: string;
  duration?: string;
  returncode?: number | null;
};

/** One command as the wire shows it; while it runs, `output` is what it printed so far. */
export function presentCommand(row: CommandRow): Execution {
  const shown = {
    command: row.command,
    directory: row.directory,
    start: row.started_at,
    status: row.status,
    output: row.output,
  };
  if (row.ended_at === null) return shown;
  return {
    ...shown,
    end: row.ended_at,
    duration: duration(row.started_at, row.ended_at),
    returncode: row.returncode,
  };
}

const span = (start: string | null, end: string | null) => ({
  start,
  end,
  duration: start !== null && end !== null ? paddedDuration(start, end) : null,
});

export function presentJob(store: JobStore, row: JobRow): Presented {
  const commands = store.commands(row.id);
  return {
    id: row.id,
    name: row.kind,
    status: row.status,
    agent_job_id: row.agent_job_id,
    enqueue: row.enqueued_at,
    ...span(row.started_at, row.ended_at),
    data: JSON.parse(row.data) as Json,
    commands: commands.filter((command) => command.step_id === null).map(presentCommand),
    steps: store.steps(row.id).map((step) => ({
      id: step.id,
      name: step.name,
      status: step.status,
      ...span(step.started_at, step.ended_at),
      data: JSON.parse(step.data) as Json,
      commands: commands.filter((command) => command.step_id === step.id).map(presentCommand),
    })),
  };
}

export const summarizeJob = (row: JobRow): Presented => ({
  id: row.id,
  name: row.kind,
  status: row.status,
  agent_job_id: row.agent_job_id,
  start: row.started_at,
  end: row.ended_at,
});

/** The list by status fills in nothing but id and name. */
export const nameJob = (row: JobRow): Presented => ({
  id: row.id,
  name: row.kind,
  status: null,
  agent_job_id: null,
  start: null,
  end: null,
});
