import { z } from 'zod';

const State = z.enum(['up', 'degraded', 'down']);
export type State = z.output<typeof State>;

export const COMPONENTS = ['api', 'database', 'queue', 'gateway', 'billing', 'sites', 'login'] as const;

/** For anybody: no address, no version, no reason. */
export const Status = z
  .object({
    status: State,
    components: z.array(z.object({ name: z.enum(COMPONENTS), state: State })),
    checkedAt: z.iso.datetime(),
  })
  .meta({ id: 'Status' });
export type Status = z.output<typeof Status>;
