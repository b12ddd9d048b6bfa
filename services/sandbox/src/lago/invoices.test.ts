import anyTest, { type TestFn } from 'ava';
import { hook, ofType, plan, startLago, subscription, type LagoUnderTest } from '../../test/lago.ts';

const test = anyTest as TestFn<{ lago: LagoUnderTest; id: string }>;

test.beforeEach(async (t) => {
  const lago = await startLago('2026-11-03T10:00:00Z');
  await lago.call('POST', '/plans', plan('pro', 350_000));
  await lago.call('POST', '/subscriptions', subscription('sub_1', 'pro'));
  t.context.lago = lago;
  t.context.id = (await lago.call('GET', '/invoices')).body.invoices[0]?.lago_id ?? '';
});
test.afterEach.always((t) => t.context.lago.stop());

const paid = (more: object = {}) => ({ invoice: { payment_status: 'succeeded', ...more } });

test('records an outside payment by PUT, and tells of it only once', async (t) => {
  const { lago, id } = t.context;
  const metadata = [
    { key: 'payment_provider', value: 'chargily' },
    { key: 'payment_ref', value: '01hj' },
  ];
  const { body } = await lago.call('PUT', `/invoices/${id}`, paid({ metadata }));
  // No payment is recorded, so the due amount stays: only the status is to be trusted.
  t.like(body.invoice, { payment_status: 'succeeded', total_due_amount_cents: 350_000 });
  t.like(body.invoice.metadata, metadata);
  t.like(await hook(lago, 'invoice.payment_status_updated', 'invoice'), { lago_id: id, payment_status: 'succeeded' });
  await lago.call('PUT', `/invoices/${id}`, paid({ metadata: [{ key: 'other', value: 'set' }] }));
  t.is((await lago.call('GET', `/invoices/${id}`)).body.invoice.metadata.length, 1);
  t.is(lago.hooks.deliveries.filter(ofType('invoice.payment_status_updated')).length, 1);
});

test('keeps the limits of metadata', async (t) => {
  const { lago, id } = t.context;
  const details = async (metadata: object[]) =>
    (await lago.call('PUT', `/invoices/${id}`, paid({ metadata }))).body.error_details;
  t.deepEqual(await details([{ key: 'k'.repeat(21), value: 'v' }]), { 'metadata.0.key': ['value_is_too_long'] });
  t.deepEqual(await details([{ key: 'k', value: 'v'.repeat(141) }]), { 'metadata.0.value': ['value_is_too_long'] });
  t.is(await details([{ key: 'k', value: 'v'.repeat(140) }]), undefined);
  const six = Array.from({ length: 6 }, (_, index) => ({ key: `k${index}`, value: 'v' }));
  t.deepEqual(await details(six), { metadata: ['invalid_count'] });
});

test('refuses a payment status that does not exist, and changes nothing then', async (t) => {
  const { lago, id } = t.context;
  const { status, body } = await lago.call('PUT', `/invoices/${id}`, paid({ payment_status: 'paid' }));
  t.is(status, 422);
  t.deepEqual(body.error_details, { payment_status: ['value_is_invalid'] });
  t.is((await lago.call('GET', `/invoices/${id}`)).body.invoice.payment_status, 'pending');
});

test('a voided invoice takes no payment', async (t) => {
  const { lago, id } = t.context;
  t.is((await lago.call('POST', `/invoices/${id}/void`)).body.invoice.status, 'voided');
  t.like(await lago.call('PUT', `/invoices/${id}`, paid()), {
    status: 405,
    body: { error: 'Method Not Allowed', code: 'update_on_voided_invoice' },
  });
  t.like(await lago.call('POST', `/invoices/${id}/void`), { status: 405, body: { code: 'not_voidable' } });
  t.like(await hook(lago, 'invoice.voided', 'invoice'), { lago_id: id });
});

test('is overdue the day after it was due, once, until it is paid', async (t) => {
  const { lago, id } = t.context;
  await lago.advanceTo('2026-11-04T00:20:00Z');
  t.is((await lago.call('GET', '/invoices?payment_overdue=true')).body.meta.total_count, 0);
  await lago.advanceTo('2026-11-04T00:30:00Z');
  t.is((await lago.call('GET', '/invoices?payment_overdue=true')).body.meta.total_count, 1);
  await lago.advanceTo('2026-11-06T00:00:00Z');
  t.is((await lago.hooks.wait(1, ofType('invoice.payment_overdue'))).length, 1);
  t.false((await lago.call('PUT', `/invoices/${id}`, paid())).body.invoice.payment_overdue);
});

test('gives the customer the days its payment term promises', async (t) => {
  const { lago } = t.context;
  await lago.call('POST', '/customers', { customer: { external_id: 'ten_2', net_payment_term: 15 } });
  await lago.call('POST', '/subscriptions', subscription('sub_2', 'pro', { external_customer_id: 'ten_2' }));
  const query = '/invoices?external_customer_id=ten_2';
  t.like((await lago.call('GET', query)).body.invoices[0], { payment_due_date: '2026-11-18', net_payment_term: 15 });
});

test('filters the list by customer, status and payment status', async (t) => {
  const { lago, id } = t.context;
  await lago.call('POST', '/subscriptions', subscription('sub_2', 'pro', { external_customer_id: 'ten_2' }));
  await lago.call('PUT', `/invoices/${id}`, paid());
  const count = async (query: string) => (await lago.call('GET', `/invoices?${query}`)).body.meta.total_count;
  t.is(await count(''), 2);
  t.is(await count('payment_status=pending'), 1);
  t.is(await count('payment_status[]=pending&payment_status[]=succeeded'), 2);
  t.is(await count('external_customer_id=ten_1&payment_status=pending'), 0);
  t.is(await count('status=voided'), 0);
  t.is((await lago.call('GET', '/invoices/00000000-0000-0000-0000-000000000000')).body.code, 'invoice_not_found');
});

test('answers the first download with nothing and makes the file on the side', async (t) => {
  const { lago, id } = t.context;
  const response = await fetch(`${lago.url}/api/v1/invoices/${id}/download`, {
    method: 'POST',
    headers: { authorization: 'Bearer lago-key' },
  });
  t.is(response.status, 200);
  t.is(await response.text(), '');
  await lago.hooks.wait(1, ofType('invoice.generated'));
  const fileUrl = (await lago.call('POST', `/invoices/${id}/download`)).body.invoice.file_url ?? '';
  t.is((await fetch(fileUrl)).headers.get('content-type'), 'application/pdf');
});

test('has no payment link, because no provider is connected', async (t) => {
  const { lago, id } = t.context;
  const { status, body } = await lago.call('POST', `/invoices/${id}/payment_url`);
  t.is(status, 422);
  t.deepEqual(body.error_details, { base: ['no_linked_payment_provider'] });
});

test('an invoice fails or becomes overdue by hand', async (t) => {
  const { lago, id } = t.context;
  await lago.standIn.actions?.['fail_invoice']?.({ invoiceId: id });
  t.like(await hook(lago, 'invoice.payment_status_updated', 'invoice'), { payment_status: 'failed' });
  await lago.standIn.actions?.['mark_overdue']?.({ invoiceId: id });
  t.like(await hook(lago, 'invoice.payment_overdue', 'invoice'), { payment_overdue: true });
  t.throws(() => lago.standIn.actions?.['mark_overdue']?.({}));
});
