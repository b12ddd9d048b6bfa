import Router from '@koa/router';
import { z } from 'zod';
import { formatMinor } from '../kernel/money.ts';
import { escapeHtml, facts, page } from '../kernel/page.ts';
import type { Account, SessionRow } from './account.ts';
import { cardBy, DEFAULT_CARD } from './cards.ts';
import { declineSession, paySession, sessionBy } from './checkout-sessions.ts';
import type { CallState } from './http.ts';
import { invoicePages } from './invoice-page.ts';
import { cardChoice, go, refuse, show } from './page-parts.ts';
import { authenticate, intentBy } from './payment-intents.ts';
import { portalPages } from './portal-page.ts';

const PayForm = z.object({ outcome: z.enum(['paid', 'declined', 'canceled']), card: z.string().optional() });
const AnswerForm = z.object({ outcome: z.enum(['paid', 'declined']) });

/**
 * What customers see of Stripe. Every button is a plain form post, so a test needs no browser:
 * `POST /pay/:session` with outcome=paid|declined|canceled and perhaps card=pm_card_… answers 303.
 */
export function hostedPages(account: Account): Router<CallState> {
  const router = new Router<CallState>();
  router.get('/pay/:id', (call) =>
    show(call, payPage(sessionBy(account, call.params['id']), 'declined' in call.query)),
  );
  router.post('/pay/:id', (call) => {
    const row = sessionBy(account, call.params['id']);
    const form = PayForm.safeParse(call.state.params);
    if (!form.success) return refuse(call, 'outcome must be paid, declined or canceled');
    go(call, pay(account, row, form.data));
  });
  router.get('/authenticate/:id', (call) =>
    show(call, authenticationPage(intentBy(account, call.params['id']).amount)),
  );
  router.post('/authenticate/:id', (call) => {
    const intent = intentBy(account, call.params['id']);
    const form = AnswerForm.safeParse(call.state.params);
    if (!form.success) return refuse(call, 'outcome must be paid or declined');
    const target = z.object({ redirect_to_url: z.object({ return_url: z.string() }) }).safeParse(intent.next_action);
    authenticate(account, intent, form.data.outcome === 'paid');
    go(call, withQuery(target.success ? target.data.redirect_to_url.return_url : account.publicUrl(), intent));
  });
  invoicePages(router, account);
  portalPages(router, account);
  return router;
}

/** Where the browser goes next. A session that is over sends it where it would have gone. */
function pay(account: Account, row: SessionRow, { outcome, card }: z.output<typeof PayForm>): string {
  const { session } = row;
  const own = `${account.publicUrl()}/pay/${session.id}`;
  const success = session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id);
  if (session.status === 'complete') return success;
  if (session.status === 'expired') return own;
  if (outcome === 'canceled') return session.cancel_url?.replaceAll('{CHECKOUT_SESSION_ID}', session.id) ?? own;
  if (outcome === 'declined') declineSession(account, row);
  else if (paySession(account, row, cardBy(card ?? '') ?? DEFAULT_CARD)) return success;
  return `${own}?declined`;
}

function withQuery(url: string, intent: { id: string; status: string }): string {
  const target = new URL(url);
  target.searchParams.set('payment_intent', intent.id);
  target.searchParams.set('redirect_status', intent.status === 'succeeded' ? 'succeeded' : 'failed');
  return target.href;
}

const TITLES = { payment: 'Pay by card', setup: 'Save a card', subscription: 'Subscribe' } as const;
const VERBS = { payment: 'Pay', setup: 'Save', subscription: 'Subscribe' } as const;

function payPage({ session, lineItems }: SessionRow, isDeclined: boolean): string {
  const details = facts([
    ...lineItems.map((item) => [item.description, formatMinor(item.amount_total, item.currency)] as const),
    ['E-mail', session.customer_details?.email],
    ['Status', session.status],
  ]);
  const total = session.amount_total ?? 0;
  const amount = total === 0 ? '' : escapeHtml(formatMinor(total, session.currency ?? ''));
  const head = `<h1>${TITLES[session.mode]}</h1><p class="amount">${amount}</p>${details}`;
  if (session.status !== 'open') return page('Checkout', `${head}<p>This page is ${session.status}.</p>`);
  const alert = isDeclined ? '<div role="alert">The card was declined. Try another one.</div>' : '';
  const cancel = session.cancel_url ? '<button name="outcome" value="canceled">Cancel</button>' : '';
  return page(
    'Checkout',
    `${head}${alert}
<form method="post">
${cardChoice()}
<button class="primary" name="outcome" value="paid">${VERBS[session.mode]} ${amount}</button>
<button name="outcome" value="declined">Decline the card</button>
${cancel}
</form>`,
  );
}

const authenticationPage = (amountMinor: number): string =>
  page(
    '3-D Secure',
    `<h1>3-D Secure</h1><p>Your bank asks whether you want to pay (${amountMinor} minor units).</p>
<form method="post">
<button class="primary" name="outcome" value="paid">Complete authentication</button>
<button name="outcome" value="declined">Fail authentication</button>
</form>`,
  );
