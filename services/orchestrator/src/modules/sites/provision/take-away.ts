import type { Again } from '#core/operations/define.ts';
import { BackendUnavailable } from '../backend/errors.ts';
import { type Provision, type Provisioning, type Workplace, pollPauseMs } from './context.ts';
import { isNameTaken } from './follow.ts';

const CANCEL_LOOKS = 15;

type Waiting = Again<Provisioning>;

/**
 * Leaves nothing of this round at the backend (rule 4 of contracts/frappe.md §7.4): the job is ended, the site archived
 * by force, until it is gone. What is not ours, or was there before, stays.
 */
export async function takeAway(operation: Provision, place: Workplace): Promise<Waiting | undefined> {
  const { posts = 0, isAdopted, createOp } = operation.result;
  if (posts === 0 || isAdopted || createOp === undefined) return undefined;
  const job = await place.backend.findByOperation(createOp);
  if (job && isNameTaken(job)) return undefined;
  if (job && (job.status === 'pending' || job.status === 'running')) {
    const { cancels = 0 } = operation.result;
    if (cancels === 0) await place.backend.cancel(job);
    // A command that outlives its job would go on building what we drop: give it time, but not for ever.
    if (cancels < CANCEL_LOOKS) return { again: 2000, result: { cancels: cancels + 1 } };
  }
  return archive(operation, place);
}

async function archive(operation: Provision, { backend, site }: Workplace): Promise<Waiting | undefined> {
  const { archives = 0, archiveId = null } = operation.result;
  if (archiveId === null) {
    const facts = await backend.inspect(site.host);
    if (facts && facts.siteId !== null && facts.siteId !== site.id) return undefined;
    return submitArchive(operation, { backend, site }, Math.max(1, archives));
  }
  const job = await backend.job({ remoteId: archiveId });
  if (job?.status === 'pending' || job?.status === 'running')
    return { again: pollPauseMs(operation.startedAt), output: 'Taking away what was made.' };
  const isGone = job?.status === 'succeeded' && (await backend.inspect(site.host)) === undefined;
  if (isGone) return undefined;
  // A new UUID: under the old one the answer would be the job that did not do it.
  await operation.save({ archives: archives + 1, archiveId: null });
  throw BackendUnavailable({ reason: `${site.host} could not be taken away: ${job?.failure ?? 'the job was lost'}` });
}

async function submitArchive(
  operation: Provision,
  { backend, site }: Pick<Workplace, 'backend' | 'site'>,
  archives: number,
): Promise<Waiting> {
  await operation.save({ archives });
  // Archiving is repeatable: a lost answer needs no second look, the same UUID finds the job or makes it.
  const op = operation.key(`archive-${archives}`);
  const ref = (await backend.findByOperation(op)) ?? (await backend.archiveSite(op, site.host, { force: true }));
  return { again: 500, result: { archiveId: ref.remoteId } };
}
