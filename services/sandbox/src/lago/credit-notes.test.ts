import anyTest, { type TestFn } from 'ava';
import { plan, startLago, subscription, type LagoUnderTest } from '../../test/lago.ts';

const test = anyTest as TestFn<{ lago: LagoUnderTest }>;

test.beforeEach(async (t) => {
  const lago = await startLago('2026-11-03T10:00:00Z');
  await lago.call('POST', '/customers', { customer: { external_id: 'ten_1', currency: 'DZD' } });
  await lago.call('POST', '/plans', plan('pro', 300_000));
  await lago.call('POST', '/plans', plan('max', 600_000));
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'max'));
  t.context.lago = lago;
});
test.afterEach.always((t) => t.context.lago.stop());

test('a voided invoice gives back the credit it used; what is left of a credit note can be voided, once', async (t) => {
  const { lago } = t.context;
  const notes = async () => (await lago.call('GET', '/credit_notes?external_customer_id=ten_1')).body.credit_notes;
  t.like(await notes(), [
    {
      credit_status: 'consumed',
      balance_amount_cents: 0,
      credit_amount_cents: 300_000,
      items: [{ fee: { external_subscription_id: 'sub_1' } }],
    },
  ]);
  const { invoices } = (await lago.call('GET', '/invoices?external_customer_id=ten_1')).body;
  await lago.call('POST', `/invoices/${invoices[0]?.lago_id}/void`);
  const [note] = await notes();
  t.like(note, { credit_status: 'available', balance_amount_cents: 300_000 });
  const voided = await lago.call('PUT', `/credit_notes/${note?.lago_id}/void`);
  t.like(voided.body.credit_note, { credit_status: 'voided', balance_amount_cents: 0 });
  t.is((await lago.call('PUT', `/credit_notes/${note?.lago_id}/void`)).status, 405);
  t.like((await lago.call('GET', `/credit_notes/${note?.lago_id}`)).body.credit_note, { credit_status: 'voided' });
  t.is((await lago.call('GET', '/credit_notes/unknown')).status, 404);
});
