import { z } from 'zod';
import { reportEventErrors } from './events.ts';
import { invoiceBy, markOverdue, setPaymentStatus, voidInvoice } from './invoices.ts';
import { terminate } from './lifecycle.ts';
import { now, type Organization } from './organization.ts';
import { presentFullInvoice } from './present-invoice.ts';

const OfInvoice = z.object({ invoiceId: z.string() });
const Redeliver = z.object({ id: z.string().optional(), webhookType: z.string().optional() });
const MadeUp = z.object({
  webhookType: z.string(),
  objectType: z.string(),
  object: z.record(z.string(), z.unknown()),
});
const OfSubscription = z.object({ externalId: z.string() });

type Action = (input: Record<string, unknown>) => unknown;

/** What a person in Lago's interface, or the passing of time, would do. */
export function createActions(org: Organization): Record<string, Action> {
  const onInvoice =
    (act: (invoice: ReturnType<typeof invoiceBy>) => void): Action =>
    (input) => {
      const invoice = invoiceBy(org, OfInvoice.parse(input).invoiceId);
      act(invoice);
      return presentFullInvoice(org, invoice);
    };
  return {
    mark_overdue: onInvoice((invoice) => markOverdue(org, invoice)),
    pay_invoice: onInvoice((invoice) => setPaymentStatus(org, invoice, 'succeeded')),
    fail_invoice: onInvoice((invoice) => setPaymentStatus(org, invoice, 'failed')),
    void_invoice: onInvoice((invoice) => voidInvoice(org, invoice)),
    terminate_subscription: (input) => {
      const { externalId } = OfSubscription.parse(input);
      const row = org.rows.subscriptions.find((one) => one.externalId === externalId && one.status === 'active');
      if (row) terminate(org, row, { creditNote: 'credit', invoice: 'generate' }, now(org));
      return { terminated: row?.externalId ?? null };
    },
    report_event_errors: () => reportEventErrors(org, now(org)),
    redeliver: (input) => redeliver(org, Redeliver.parse(input)),
    /** Signed by somebody who does not know the organisation's key. */
    send_forged: (input) => redeliver(org, Redeliver.parse(input), `${org.hmacKey}_of_somebody_else`),
    /** A well-signed webhook about whatever the test makes up. */
    send_made_up: (input) => {
      const { webhookType, objectType, object } = MadeUp.parse(input);
      org.webhooks.send(org, webhookType, objectType, object);
      return { sent: webhookType };
    },
  };
}

/** Sends stored webhooks once more under their own unique keys: one by id, all of a type, or all. */
function redeliver(org: Organization, { id, webhookType }: z.output<typeof Redeliver>, hmacKey = org.hmacKey) {
  const rows = org.rows.webhooks
    .filter((row) => !id || row.id === id)
    .filter((row) => !webhookType || row.webhookType === webhookType);
  for (const row of rows) org.webhooks.deliver({ ...org, hmacKey }, row);
  return { redelivered: rows.map((row) => row.id) };
}
