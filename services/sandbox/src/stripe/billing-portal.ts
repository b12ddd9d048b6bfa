import { z } from 'zod';
import { newId, nowSeconds, type Account } from './account.ts';
import { customerBy } from './lookups.ts';
import { ignored, read, webUrl, type StripeRouter } from './http.ts';
import type { PortalSession } from './objects.ts';

const PortalParams = z.strictObject({
  customer: z.string(),
  return_url: webUrl.optional(),
  configuration: z.string().optional(),
  locale: z.string().optional(),
  flow_data: ignored,
});

/** The portal lets a customer change the kept card, and nothing else: Lago owns the subscription. */
export function billingPortalRoutes(router: StripeRouter, account: Account): void {
  router.post('/billing_portal/sessions', (call) => {
    const params = read(call, PortalParams);
    const customer = customerBy(account, params.customer, 'customer');
    const id = newId('bps');
    const session: PortalSession = {
      id,
      object: 'billing_portal.session',
      created: nowSeconds(account),
      livemode: false,
      customer: customer.id,
      configuration: params.configuration ?? 'bpc_default',
      return_url: params.return_url ?? null,
      locale: params.locale ?? null,
      url: `${account.publicUrl()}/portal/${id}`,
    };
    account.rows.portalSessions.push(session);
    call.body = session;
  });
}
