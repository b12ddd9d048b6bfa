import { StepFailed, type StepOutcome } from '#core/operations/define.ts';
import type { BackendJob, BackendStep } from '../backend/backend.ts';
import { type Provision, type Provisioning, type Workplace, giveUpWhenRefused, pollPauseMs } from './context.ts';

/** Of the work itself: a job that waits its turn behind others is not late. */
export const CREATE_DEADLINE_MS = 20 * 60_000;
const WAITING_DEADLINE_MS = 24 * 3600_000;

const CREATION = 'New Site';
/** Shares of the second part of the job, in percent. */
const SHARES: Record<string, number> = {
  'Install Apps': 75,
  'Update Site Configuration': 5,
  'Enable Scheduler': 5,
  'Create User': 5,
  'Bench Setup NGINX': 5,
  'Reload NGINX': 5,
};

type Part = 'creation' | 'rest';

/** One look at the job that makes the site: its `creation` is the first step, the `rest` is the job's end. */
export async function follow(operation: Provision, place: Workplace, part: Part): Promise<StepOutcome<Provisioning>> {
  const job = await giveUpWhenRefused(() => look(operation, place));
  if (!job) return decide(operation, place, 'The site server has lost the job.');
  const output = outputOf(job, part);
  if (job.status === 'failed') throw failed(job);
  if (job.status === 'succeeded' || (part === 'creation' && isCreated(job))) return { done: true, output };
  if (isLate(operation, job)) return decide(operation, place, 'The site server takes too long.');
  return {
    again: pollPauseMs(operation.startedAt),
    progress: progressOf(job, part, place),
    output: output || (job.status === 'pending' ? 'Waiting for its turn on the bench.' : ''),
    ...(job.status === 'running' &&
      operation.result.runningSince === undefined && { result: { runningSince: new Date().toISOString() } }),
  };
}

async function look(operation: Provision, { backend }: Workplace): Promise<BackendJob | undefined> {
  const { remoteId, createOp } = operation.result;
  const known = remoteId === undefined ? undefined : await backend.job({ remoteId });
  return known ?? (createOp === undefined ? undefined : backend.findByOperation(createOp));
}

/** No job tells how it went: the site itself does. What is there, is ours and has its apps is taken as finished. */
async function decide(
  operation: Provision,
  { backend, site }: Workplace,
  reason: string,
): Promise<StepOutcome<Provisioning>> {
  const facts = await backend.inspect(site.host);
  if (facts?.siteId === site.id) {
    const installed = new Set(await backend.listApps(site.host));
    const wanted = JSON.parse(site.apps) as string[];
    if (wanted.every((app) => installed.has(app)))
      return { done: true, output: `${reason} The site is there with all of its apps.` };
  }
  throw new StepFailed('sites.create_lost', `${reason} What it has made is taken away.`);
}

function failed(job: BackendJob): StepFailed {
  const reason = job.failure ?? 'it said no more';
  if (isNameTaken(job)) return new StepFailed('sites.name_taken', `The name is taken at the site server: ${reason}`);
  if (/not in apps\.txt|No module named|No such app/i.test(reason))
    return new StepFailed('sites.app_unavailable', `An app is not on this bench: ${reason}`);
  return new StepFailed('sites.create_failed', `The site could not be made. ${reason}`);
}

/** Somebody's site came between our look and our request: it must not be taken away. */
export const isNameTaken = (job: BackendJob): boolean =>
  job.status === 'failed' && /\bsite\b.*already exists/i.test(job.failure ?? '');

const isCreated = (job: BackendJob) => job.steps.some((step) => step.name === CREATION && step.status === 'succeeded');

function isLate({ result, startedAt }: Provision, job: BackendJob): boolean {
  const now = Date.now();
  if (job.status === 'pending') return now - startedAt.getTime() > WAITING_DEADLINE_MS;
  return result.runningSince !== undefined && now - Date.parse(result.runningSince) > CREATE_DEADLINE_MS;
}

const isOf = (part: Part) => (step: BackendStep) => (step.name === CREATION) === (part === 'creation');

function outputOf(job: BackendJob, part: Part): string {
  const steps = job.steps.filter(isOf(part));
  if (part === 'creation') return steps.map((step) => step.output).join('\n');
  return steps.map((step) => `» ${step.name}${step.output === '' ? '' : `\n${step.output}`}`).join('\n');
}

function progressOf(job: BackendJob, part: Part, { site }: Workplace): number {
  const steps = job.steps.filter(isOf(part));
  if (part === 'creation') return Math.min(steps[0]?.percent ?? 0, 99);
  const appCount = Math.max(1, (JSON.parse(site.apps) as string[]).length);
  const shareOf = (step: BackendStep) => {
    if (step.status === 'succeeded') return 1;
    if (step.name !== 'Install Apps') return 0;
    const running = step.commandsEnded < appCount ? step.percent / 100 : 0;
    return Math.min(1, (step.commandsEnded + running) / appCount);
  };
  const percent = steps.reduce((sum, step) => sum + (SHARES[step.name] ?? 0) * shareOf(step), 0);
  return Math.min(Math.floor(percent), 99);
}
