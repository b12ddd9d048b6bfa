import { escapeHtml, facts, page } from '../kernel/page.ts';
import type { Checkout } from './model.ts';

const CARDS = { edahabia: 'EDAHABIA', cib: 'CIB', chargily_app: 'Chargily App' } as const;

/** The hosted page of one checkout. Everything it does is a plain form post, so a test needs no browser. */
export function payPage(checkout: Checkout): string {
  const amount = `${checkout.amount.toLocaleString('en')} DZD`;
  const details = facts([
    ['Description', checkout.description],
    ['Status', checkout.status],
    ['Reference', checkout.id],
  ]);
  const head = `<h1>Chargily Pay</h1><p class="amount">${escapeHtml(amount)}</p>${details}`;
  if (checkout.status !== 'pending') return page('Chargily Pay', `${head}<p>This checkout is ${checkout.status}.</p>`);
  const methods = Object.entries(CARDS).map(([value, label]) => {
    const selected = checkout.payment_method === value ? ' selected' : '';
    return `<option value="${value}"${selected}>${label}</option>`;
  });
  return page(
    'Chargily Pay',
    `${head}
<form method="post">
<label>Pay with <select name="payment_method">${methods.join('')}</select></label>
<button class="primary" name="outcome" value="paid">Pay</button>
<button name="outcome" value="declined">Decline the card</button>
<button name="outcome" value="canceled">Cancel</button>
</form>`,
  );
}
