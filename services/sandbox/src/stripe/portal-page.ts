import type Router from '@koa/router';
import { z } from 'zod';
import { escapeHtml, facts, page } from '../kernel/page.ts';
import type { Account } from './account.ts';
import { portalConfiguration } from './billing-portal.ts';
import { subscriptionBy } from './billing/lookups.ts';
import type { Subscription } from './billing/objects.ts';
import { alter, endSubscription, isOver } from './billing/standing.ts';
import { setCancelAt } from './billing/subscribe.ts';
import { nowSeconds } from './account.ts';
import { cardBy, DEFAULT_CARD } from './cards.ts';
import { missing } from './errors.ts';
import type { CallState } from './http.ts';
import { customerBy } from './lookups.ts';
import type { PortalSession } from './objects.ts';
import { cardChoice, go, refuse, show } from './page-parts.ts';
import { attach, createMethod } from './payment-methods.ts';
import { emit } from './webhooks.ts';

const Form = z.object({
  action: z.enum(['card', 'cancel', 'renew']).default('card'),
  card: z.string().optional(),
  subscription: z.string().optional(),
});

/** What a customer does in Stripe's portal: only what the session's configuration allows. */
export function portalPages(router: Router<CallState>, account: Account): void {
  router.get('/portal/:id', (call) => show(call, portalPage(account, portalBy(account, call.params['id']))));
  router.post('/portal/:id', (call) => {
    const session = portalBy(account, call.params['id']);
    const form = Form.safeParse(call.state.params);
    if (!form.success) return refuse(call, 'action must be card, cancel or renew');
    const { features } = portalConfiguration(account, session.configuration);
    const { action, subscription } = form.data;
    if (action === 'card') keepCard(account, session, form.data.card ?? DEFAULT_CARD.token);
    else if (!features.subscription_cancel.enabled) return refuse(call, 'This portal cannot cancel subscriptions.');
    else end(account, session, subscription, action === 'cancel' ? features.subscription_cancel.mode : null);
    go(call, session.return_url ?? session.url);
  });
}

function keepCard(account: Account, session: PortalSession, token: string): void {
  const customer = customerBy(account, session.customer);
  const row = attach(account, createMethod(account, cardBy(token) ?? DEFAULT_CARD, customer.email), customer.id);
  const before = structuredClone(customer);
  customer.invoice_settings.default_payment_method = row.method.id;
  emit(account, 'customer.updated', customer, before);
}

/** `mode` null takes a cancellation back. */
function end(
  account: Account,
  session: PortalSession,
  id: string | undefined,
  mode: 'immediately' | 'at_period_end' | null,
): void {
  const row = subscriptionBy(account, id, 'subscription');
  if (row.subscription.customer !== session.customer) throw missing('subscription', id ?? '', 'subscription');
  if (isOver(row.subscription)) return;
  if (mode === 'immediately') return endSubscription(account, row, 'cancellation_requested');
  alter(account, row, (one) => setCancelAt(one, { cancel_at_period_end: mode !== null }, nowSeconds(account)));
}

function portalBy(account: Account, id: string | undefined): PortalSession {
  const session = account.rows.portalSessions.find((row) => row.id === id);
  if (!session) throw missing('billing_portal.session', id ?? '');
  return session;
}

function portalPage(account: Account, session: PortalSession): string {
  const customer = customerBy(account, session.customer);
  const kept = account.rows.methods.filter(({ method }) => method.customer === customer.id);
  const cards = kept.map(({ method }) => {
    const isDefault = method.id === customer.invoice_settings.default_payment_method;
    return [`${method.card.brand} …${method.card.last4}`, isDefault ? 'default' : 'kept'] as const;
  });
  const { features } = portalConfiguration(account, session.configuration);
  const own = account.rows.subscriptions.map(({ subscription }) => subscription);
  const shown = features.subscription_cancel.enabled
    ? own.filter((one) => one.customer === customer.id && !isOver(one)).map(subscriptionForm)
    : [];
  const back = session.return_url ? `<p><a href="${escapeHtml(session.return_url)}">Return</a></p>` : '';
  return page(
    'Billing',
    `<h1>Payment methods of ${escapeHtml(customer.name ?? customer.email ?? customer.id)}</h1>${facts(cards)}
<form method="post">${cardChoice()}<button class="primary">Add as the default card</button></form>${shown.join('')}${back}`,
  );
}

function subscriptionForm(subscription: Subscription): string {
  const [action, verb] = subscription.cancel_at === null ? ['cancel', 'Cancel'] : ['renew', 'Keep'];
  return `<form method="post"><input type="hidden" name="subscription" value="${escapeHtml(subscription.id)}">
<button name="action" value="${action}">${verb} ${escapeHtml(subscription.description ?? subscription.id)}</button></form>`;
}
