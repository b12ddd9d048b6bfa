import { z } from 'zod';
import { defineJob } from '#core/jobs/define.ts';

/** A tenant exists from now on: free plans, the welcome mail. */
export const tenantCreated = defineJob({
  name: 'identity.tenant_created',
  schema: z.object({ tenantId: z.string() }),
  key: ({ tenantId }) => tenantId,
  attempts: 20,
});
