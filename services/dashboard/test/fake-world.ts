import type { ItemOf, ResponseOf } from '#api/client.ts';

type Me = ResponseOf<'/v1/me', 'get'>;
type Tenant = ResponseOf<'/v1/tenant', 'get'>;
type Plan = ItemOf<'/v1/plans'>;
type Operation = ItemOf<'/v1/operations'>;

/** Everything that the fake API knows; a test changes it to set its scene. */
export interface World {
  isSignedIn: boolean;
  me: Me;
  tenants: Tenant[];
  members: ItemOf<'/v1/members'>[];
  invitations: ItemOf<'/v1/invitations'>[];
  apiKeys: ItemOf<'/v1/api-keys'>[];
  llmKeys: LlmKey[];
  plans: Plan[];
  subscriptions: ItemOf<'/v1/subscriptions'>[];
  invoices: ItemOf<'/v1/invoices'>[];
  card: ResponseOf<'/v1/payment-method', 'get'>['card'];
  sites: ItemOf<'/v1/sites'>[];
  operations: Operation[];
  audit: ItemOf<'/v1/audit-log'>[];
  usage: ResponseOf<'/v1/llm/usage', 'get'>;
  llmBudget: ResponseOf<'/v1/llm/budget', 'get'>;
  limits: ResponseOf<'/v1/entitlements', 'get'>['limits'];
  /** Let a test hold the site's building at its second step, or make it fail there. */
  building: 'runs' | 'holds' | 'fails';
  sequence: number;
}

export function createWorld(url: string): World {
  return {
    isSignedIn: false,
    me: {
      user: { id: 'usr_01', email: 'ada@example.com', name: 'Ada Lovelace', locale: 'en' },
      roles: ['user'],
      tenants: [],
      gatewayUrl: `${url}/gateway/v1`,
    },
    tenants: [],
    members: [],
    invitations: [],
    apiKeys: [],
    llmKeys: [],
    plans: PLANS,
    subscriptions: [],
    invoices: [],
    card: null,
    sites: [],
    operations: [],
    audit: [],
    usage: usageOf([]),
    llmBudget: { own: null, allowed: null },
    limits: [],
    building: 'runs',
    sequence: 1,
  };
}

type Usage = World['usage'];
type UsageTotals = Usage['totals'];

const totals = (given: Partial<UsageTotals>): UsageTotals => ({
  ...{ requests: 0, fallbacks: 0, budgetFallbacks: 0, cacheHits: 0, estimatedRequests: 0, costNanoUsd: 0 },
  ...{ promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0 },
  ...{ completionTokens: 0, reasoningTokens: 0, audioTokens: 0 },
  ...given,
});

/** Of so many requests on each of the last days, by two models and two keys. */
export function usageOf(requestsByDay: readonly number[]): Usage {
  const of = (requests: number) =>
    totals({
      requests,
      promptTokens: requests * 412,
      completionTokens: requests * 733,
      costNanoUsd: requests * 412_000,
    });
  const dayBack = (days: number) => minutesAgo(days * 1440).slice(0, 10);
  const all = requestsByDay.reduce((sum, requests) => sum + requests, 0);
  const group = (name: string, share: number) => ({ value: name, name, ...of(Math.round(all * share)) });
  return {
    timeZone: 'UTC',
    from: dayBack(29),
    to: dayBack(0),
    totals: of(all),
    days: requestsByDay.map((requests, index) => ({ day: dayBack(requestsByDay.length - 1 - index), ...of(requests) })),
    groups: all === 0 ? [] : [group('gpt-4o-mini', 0.7), group('llama-3.3-70b', 0.3)],
  };
}

export type LlmKey = ItemOf<'/v1/llm/keys'>;

export const llmKey = (world: World, given: Partial<LlmKey> = {}): LlmKey => ({
  id: nextId(world, 'llmk'),
  name: 'Support chatbot',
  prefix: 'sk-bst-4hT',
  scopes: ['chat', 'embeddings', 'models', 'usage'],
  models: null,
  limits: { requestsPerMinute: null, tokensPerMinute: null, messagesPerDay: null, concurrency: null, budget: null },
  usesCache: false,
  createdBy: { type: 'user', id: 'usr_01', name: 'Ada Lovelace', isMember: true },
  createdAt: minutesAgo(0),
  expiresAt: null,
  lastUsedAt: null,
  rotatedAt: null,
  spent: { dayNanoUsd: 0, monthNanoUsd: 0 },
  oldSecrets: [],
  ...given,
});

