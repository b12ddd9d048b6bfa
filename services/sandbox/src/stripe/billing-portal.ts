import { z } from 'zod';
import { newId, nowSeconds, type Account } from './account.ts';
import { missing } from './errors.ts';
import { boolean, ignored, listOf, metadata, pageParams, read, webUrl, type StripeRouter } from './http.ts';
import { customerBy } from './lookups.ts';
import type { PortalConfiguration, PortalSession } from './objects.ts';
import { emit } from './webhooks.ts';

const SessionParams = z.strictObject({
  customer: z.string(),
  return_url: webUrl.optional(),
  configuration: z.string().optional(),
  locale: z.string().optional(),
  flow_data: z
    .strictObject({
      type: z.enum(['payment_method_update', 'subscription_cancel', 'subscription_update']),
      after_completion: ignored,
      subscription_cancel: z.strictObject({ subscription: z.string(), retention: ignored }).optional(),
      subscription_update: z.strictObject({ subscription: z.string() }).optional(),
    })
    .optional(),
});

const Features = z.strictObject({
  customer_update: z.strictObject({ enabled: boolean, allowed_updates: z.array(z.string()).optional() }).optional(),
  invoice_history: z.strictObject({ enabled: boolean }).optional(),
  payment_method_update: z.strictObject({ enabled: boolean }).optional(),
  subscription_cancel: z
    .strictObject({
      cancellation_reason: ignored,
      enabled: boolean,
      mode: z.enum(['at_period_end', 'immediately']).default('at_period_end'),
      proration_behavior: z.literal('none').optional(),
    })
    .optional(),
  subscription_update: z
    .strictObject({ enabled: z.literal('false', 'the sandbox does not simulate this parameter') })
    .optional(),
});

const ConfigurationParams = z.strictObject({
  business_profile: ignored,
  default_return_url: webUrl.optional(),
  features: Features,
  login_page: ignored,
  metadata: metadata.optional(),
  name: z.string().optional(),
});
const ConfigurationChange = ConfigurationParams.partial().extend({ active: boolean.optional() });
const ListParams = z.strictObject({ ...pageParams, active: boolean.optional(), is_default: boolean.optional() });

export function billingPortalRoutes(router: StripeRouter, account: Account): void {
  router.post('/billing_portal/sessions', (call) => {
    call.body = openSession(account, read(call, SessionParams));
  });
  router.post('/billing_portal/configurations', (call) => {
    const { features, ...params } = read(call, ConfigurationParams);
    const configuration = newConfiguration(account, featuresOf(features), params);
    account.rows.portalConfigurations.push(configuration);
    emit(account, 'billing_portal.configuration.created', configuration);
    call.body = configuration;
  });
  router.get('/billing_portal/configurations', (call) => {
    const params = read(call, ListParams);
    const rows = account.rows.portalConfigurations
      .filter((row) => params.active === undefined || row.active === params.active)
      .filter((row) => params.is_default === undefined || row.is_default === params.is_default);
    call.body = listOf('/v1/billing_portal/configurations', rows, params);
  });
  router.get('/billing_portal/configurations/:id', (call) => {
    call.body = configurationBy(account, call.params['id']);
  });
  router.post('/billing_portal/configurations/:id', (call) => {
    const configuration = configurationBy(account, call.params['id']);
    const before = structuredClone(configuration);
    const { active, features, metadata: data } = read(call, ConfigurationChange);
    if (active !== undefined) configuration.active = active;
    if (features) Object.assign(configuration.features, featuresOf(features, configuration.features));
    if (data) Object.assign(configuration.metadata, data);
    configuration.updated = nowSeconds(account);
    emit(account, 'billing_portal.configuration.updated', configuration, before);
    call.body = configuration;
  });
}

function openSession(account: Account, params: z.output<typeof SessionParams>): PortalSession {
  const customer = customerBy(account, params.customer, 'customer');
  if (params.configuration) configurationBy(account, params.configuration);
  const id = newId('bps');
  const session: PortalSession = {
    id,
    object: 'billing_portal.session',
    created: nowSeconds(account),
    livemode: false,
    customer: customer.id,
    configuration: params.configuration ?? 'bpc_default',
    flow: params.flow_data ?? null,
    return_url: params.return_url ?? null,
    locale: params.locale ?? null,
    url: `${account.publicUrl()}/portal/${id}`,
  };
  account.rows.portalSessions.push(session);
  emit(account, 'billing_portal.session.created', session);
  return session;
}

function configurationBy(account: Account, id: string | undefined): PortalConfiguration {
  const configuration = account.rows.portalConfigurations.find((row) => row.id === id);
  if (!configuration) throw missing('configuration', id ?? '', 'configuration');
  return configuration;
}

/** The account's default lets a customer change the kept card and nothing else. */
export const portalConfiguration = (account: Account, id: string): PortalConfiguration =>
  account.rows.portalConfigurations.find((row) => row.id === id) ??
  newConfiguration(account, featuresOf({ payment_method_update: { enabled: true } }), {});

function featuresOf(
  given: z.output<typeof Features>,
  before?: PortalConfiguration['features'],
): PortalConfiguration['features'] {
  const off = { enabled: false };
  const cancel = given.subscription_cancel;
  return {
    customer_update: {
      enabled: given.customer_update?.enabled ?? before?.customer_update.enabled ?? false,
      allowed_updates: given.customer_update?.allowed_updates ?? before?.customer_update.allowed_updates ?? [],
    },
    invoice_history: given.invoice_history ?? before?.invoice_history ?? off,
    payment_method_update: {
      payment_method_configuration: null,
      ...(given.payment_method_update ?? before?.payment_method_update ?? off),
    },
    subscription_cancel: cancel
      ? { ...reasons, enabled: cancel.enabled, mode: cancel.mode, proration_behavior: 'none' }
      : (before?.subscription_cancel ?? {
          ...reasons,
          enabled: false,
          mode: 'at_period_end',
          proration_behavior: 'none',
        }),
  };
}

const reasons = { cancellation_reason: { enabled: false as const, options: [] as [] } };

const newConfiguration = (
  account: Account,
  features: PortalConfiguration['features'],
  params: Pick<z.output<typeof ConfigurationParams>, 'default_return_url' | 'metadata' | 'name'>,
): PortalConfiguration => ({
  id: newId('bpc'),
  object: 'billing_portal.configuration',
  created: nowSeconds(account),
  updated: nowSeconds(account),
  livemode: false,
  active: true,
  application: null,
  business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
  default_return_url: params.default_return_url ?? null,
  features,
  is_default: false,
  login_page: { enabled: false, url: null },
  metadata: params.metadata ?? {},
  name: params.name ?? null,
});
