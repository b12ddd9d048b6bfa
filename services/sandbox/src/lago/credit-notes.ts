import { notAllowed, notFound } from './errors.ts';
import { paginate, queryOf, type LagoRouter } from './http.ts';
import type { CreditNote } from './model.ts';
import { now, type Organization } from './organization.ts';
import { iso, isoDate } from './present.ts';

/** Reading and voiding need no licence; making one does. */
export function creditNoteRoutes(router: LagoRouter, org: Organization): void {
  router.get('/credit_notes', (call) => {
    const customerId = queryOf(call, 'external_customer_id');
    const rows = org.rows.creditNotes.filter((note) => !customerId || note.customer.externalId === customerId);
    call.body = paginate(call, 'credit_notes', rows.toReversed(), presentCreditNote);
  });
  router.get('/credit_notes/:id', (call) => {
    call.body = { credit_note: presentCreditNote(noteBy(org, call.params['id'])) };
  });
  router.put('/credit_notes/:id/void', (call) => {
    const note = noteBy(org, call.params['id']);
    if (note.voidedAt || note.balanceCents === 0) throw notAllowed('no_voidable_amount');
    note.voidedAt = now(org);
    note.balanceCents = 0;
    call.body = { credit_note: presentCreditNote(note) };
  });
}

function noteBy(org: Organization, id: unknown): CreditNote {
  const note = org.rows.creditNotes.find((row) => row.id === id);
  if (!note) throw notFound('credit_note');
  return note;
}

function presentCreditNote(note: CreditNote) {
  const left = note.balanceCents > 0 ? 'available' : 'consumed';
  return {
    lago_id: note.id,
    sequential_id: 1,
    number: `${note.invoice.number}-CN001`,
    lago_invoice_id: note.invoice.id,
    invoice_number: note.invoice.number,
    issuing_date: isoDate(note.createdAt),
    credit_status: note.voidedAt ? 'voided' : left,
    refund_status: null,
    reason: 'order_cancellation',
    description: null,
    currency: note.currency,
    total_amount_cents: note.amountCents,
    credit_amount_cents: note.amountCents,
    balance_amount_cents: note.balanceCents,
    refund_amount_cents: 0,
    created_at: iso(note.createdAt),
    updated_at: iso(note.createdAt),
    items: [
      {
        lago_id: `${note.id}-1`,
        amount_cents: note.amountCents,
        amount_currency: note.currency,
        fee: { external_subscription_id: note.subscription?.externalId ?? null, amount_cents: note.amountCents },
      },
    ],
  };
}
