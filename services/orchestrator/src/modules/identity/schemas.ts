import { z } from 'zod';
import { defineEvent } from '#core/jobs/define.ts';

/** A tenant exists from now on: free plans, the welcome mail. */
export const tenantCreated = defineEvent({
  name: 'identity.tenant_created',
  schema: z.object({ tenantId: z.string() }),
  key: ({ tenantId }) => tenantId,
  attempts: 20,
});
