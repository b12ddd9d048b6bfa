import { type Step, StepFailed } from '#core/operations/define.ts';
import { sites } from '../queries.ts';
import { type ProvisionInput, type Provisioning, giveUpWhenRefused, workplace } from './context.ts';

/** Pauses grow to twenty seconds: about an hour of patience with a site server that is away. */
export const PATIENT_ATTEMPTS = 180;

/** Nobody else's site may bear the name; one that is ours is taken as it is. */
export const reserve: Step<ProvisionInput, Provisioning> = {
  name: 'reserve',
  attempts: PATIENT_ATTEMPTS,
  run: async (ctx, operation) => {
    const { site, backend } = await workplace(ctx, operation);
    await sites(ctx.db, ctx.tenantId).move(site.id, 'provisioning');
    const facts = await giveUpWhenRefused(() => backend.inspect(site.host));
    if (!facts) return { done: true, output: `${site.host} is free.` };
    if (facts.siteId === site.id)
      return { done: true, result: { isAdopted: true }, output: `${site.host} is there already and is this site.` };
    throw new StepFailed(
      'sites.name_taken',
      `The site server already has a site ${site.host} that was not made for you. Choose another name.`,
    );
  },
};
