import type { Account } from './account.ts';
import { intentOf } from './billing/invoices.ts';
import { listed } from './billing/lookups.ts';
import { invalidRequest } from './errors.ts';

type Json = Record<string, unknown>;

const MAX_DEPTH = 4;

const tooDeep = (path: string) =>
  invalidRequest(`You cannot expand more than ${MAX_DEPTH} levels of a property. Property: ${path}`, {
    code: 'property_expansion_max_depth',
  });

/** A copy of the answer with the ids at the given paths replaced by their objects (`customer`, `data.payment_intent`). */
export function expand(account: Account, answer: unknown, paths: readonly string[]): unknown {
  if (paths.length === 0) return answer;
  for (const path of paths) if (path.split('.').length > MAX_DEPTH) throw tooDeep(path);
  const copy = structuredClone(answer);
  for (const path of paths) expandPath(account, copy, path.split('.'), path);
  return copy;
}

function expandPath(account: Account, node: unknown, [head = '', ...rest]: string[], path: string): void {
  if (Array.isArray(node)) {
    for (const item of node) expandPath(account, item, [head, ...rest], path);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const object = node as Json;
  if (object['object'] === 'checkout.session' && head === 'line_items') {
    object[head] = lineItemsOf(account, String(object['id']));
    if (rest.length > 0) expandPath(account, object[head], rest, path);
    return;
  }
  includeOnRequest(account, object, head);
  if (!(head in object)) {
    const message = `This property cannot be expanded (${path}).`;
    throw invalidRequest(message, { code: 'property_cannot_be_expanded' });
  }
  const value = object[head];
  if (typeof value === 'string') object[head] = structuredClone(objectBy(account, value)) ?? value;
  if (rest.length > 0) expandPath(account, object[head], rest, path);
}

export function lineItemsOf(account: Account, sessionId: string) {
  const row = account.rows.sessions.find(({ session }) => session.id === sessionId);
  const url = `/v1/checkout/sessions/${sessionId}/line_items`;
  return { object: 'list', url, has_more: false, data: structuredClone(row?.lineItems ?? []) };
}

/** Fields that are there only when they are asked for. */
function includeOnRequest(account: Account, object: Json, field: string): void {
  const id = String(object['id']);
  if (object['object'] === 'invoice' && field === 'payments') {
    const rows = account.rows.invoicePayments.filter(({ invoice }) => invoice === id);
    object[field] = structuredClone(listed(`/v1/invoice_payments?invoice=${id}`, rows));
  }
  if (object['object'] === 'invoice' && field === 'confirmation_secret') {
    const invoice = account.rows.invoices.find((row) => row.id === id);
    const intent = invoice && intentOf(account, invoice);
    object[field] = intent ? { client_secret: intent.client_secret, type: 'payment_intent' } : null;
  }
  if (object['object'] === 'charge' && field === 'refunds') {
    const rows = account.rows.refunds.filter(({ charge }) => charge === id);
    object[field] = structuredClone(listed(`/v1/refunds?charge=${id}`, rows));
  }
}

function objectBy(account: Account, id: string): unknown {
  const { rows } = account;
  const all = [
    ...rows.customers,
    ...rows.intents,
    ...rows.charges,
    ...rows.methods.map(({ method }) => method),
    ...rows.sessions.map(({ session }) => session),
    ...rows.setupIntents,
    ...rows.products,
    ...rows.prices,
    ...rows.subscriptions.map(({ subscription }) => subscription),
    ...rows.invoices,
    ...rows.schedules,
    ...rows.refunds,
    ...rows.disputes,
  ];
  return all.find((object) => object.id === id);
}
