import { z } from 'zod';
import { invalid, notFound } from './errors.ts';
import { paginate, read, type LagoRouter } from './http.ts';
import { metadataOf, newMetadata } from './metadata.ts';
import type { Customer } from './model.ts';
import { newId, now, type Organization } from './organization.ts';
import { presentCustomer } from './present.ts';

const text = z.string().nullable().optional();
const address = z.strictObject({
  address_line1: text,
  address_line2: text,
  city: text,
  zipcode: text,
  state: text,
  country: text,
});

const CustomerInput = z.strictObject({
  external_id: z.string().trim().min(1, 'value_is_mandatory'),
  name: text,
  firstname: text,
  lastname: text,
  customer_type: z.enum(['company', 'individual']).nullable().optional(),
  account_type: text,
  email: z.email('invalid_email_format').nullable().optional(),
  country: z.string().length(2, 'not_a_valid_country_code').toUpperCase().nullable().optional(),
  ...address.omit({ country: true }).shape,
  shipping_address: address.optional(),
  url: text,
  phone: text,
  logo_url: text,
  legal_name: text,
  legal_number: text,
  tax_identification_number: text,
  timezone: text,
  external_salesforce_id: text,
  finalize_zero_amount_invoice: z.enum(['inherit', 'skip', 'finalize'], 'invalid_value').nullable().optional(),
  skip_invoice_custom_sections: z.boolean().optional(),
  billing_entity_code: text,
  tax_codes: z.array(z.string()).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'value_is_invalid')
    .nullable()
    .optional(),
  net_payment_term: z.number().int().nonnegative().nullable().optional(),
  billing_configuration: z
    .strictObject({
      invoice_grace_period: z.number().int().nullable().optional(),
      payment_provider: z
        .enum(['stripe', 'gocardless', 'adyen', 'cashfree', 'flutterwave', 'moneyhash'])
        .nullable()
        .optional(),
      payment_provider_code: text,
      provider_customer_id: text,
      sync: z.boolean().optional(),
      sync_with_provider: z.boolean().optional(),
      document_locale: text,
      provider_payment_methods: z.array(z.string()).optional(),
    })
    .optional(),
  metadata: metadataOf(100).optional(),
});

export function customerRoutes(router: LagoRouter, org: Organization): void {
  router.post('/customers', (call) => {
    call.body = { customer: presentCustomer(upsert(org, read(call, 'customer', CustomerInput))) };
  });
  router.get('/customers', (call) => {
    call.body = paginate(call, 'customers', org.rows.customers.toReversed(), presentCustomer);
  });
  router.get('/customers/:externalId', (call) => {
    call.body = { customer: presentCustomer(customerBy(org, call.params['externalId'])) };
  });
  router.get('/customers/:externalId/portal_url', (call) => {
    const customer = customerBy(org, call.params['externalId']);
    call.body = { customer: { portal_url: `${org.apiUrl}/customer-portal/${customer.id}` } };
  });
  // No payment provider is connected to this organisation: we collect every invoice ourselves.
  router.post('/customers/:externalId/checkout_url', (call) => {
    customerBy(org, call.params['externalId']);
    throw invalid({ base: ['no_linked_payment_provider'] });
  });
}

export function customerBy(org: Organization, externalId: string | undefined): Customer {
  const customer = org.rows.customers.find((row) => row.externalId === externalId);
  if (!customer) throw notFound('customer');
  return customer;
}

export function newCustomer(org: Organization, externalId: string): Customer {
  const at = now(org);
  return {
    id: newId(),
    sequentialId: org.rows.customers.length + 1,
    externalId,
    currency: null,
    netPaymentTerm: null,
    attributes: {},
    billingConfiguration: {},
    metadata: [],
    createdAt: at,
    updatedAt: at,
  };
}

/** Creates, or changes exactly the fields that were sent. */
function upsert(org: Organization, input: z.output<typeof CustomerInput>): Customer {
  const { external_id, currency, net_payment_term, billing_configuration, metadata, ...attributes } = input;
  const known = org.rows.customers.find((row) => row.externalId === external_id);
  const items = metadata && newMetadata(metadata);
  const customer = known ?? newCustomer(org, external_id);
  customer.attributes = { ...customer.attributes, ...attributes };
  customer.billingConfiguration = { ...customer.billingConfiguration, ...billing_configuration };
  if (currency !== undefined) customer.currency = currency;
  if (net_payment_term !== undefined) customer.netPaymentTerm = net_payment_term;
  if (items) customer.metadata = items;
  customer.updatedAt = now(org);
  if (!known) org.rows.customers.push(customer);
  org.webhooks.send(org, known ? 'customer.updated' : 'customer.created', 'customer', presentCustomer(customer));
  return customer;
}
