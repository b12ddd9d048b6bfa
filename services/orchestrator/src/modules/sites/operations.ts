import { z } from 'zod';
import type { TenantContext } from '#core/context.ts';
import { anyOperation, defineOperation } from '#core/operations/define.ts';
import { record } from '#modules/audit/service.ts';
import { SiteBusy } from './errors.ts';
import type { ProvisionFacts, Provisioning } from './provision/context.ts';
import { create } from './provision/create.ts';
import { install } from './provision/install.ts';
import { welcome } from './provision/ready.ts';
import { reserve } from './provision/reserve.ts';
import { verify } from './provision/verify.ts';
import { sites } from './queries.ts';

const ROUNDS = 3;
/** Trouble of the bench, not of the request: the same again may well work. */
const WORTH_ANOTHER_ROUND = new Set(['sites.create_failed', 'sites.create_lost']);

/** From a row to a site that answers. What fails is taken away before it is tried again. */
export const provisionSite = defineOperation<Provisioning>()({
  kind: 'sites.provision',
  input: z.object({ siteId: z.string() }),
  steps: [reserve, create, install, verify],
  onSucceeded: welcome,
  onFailed: async (ctx, operation) => {
    await sites(ctx.db, ctx.tenantId).move(operation.input.siteId, 'failed');
    await sites(ctx.db, ctx.tenantId).release(operation.input.siteId, operation.id);
    await record(ctx, { action: 'site.provision_failed', subject: operation.input.siteId });
  },
  onRetried: restart,
  startsOver: ({ code, round }) =>
    WORTH_ANOTHER_ROUND.has(code) && round % ROUNDS !== 0 ? 5000 * (round % ROUNDS) : undefined,
});

async function restart(ctx: TenantContext, { id, input }: ProvisionFacts): Promise<void> {
  const own = sites(ctx.db, ctx.tenantId);
  if (!(await own.occupy(input.siteId, id))) throw SiteBusy({ siteId: input.siteId });
  await own.move(input.siteId, 'provisioning');
  await record(ctx, { action: 'site.retry', subject: input.siteId });
}

export const siteOperations = [anyOperation(provisionSite)];
