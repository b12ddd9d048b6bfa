import { authenticate, presentedKey } from '../authenticate.ts';
import type { Call } from '../call.ts';
import type { ServingParts } from '../parts.ts';
import { sendJson } from '../respond.ts';
import { usageForKey } from '../../usage/report/key-usage.ts';

/** What the key and its tenant have used in the operator's day and month, and what they may. */
export async function showUsage(parts: ServingParts, call: Call): Promise<void> {
  const principal = await authenticate(parts, call, presentedKey(call), 'usage');
  const { key, tenant, ...calendar } = await usageForKey(parts.ctx, principal);
  const { limits } = principal;
  sendJson(call.response, call.headers, {
    object: 'usage',
    tier: limits.tier,
    ...calendar,
    key: { ...key, limits: limits.key },
    tenant: { ...tenant, limits: limits.tenant },
  });
}
