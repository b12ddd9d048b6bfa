import type { BackendJob, BackendStep } from '../backend.ts';
import { AgentError, type AgentJob, printedBy } from './wire.ts';

type AgentStep = NonNullable<AgentJob['steps']>[number];

const JOB_STATUS: Record<string, BackendJob['status']> = {
  Running: 'running',
  Success: 'succeeded',
  Failure: 'failed',
  'Delivery Failure': 'failed',
};
const STEP_STATUS: Record<string, BackendStep['status']> = { Success: 'succeeded', Failure: 'failed' };

/** @param redact is applied to every text that leaves here */
export function presentJob(job: AgentJob, redact: (text: string) => string): BackendJob {
  const status = JOB_STATUS[job.status] ?? 'pending';
  return {
    remoteId: job.id,
    kind: job.name,
    status,
    steps: (job.steps ?? []).map((step) => ({
      name: step.name,
      status: STEP_STATUS[step.status] ?? 'running',
      percent: percentOf(step),
      commandsEnded: step.commands?.filter((command) => command.status !== 'Running').length ?? 0,
      output: redact(outputOf(step)),
    })),
    failure: status === 'failed' ? redact(failureOf(job)) : null,
  };
}

/** What the commands printed; the real agent keeps the output of the command that is the step itself in `data`. */
function outputOf(step: AgentStep): string {
  const printed = (step.commands ?? []).map((command) => command.output ?? '').filter((text) => text.trim() !== '');
  return (printed.length > 0 ? printed : [printedBy(step.data)]).map(asLines).filter(Boolean).join('\n');
}

/** A progress bar draws over its own line: what it showed last is what a terminal would show. */
const asLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.split('\r').filter(Boolean).at(-1)?.trimEnd() ?? '')
    .filter(Boolean)
    .join('\n');

function percentOf(step: AgentStep): number {
  if (step.status === 'Success') return 100;
  const shown = [...(step.commands?.at(-1)?.output ?? '').matchAll(/(\d{1,3})%/g)].at(-1)?.[1];
  return Math.min(Number(shown ?? 0), 99);
}

function failureOf(job: AgentJob): string {
  const failedStep = job.steps?.findLast((step) => step.status === 'Failure');
  const text = [job.data, failedStep?.data]
    .map((data) => AgentError.safeParse(data).data)
    .flatMap((data) => [data?.output, data?.traceback])
    .concat(failedStep?.commands?.at(-1)?.output)
    .find((candidate) => candidate?.trim());
  const lastLine = asLines(text ?? '')
    .split('\n')
    .at(-1);
  return [failedStep?.name, lastLine?.slice(0, 500) || 'it said no more'].filter(Boolean).join(': ');
}
