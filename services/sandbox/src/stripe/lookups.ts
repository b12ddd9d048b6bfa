import type { Account } from './account.ts';
import { missing } from './errors.ts';
import type { Customer } from './objects.ts';

export type MethodRow = Account['rows']['methods'][number];

/** `param` names the parameter that carried the id; left out = the path. */
export function customerBy(account: Account, id: string | undefined, param?: string): Customer {
  const customer = account.rows.customers.find((row) => row.id === id);
  if (!customer) throw missing('customer', id ?? '', param ?? 'id', param ? 400 : 404);
  return customer;
}

export function methodBy(account: Account, id: string, status = 400): MethodRow {
  const row = account.rows.methods.find(({ method }) => method.id === id);
  if (!row) throw missing('PaymentMethod', id, 'payment_method', status);
  return row;
}
