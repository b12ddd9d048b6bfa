import type Router from '@koa/router';
import { z } from 'zod';
import { formatMinor } from '../kernel/money.ts';
import { escapeHtml, facts, page } from '../kernel/page.ts';
import type { Account } from './account.ts';
import { attempt } from './billing/collect.ts';
import { invoiceBy } from './billing/lookups.ts';
import type { Invoice } from './billing/invoice-objects.ts';
import { cardBy, DEFAULT_CARD } from './cards.ts';
import { isAccepted } from './checkout-modes.ts';
import type { CallState } from './http.ts';
import { cardChoice, go, refuse, show } from './page-parts.ts';
import { createMethod } from './payment-methods.ts';

const Form = z.object({ outcome: z.enum(['paid', 'declined']), card: z.string().optional() });

/** `hosted_invoice_url`: where a customer pays an invoice that their card was refused for. */
export function invoicePages(router: Router<CallState>, account: Account): void {
  router.get('/invoice/:id', (call) =>
    show(call, invoicePage(invoiceBy(account, call.params['id']), 'declined' in call.query)),
  );
  router.post('/invoice/:id', (call) => {
    const invoice = invoiceBy(account, call.params['id']);
    const form = Form.safeParse(call.state.params);
    if (!form.success) return refuse(call, 'outcome must be paid or declined');
    const own = `${account.publicUrl()}/invoice/${invoice.id}`;
    const card = form.data.outcome === 'declined' ? 'pm_card_chargeDeclined' : (form.data.card ?? '');
    go(call, payByCard(account, invoice, card) ? own : `${own}?declined`);
  });
  router.get('/invoice/:id/pdf', (call) => {
    invoiceBy(account, call.params['id']);
    call.type = 'application/pdf';
    call.body =
      '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n%%EOF\n';
  });
}

/** The owner is there: a 3-D Secure question is answered. An invoice that is not open any more is left as it is. */
export function payByCard(account: Account, invoice: Invoice, card: string): boolean {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') return true;
  const method = createMethod(account, cardBy(card) ?? DEFAULT_CARD, invoice.customer_email);
  return isAccepted(() => attempt(account, invoice, { method, isAuthenticated: true }));
}

function invoicePage(invoice: Invoice, isDeclined: boolean): string {
  const amount = escapeHtml(formatMinor(invoice.amount_due, invoice.currency));
  const details = facts([
    ...invoice.lines.data.map((line) => [line.description ?? '', formatMinor(line.amount, line.currency)] as const),
    ['Number', invoice.number],
    ['Status', invoice.status],
  ]);
  const head = `<h1>Invoice</h1><p class="amount">${amount}</p>${details}`;
  if (invoice.status !== 'open') return page('Invoice', `${head}<p>This invoice is ${invoice.status}.</p>`);
  const alert = isDeclined ? '<div role="alert">The card was declined. Try another one.</div>' : '';
  return page(
    'Invoice',
    `${head}${alert}
<form method="post">
${cardChoice()}
<button class="primary" name="outcome" value="paid">Pay ${amount}</button>
<button name="outcome" value="declined">Decline the card</button>
</form>`,
  );
}
