import type { Invoice } from '#modules/billing/invoices/schemas.ts';
import type { ChangePreview } from '#modules/billing/subscriptions/changes/schemas.ts';
import type { Subscription } from '#modules/billing/subscriptions/schemas.ts';
import { type BillingOwner, type BillingWorld, onPaymentPage } from './billing-world.ts';
import { eventually } from './stack.ts';

export const STARTER = 'starter-m-eur-v1';
export const BUSINESS = 'business-m-eur-v1';
const HOUR_MS = 3_600_000;

export interface LagoState {
  subscriptions: { external_id: string; plan_code: string; status: string }[];
  invoices: {
    lago_id: string;
    status: string;
    payment_status: string;
    total_amount_cents: number;
    customer: { external_id: string };
  }[];
}

export const lagoOf = (world: BillingWorld) => world.sandbox.standIns['lago']?.state() as LagoState;

export const activeAtLago = (world: BillingWorld, subscriptionId: string): string[] =>
  lagoOf(world)
    .subscriptions.filter(({ external_id, status }) => external_id === subscriptionId && status === 'active')
    .map(({ plan_code }) => plan_code);

/** A plan that is paid. */
export async function buy(owner: BillingOwner, priceCode: string): Promise<Subscription> {
  const { id } = await owner.subscribe(priceCode);
  const invoice = await owner.invoiceOf(id);
  await pay(owner, invoice.id);
  return read(owner, id);
}

export async function pay(owner: BillingOwner, invoiceId: string): Promise<Invoice> {
  await onPaymentPage((await owner.checkout(invoiceId)).url, 'paid');
  return owner.paid(invoiceId);
}

export const read = (owner: BillingOwner, id: string) => owner.get<Subscription>(`/v1/subscriptions/${id}`);
export const preview = (owner: BillingOwner, id: string, priceCode: string) =>
  owner.get<ChangePreview>(`/v1/subscriptions/${id}/preview?priceCode=${priceCode}`);

/** Asks for it, and waits until its invoice is there. */
export async function upgrade(owner: BillingOwner, id: string, priceCode = BUSINESS): Promise<Invoice> {
  const { status, body } = await owner.post(`/v1/subscriptions/${id}/change`, { priceCode });
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`);
  const invoiceId = await eventually(
    'the invoice of the upgrade',
    async () => (await read(owner, id)).change?.invoiceId,
  );
  return owner.get<Invoice>(`/v1/invoices/${invoiceId}`);
}

/** As when its owner had not looked for so long. */
export const age = (owner: BillingOwner, invoiceId: string, hours: number) =>
  owner.ctx
    .db('invoices')
    .where({ id: invoiceId })
    .update({ created_at: new Date(Date.now() - hours * HOUR_MS) });

export const waitFor = (owner: BillingOwner, id: string, what: string, is: (found: Subscription) => boolean) =>
  eventually(what, async () => {
    const found = await read(owner, id);
    return is(found) && found;
  });

export async function mailsOf(owner: BillingOwner): Promise<string[]> {
  const rows = await owner.ctx
    .db('mails')
    .where({ tenant_id: owner.tenantId })
    .select<{ template: string }[]>('template');
  return rows.map(({ template }) => template);
}

export async function auditOf(owner: BillingOwner, subject: string): Promise<string[]> {
  const rows = await owner.ctx
    .db('audit_log')
    .where({ tenant_id: owner.tenantId, subject })
    .orderBy('id')
    .select<{ action: string }[]>('action');
  return rows.map(({ action }) => action);
}