export const nextId = (world: World, prefix: string): string =>
  `${prefix}_${String(world.sequence++).padStart(26, '0')}`;

export const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

const STEPS = ['reserve', 'create', 'install', 'verify'];

export function addTenant(world: World, tenant: { name: string; slug: string; currency?: Tenant['currency'] }): Tenant {
  const created: Tenant = { id: nextId(world, 'ten'), currency: 'EUR', createdAt: minutesAgo(0), ...tenant };
  world.tenants.push(created);
  world.me.tenants.push({ id: created.id, slug: created.slug, name: created.name, role: 'owner' });
  world.members = [
    {
      id: nextId(world, 'mem'),
      userId: 'usr_01',
      email: 'ada@example.com',
      name: 'Ada Lovelace',
      role: 'owner',
      createdAt: minutesAgo(0),
    },
  ];
  world.limits = [{ key: 'llm_messages_per_day', limit: 3, used: 0 }];
  return created;
}

export function addSubscription(world: World, priceCode: string): World['subscriptions'][number] {
  const plan = world.plans.find(({ prices }) => prices.some(({ code }) => code === priceCode));
  const price = plan?.prices.find(({ code }) => code === priceCode);
  if (!plan || !price) throw new Error(`No price ${priceCode}`);
  const subscription: World['subscriptions'][number] = {
    id: nextId(world, 'sub'),
    priceCode,
    planKey: plan.key,
    line: plan.line,
    status: 'active',
    isPaid: false,
    paidPriceCode: null,
    isDefault: plan.isDefault,
    problem: null,
    periodEndsAt: null,
    endsAt: null,
    next: null,
    change: null,
    createdAt: minutesAgo(0),
  };
  world.subscriptions.unshift(subscription);
  world.invoices.unshift({
    id: nextId(world, 'inv'),
    number: `BST-2026-${String(world.invoices.length + 1).padStart(4, '0')}`,
    status: 'finalized',
    paymentStatus: 'pending',
    isOverdue: false,
    dueAt: null,
    currency: price.currency,
    totalMinor: price.amountMinor,
    issuedAt: minutesAgo(0),
    paidAt: null,
    subscriptionId: subscription.id,
    description: plan.name.en,
  });
  return subscription;
}

export function payInvoice(world: World, invoiceId: string): void {
  const invoice = world.invoices.find(({ id }) => id === invoiceId);
  if (!invoice) return;
  invoice.paymentStatus = 'succeeded';
  invoice.paidAt = minutesAgo(0);
  const subscription = world.subscriptions.find(({ id }) => id === invoice.subscriptionId);
  if (!subscription) return;
  subscription.isPaid = true;
  if (subscription.line === 'sites') addSite(world, world.tenants[0]?.slug ?? 'site');
}

export function addSite(world: World, name: string): World['sites'][number] {
  const operationId = nextId(world, 'op');
  const site: World['sites'][number] = {
    id: nextId(world, 'sit'),
    name,
    host: `${name}.sites.example.com`,
    url: `http://${name}.sites.example.com/`,
    status: 'provisioning',
    apps: ['erpnext'],
    planKey: 'starter',
    operationId,
    createdAt: minutesAgo(0),
    readyAt: null,
  };
  world.sites.unshift(site);
  world.operations.unshift({
    id: operationId,
    kind: 'sites.provision',
    subjectId: site.id,
    state: 'running',
    steps: STEPS.map((step) => ({
      name: step,
      state: 'pending',
      startedAt: null,
      endedAt: null,
      progress: null,
      output: null,
      error: null,
    })),
    error: null,
    createdAt: minutesAgo(0),
    updatedAt: minutesAgo(0),
  });
  return site;
}

/** One tick of the builder: output, then the next step; false when there is nothing more to do. */
export function advance(world: World, operation: Operation): boolean {
  if (operation.state !== 'running') return false;
  const now = new Date().toISOString();
  const running = operation.steps.find((step) => step.state === 'running');
  if (!running) {
    const next = operation.steps.find((step) => step.state === 'pending');
    if (next) Object.assign(next, { state: 'running', startedAt: now });
    else finish(world, operation, now);
    return true;
  }
  if (running.name === 'create') {
    if (world.building === 'fails') return fail(world, operation, running, now);
    const lines = (running.output ?? '').split('\n').filter(Boolean);
    if (world.building === 'holds' && lines.length >= 4) return true;
    if (lines.length < 5) {
      running.output = [...lines, OUTPUT[lines.length] ?? ''].join('\n');
      running.progress = (lines.length + 1) * 20;
      return true;
    }
  }
  Object.assign(running, { state: 'succeeded', endedAt: now, progress: 100 });
  return true;
}

