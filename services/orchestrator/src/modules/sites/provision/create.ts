import type { TenantContext } from '#core/context.ts';
import type { Again, Step } from '#core/operations/define.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { urlOf } from '../address.ts';
import type { SiteSpec } from '../backend/backend.ts';
import {
  type Provision,
  type ProvisionInput,
  type Provisioning,
  type Workplace,
  giveUpWhenRefused,
  workplace,
} from './context.ts';
import { CREATE_DEADLINE_MS, follow } from './follow.ts';
import { PATIENT_ATTEMPTS } from './reserve.ts';
import { takeAway } from './take-away.ts';

const LOOK_AGAIN_MS = 5000;
const LOOKS = 2;

/** Asks for the site and waits until its database is there. */
export const create: Step<ProvisionInput, Provisioning> = {
  name: 'create',
  attempts: PATIENT_ATTEMPTS,
  run: async (ctx, operation) => {
    if (operation.result.isAdopted) return { done: true };
    const place = await workplace(ctx, operation);
    const waiting = await giveUpWhenRefused(() => submit(ctx, operation, place));
    return waiting ?? follow(operation, place, 'creation');
  },
  undo: async (ctx, operation) => takeAway(operation, await workplace(ctx, operation)),
};

/**
 * Rule 2 of contracts/frappe.md §7.4. Once the request may have been sent, it is sent again only after two looks, five
 * seconds apart, have found nobody who has heard of it.
 */
async function submit(
  ctx: TenantContext,
  operation: Provision,
  { site, backend, passwords }: Workplace,
): Promise<Again<Provisioning> | undefined> {
  const { remoteId, posts = 0, emptyLooks = 0 } = operation.result;
  if (remoteId !== undefined) return undefined;
  const op = operation.key();
  if (posts > 0) {
    const job = await backend.findByOperation(op);
    if (job) {
      await operation.save({ remoteId: job.remoteId });
      return undefined;
    }
    if (emptyLooks + 1 < LOOKS) return { again: LOOK_AGAIN_MS, result: { emptyLooks: emptyLooks + 1 } };
  }
  const spec = await specOf(ctx, { site, passwords });
  await operation.save({ createOp: op, posts: posts + 1, emptyLooks: 0 });
  const ref = await backend.createSite(op, spec);
  await operation.save({ remoteId: ref.remoteId });
  return undefined;
}

async function specOf(
  ctx: TenantContext,
  { site, passwords }: Pick<Workplace, 'site' | 'passwords'>,
): Promise<SiteSpec> {
  const [owner] = await ownersOf(ctx);
  const [firstName, ...lastNames] = (owner?.name ?? '').split(/\s+/).filter(Boolean);
  return {
    host: site.host,
    apps: JSON.parse(site.apps) as string[],
    adminPassword: passwords.administrator,
    config: { bastide_site_id: site.id, host_name: urlOf(ctx, site.host) },
    timeoutMs: CREATE_DEADLINE_MS,
    ...(owner && {
      firstUser: {
        email: owner.email,
        firstName: firstName ?? owner.email,
        lastName: lastNames.join(' '),
        password: passwords.firstUser,
      },
    }),
  };
}
