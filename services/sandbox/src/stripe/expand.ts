import type { Account } from './account.ts';
import { invalidRequest } from './errors.ts';

type Json = Record<string, unknown>;

/** A copy of the answer with the ids at the given paths replaced by their objects (`customer`, `data.payment_intent`). */
export function expand(account: Account, answer: unknown, paths: readonly string[]): unknown {
  if (paths.length === 0) return answer;
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
    return;
  }
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

function objectBy(account: Account, id: string): unknown {
  const { customers, methods, intents, charges, sessions } = account.rows;
  const all = [
    ...customers,
    ...intents,
    ...charges,
    ...methods.map(({ method }) => method),
    ...sessions.map(({ session }) => session),
  ];
  return all.find((object) => object.id === id);
}
