/**
 * The main job, start to end, as a person and their program would do it: through the public HTTP API and the real
 * OpenID code flow. Exits 0 only if every step really happened.
 */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { Browser } from './browser.ts';
import { ApiClient, until } from './client.ts';
import { signUp } from './sign-in.ts';

interface Me {
  user: { id: string; email: string };
  gatewayUrl: string;
}
interface Tenant {
  id: string;
  slug: string;
}
interface Plans {
  items: {
    key: string;
    line: string;
    prices: { code: string; currency: string; interval: string; amountMinor: number }[];
  }[];
}
interface Invoice {
  id: string;
  number: string;
  subscriptionId: string;
  paymentStatus: string;
  totalMinor: number;
  currency: string;
}
interface Site {
  id: string;
  host: string;
  url: string;
  status: string;
  operationId: string;
}
interface Operation {
  state: string;
  steps: { name: string; state: string; error: string | null }[];
  error: { message: string } | null;
}
interface Completion {
  choices: { message: { content: string } }[];
  usage: { total_tokens: number };
}
interface LagoState {
  events: { code: string; transaction_id: string; external_subscription_id: string }[];
}

// eslint-disable-next-line no-restricted-properties -- this file is a program of its own, not part of the product
const environment = process.env;

function fromEnvironment(name: string): string {
  const value = environment[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const appUrl = fromEnvironment('PUBLIC_URL');
const controlUrl = fromEnvironment('TOUR_CONTROL_URL');
/** Where sites answer by their Host header alone; without it they are reached by their own address. */
const sitesUrl = environment['TOUR_SITES_URL'];
/** Shows the state of the stand-in for Lago; without it the control page does. */
const lagoUrl = environment['TOUR_LAGO_URL'];
/** A file to leave the account in, for those who come back later. */
const accountFile = environment['TOUR_ACCOUNT_FILE'];

const browser = new Browser();
const api = new ApiClient(browser, appUrl);
const email = `tour-${Date.now().toString(36)}@example.test`;
const password = 'demo-password';
const slug = `tour-${Date.now().toString(36)}`;
const startedAt = Date.now();
let steps = 0;

async function step<T>(what: string, work: () => Promise<{ value: T; seen: string }>): Promise<T> {
  const from = performance.now();
  const { value, seen } = await work();
  steps += 1;
  const seconds = ((performance.now() - from) / 1000).toFixed(2);
  process.stdout.write(`  ✔ ${String(steps).padStart(2)}. ${what.padEnd(46)} ${seconds.padStart(6)} s   ${seen}\n`);
  return value;
}

function must<T>(value: T | undefined | null | false, complaint: string): T {
  if (value === undefined || value === null || value === false) throw new Error(complaint);
  return value;
}

const money = (minor: number, currency: string) => `${(minor / 100).toFixed(2)} ${currency}`;

async function getSite(site: Site, path: string): Promise<{ status: number; body: string }> {
  if (sitesUrl) return getByHost(sitesUrl, site.host, path);
  const response = await fetch(new URL(path, site.url));
  return { status: response.status, body: await response.text() };
}

/** A GET with a Host header of its own, as the edge would pass it on. */
function getByHost(url: string, host: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(new URL(path, url), { headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

async function control<T>(path: string): Promise<T> {
  return (await (await fetch(controlUrl + path)).json()) as T;
}

async function mailsTo(address: string): Promise<{ subject: string; text: string }[]> {
  const { items } = await control<{ items: { subject: string; text: string }[] }>(
    `/api/mails?to=${encodeURIComponent(address)}`,
  );
  return items;
}

async function lagoState(): Promise<LagoState> {
  if (lagoUrl) return (await (await fetch(lagoUrl)).json()) as LagoState;
  return (await control<{ standIns: { lago: LagoState } }>('/api/state?standIn=lago')).standIns.lago;
}

const me = await step('sign in by OpenID Connect (code + PKCE)', async () => {
  const end = await signUp(browser, `${appUrl}/auth/login?returnTo=/overview`, { email, password }, mailsTo);
  must(end.startsWith(`${appUrl}/overview`), `signing in ended at ${end}`);
  const value = await api.get<Me>('/v1/me');
  must(value.user.email === email, `signed in as ${value.user.email}`);
  return { value, seen: value.user.email };
});

const tenant = await step('create a tenant', async () => {
  const intent = crypto.randomUUID();
  const body = { name: 'Tour Company', slug, currency: 'EUR' };
  const value = await api.post<Tenant>('/v1/tenants', body, intent);
  const again = await api.post<Tenant>('/v1/tenants', body, intent);
  must(again.id === value.id, 'the same Idempotency-Key made a second tenant');
  api.tenantId = value.id;
  return { value, seen: value.id };
});

const price = await step('choose a plan', async () => {
  const { items } = await api.get<Plans>('/v1/plans');
  const plan = must(
    items.find((candidate) => candidate.line === 'sites' && candidate.key === 'starter'),
    'no plan starter in the catalogue',
  );
  const value = must(
    plan.prices.find((candidate) => candidate.currency === 'EUR' && candidate.interval === 'month'),
    'starter has no monthly price in EUR',
  );
  return { value, seen: `${value.code}, ${money(value.amountMinor, value.currency)}` };
});

const invoice = await step('subscribe; Lago issues the invoice', async () => {
  const subscription = await api.post<{ id: string }>('/v1/subscriptions', { priceCode: price.code });
  const value = await until('an invoice for the subscription', async () => {
    const { items } = await api.get<{ items: Invoice[] }>('/v1/invoices');
    return items.find((candidate) => candidate.subscriptionId === subscription.id);
  });
  must(value.paymentStatus === 'pending', `the invoice is already ${value.paymentStatus}`);
  must(value.totalMinor === price.amountMinor, `the invoice is over ${value.totalMinor}`);
  const { items: sites } = await api.get<{ items: Site[] }>('/v1/sites');
  must(sites.length === 0, 'there is a site before anything was paid');
  return { value, seen: `${value.number}, ${money(value.totalMinor, value.currency)}` };
});

await step('pay it on the checkout page', async () => {
  const { url } = await api.post<{ url: string }>(`/v1/invoices/${invoice.id}/checkout`, {});
  const page = await browser.open(url);
  await browser.submit({ url: page.url, html: await page.response.text() }, { outcome: 'paid' });
  return { value: undefined, seen: new URL(url).pathname };
});

await step('the payment becomes a paid invoice and rights', async () => {
  await until('the invoice to be paid', async () => {
    const { paymentStatus } = await api.get<Invoice>(`/v1/invoices/${invoice.id}`);
    return paymentStatus === 'succeeded';
  });
  const { entitlements } = await api.get<{ entitlements: { sites?: number } }>('/v1/entitlements');
  must(entitlements.sites === 1, `the tenant may have ${entitlements.sites} sites`);
  return { value: undefined, seen: 'sites: 1' };
});

const site = await step('the site is provisioned, step by step', async () => {
  const requested = await until('a site to be requested', async () => {
    const { items } = await api.get<{ items: Site[] }>('/v1/sites');
    return items[0];
  });
  let last: Operation | undefined;
  for await (const operation of api.events<Operation>(`/v1/operations/${requested.operationId}/events`))
    last = operation;
  must(last?.state === 'succeeded', `the operation is ${last?.state}: ${last?.error?.message}`);
  const value = await api.get<Site>(`/v1/sites/${requested.id}`);
  must(value.status === 'active', `the site is ${value.status}`);
  return { value, seen: `${last?.steps.map((s) => s.name).join(' → ')}` };
});

await step('the site answers', async () => {
  const ping = await getSite(site, '/api/method/ping');
  must(ping.status === 200 && ping.body.includes('pong'), `ping answered ${ping.status}`);
  const page = await getSite(site, '/');
  must(page.status === 200, `the site answered ${page.status}`);
  return { value: undefined, seen: site.url };
});

await step('the mail site_ready has arrived, once', async () => {
  const mails = await until('the mail', async () => {
    const found = (await mailsTo(email)).filter((mail) => mail.text.includes(site.host));
    return found.length > 0 && found;
  });
  must(mails.length === 1, `${mails.length} mails about the site`);
  return { value: undefined, seen: mails[0]?.subject ?? '' };
});

const key = await step('make an LLM key', async () => {
  const value = await api.post<{ id: string; secret: string }>('/v1/llm/keys', { name: 'tour' });
  return { value, seen: `${value.secret.slice(0, 10)}…` };
});

const bearer = { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' };
const model = await step('list the models', async () => {
  const response = await fetch(`${me.gatewayUrl}/models`, { headers: bearer });
  const { data } = (await response.json()) as { data: { id: string }[] };
  const value = must(data[0]?.id, `GET /models answered ${response.status}`);
  return { value, seen: data.map((m) => m.id).join(', ') };
});

const messages = [{ role: 'user', content: 'Say something about plots of land.' }];
const plainTokens = await step('a completion', async () => {
  const body = JSON.stringify({ model, messages });
  const response = await fetch(`${me.gatewayUrl}/chat/completions`, { method: 'POST', headers: bearer, body });
  must(response.ok, `answered ${response.status}`);
  const completion = (await response.json()) as Completion;
  const text = must(completion.choices[0]?.message.content, 'no answer');
  return {
    value: completion.usage.total_tokens,
    seen: `“${text.slice(0, 40)}…”, ${completion.usage.total_tokens} tokens`,
  };
});

await step('a streamed completion', async () => {
  const body = JSON.stringify({ model, messages, stream: true });
  const response = await fetch(`${me.gatewayUrl}/chat/completions`, { method: 'POST', headers: bearer, body });
  must(response.ok, `answered ${response.status}`);
  const text = await response.text();
  const chunks = text.split('\n\n').filter((part) => part.startsWith('data: {')).length;
  must(text.includes('data: [DONE]') && chunks > 1, `the stream ended early after ${chunks} chunks`);
  return { value: undefined, seen: `${chunks} chunks` };
});

await step('the usage is metered', async () => {
  const usage = await until('both requests in the usage', async () => {
    const { totals } = await api.get<{ totals: { requests: number; promptTokens: number; completionTokens: number } }>(
      '/v1/llm/usage',
    );
    return totals.requests === 2 && totals;
  });
  const tokens = usage.promptTokens + usage.completionTokens;
  must(tokens > plainTokens, `only ${tokens} tokens were counted`);
  return { value: undefined, seen: `${usage.requests} requests, ${tokens} tokens` };
});

await step('the usage has reached the bill (Lago events)', async () => {
  const events = await until('usage events of the tenant at Lago', async () => {
    const found = (await lagoState()).events.filter((event) => event.code === 'llm_tokens');
    return found.length >= 2 && found;
  });
  const unique = new Set(events.map((event) => event.transaction_id));
  must(unique.size === events.length, 'a usage event was delivered twice');
  return { value: undefined, seen: `${events.length} events` };
});

await step('the audit log tells the story', async () => {
  const { items } = await api.get<{ items: { action: string }[] }>('/v1/audit-log?limit=100');
  const actions = new Set(items.map((item) => item.action));
  must(actions.has('tenant.create'), `no tenant.create among ${[...actions].join(', ')}`);
  return { value: undefined, seen: [...actions].join(', ') };
});

if (accountFile)
  writeFileSync(
    accountFile,
    JSON.stringify({ email, password, tenantId: tenant.id, siteUrl: site.url, llmKey: key.secret, model }),
    { mode: 0o600 },
  );

await step('sign out', async () => {
  await api.post('/auth/logout', {});
  const after = await browser.request(`${appUrl}/v1/me`);
  must(after.status === 401, `still signed in: ${after.status}`);
  return { value: undefined, seen: tenant.slug };
});

process.stdout.write(`\n  The tour got through: ${steps} steps in ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