const OUTPUT = [
  '$ bench new-site acme.sites.example.com --db-type mariadb',
  'Creating database _7f3a91c2…',
  'Installing frappe…',
  'Updating DocTypes for frappe: [=========================           ] 64%',
  'Updating DocTypes for frappe: [========================================] 100%',
];

function finish(world: World, operation: Operation, now: string): void {
  operation.state = 'succeeded';
  const site = world.sites.find(({ id }) => id === operation.subjectId);
  if (site) Object.assign(site, { status: 'active', readyAt: now });
}

function fail(world: World, operation: Operation, step: Operation['steps'][number], now: string): boolean {
  Object.assign(step, { state: 'failed', endedAt: now, error: 'The bench refused: not enough disk space.' });
  operation.state = 'failed';
  operation.error = { code: 'sites.bench_failed', message: 'The bench refused: not enough disk space.' };
  const site = world.sites.find(({ id }) => id === operation.subjectId);
  if (site) site.status = 'failed';
  return true;
}

interface PlanFacts {
  key: string;
  line: Plan['line'];
  name: string;
  description: string;
  entitlements: Plan['entitlements'];
  prices: [currency: string, amountMinor: number, interval?: 'month' | 'year'][];
}

function plan({ key, line, name, description, entitlements, prices }: PlanFacts): Plan {
  return {
    key,
    line,
    name: { en: name, fr: name },
    description: { en: description, fr: description },
    isDefault: prices.length > 0 && prices.every(([, amountMinor]) => amountMinor === 0),
    entitlements,
    unlock: [],
    prices: prices.map(([currency, amountMinor, interval = 'month']) => ({
      code: `${key}-${interval === 'month' ? 'm' : 'y'}-${currency.toLowerCase()}-v1`,
      interval,
      currency,
      amountMinor,
    })),
  };
}

const PLANS: Plan[] = (
  [
    {
      key: 'starter',
      line: 'sites',
      name: 'Starter',
      description: 'One ERPNext site for a small team.',
      entitlements: { sites: 1, users_per_site: 5, apps: ['erpnext'] },
      prices: [['EUR', 2900]],
    },
    {
      key: 'business',
      line: 'sites',
      name: 'Business',
      description: 'Three sites with ERP, CRM and HR for a growing company.',
      entitlements: { sites: 3, users_per_site: 25, apps: ['erpnext', 'crm', 'hrms'] },
      prices: [['EUR', 9900]],
    },
    {
      key: 'enterprise',
      line: 'sites',
      name: 'Enterprise',
      description: 'Unlimited sites and users, every app, on your terms.',
      entitlements: { sites: null, users_per_site: null, apps: 'all' },
      prices: [],
    },
    {
      key: 'llm-free',
      line: 'llm',
      name: 'Free',
      description: 'Try the gateway, three messages a day.',
      entitlements: { llm_tier: 'free', llm_messages_per_day: 3, llm_requests_per_minute: 3 },
      prices: [
        ['EUR', 0],
        ['USD', 0],
      ],
    },
    {
      key: 'llm-student',
      line: 'llm',
      name: 'Student',
      description: '200 messages a day for learning and side projects.',
      entitlements: { llm_tier: 'student', llm_messages_per_day: 200, llm_requests_per_minute: 10 },
      prices: [['DZD', 159000]],
    },
    {
      key: 'agents-team',
      line: 'agents',
      name: 'Team',
      description: 'Fifty agents for a whole team, with single sign-on.',
      entitlements: { agents: 50, agent_requests_per_day: null, knowledge: true, sso: true },
      prices: [['USD', 9900]],
    },
    {
      key: 'bundle',
      line: 'generators',
      name: 'All generators',
      description: 'All twelve generators at once.',
      entitlements: { generators: 'all' },
      prices: [
        ['EUR', 39900],
        ['EUR', 399000, 'year'],
      ],
    },
  ] satisfies PlanFacts[]
).map(plan);
