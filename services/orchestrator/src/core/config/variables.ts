import { z } from 'zod';
import { providerKeys, providerUrls } from './llm-providers.ts';
import { usdRates } from './usd-rates.ts';

export interface Variable<S extends z.ZodType = z.ZodType> {
  schema: S;
  group: string;
  /** One line of why, for the generated reference. */
  about: string;
  /** Never logged; may come as a file by NAME_FILE. */
  secret?: boolean;
}

export type VariableSet = Readonly<Record<string, Variable>>;
export type Values<V extends VariableSet> = Readonly<{ [K in keyof V]: z.output<V[K]['schema']> }>;

export const variable = <S extends z.ZodType>(v: Variable<S>) => v;
const port = (fallback: number) => z.coerce.number().int().min(0).max(65535).default(fallback);
const milliseconds = (fallback: number) => z.coerce.number().int().positive().default(fallback);
export const httpUrl = () =>
  z
    .url({ protocol: /^https?$/, message: 'must be a URL like https://host' })
    .transform((url) => url.replace(/\/+$/, ''));
const urlOf = (protocol: RegExp, example: string) => z.url({ protocol, message: `must be a URL like ${example}` });
export const secret = () => z.string().min(1, 'must not be empty');
const LLM = 'LLM gateway';
const providerKey = (provider: string) =>
  variable({
    schema: secret().optional(),
    group: LLM,
    about: `Key for ${provider}; without it the provider is off.`,
    secret: true,
  });
const ownServer = (server: string, example: string, keyName: string) => ({
  url: variable({
    schema: httpUrl().optional(),
    group: LLM,
    about: `Address of ${server} (${example}); without it the provider is off.`,
  }),
  key: variable({
    schema: secret().optional(),
    group: LLM,
    about: `Key for ${keyName}, if it asks for one.`,
    secret: true,
  }),
});
const ollama = ownServer('an Ollama server', 'http://ollama:11434/v1', 'that Ollama server');
const vllm = ownServer('a vLLM server', 'http://vllm:8000/v1', 'that vLLM server');
const timeZone = () =>
  z
    .string()
    .refine((zone) => isTimeZone(zone), 'must be a time zone by its IANA name, like Europe/Paris')
    .default('UTC');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Every variable of the orchestrator's processes. docs/reference/configuration.md is generated from here. */
export const variables = {
  NODE_ENV: variable({
    schema: z.enum(['production', 'development', 'test']).default('production'),
    group: 'Process',
    about: 'Production refuses settings that are only safe on one machine.',
  }),
  LOG_LEVEL: variable({
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    group: 'Process',
    about: 'How much is logged, as JSON on standard output.',
  }),
  HOST: variable({
    schema: z.string().default('0.0.0.0'),
    group: 'Process',
    about: 'Address the processes listen on.',
  }),
  API_PORT: variable({ schema: port(4000), group: 'Process', about: 'Port of the API.' }),
  WORKER_PORT: variable({ schema: port(4001), group: 'Process', about: 'Port of the worker’s health and metrics.' }),
  GATEWAY_PORT: variable({ schema: port(4002), group: 'Process', about: 'Port of the LLM gateway.' }),
  WORKER_CONCURRENCY: variable({
    schema: z.coerce.number().int().min(1).max(100).default(10),
    group: 'Process',
    about: 'Jobs that one worker runs at the same time.',
  }),
  SHUTDOWN_TIMEOUT_MS: variable({
    schema: milliseconds(20_000),
    group: 'Process',
    about: 'How long a stopping process waits for what is under way.',
  }),
  DATA_DIR: variable({
    schema: z.string().default('./data'),
    group: 'Process',
    about: 'Folder for what must outlive a crash of the gateway (usage not yet stored).',
  }),
  TRUST_PROXY: variable({
    schema: z
      .string()
      .regex(/^(true|false|[0-9])$/, 'must be true, false or a number up to 9')
      .default('false')
      .transform((hops) => (hops === 'true' ? 1 : hops === 'false' ? 0 : Number(hops))),
    group: 'Process',
    about:
      'How many proxies of ours are in front, whose X-Forwarded-… headers are believed; true is 1 (Traefik), with a CDN before that 2.',
  }),

  PUBLIC_URL: variable({
    schema: httpUrl(),
    group: 'Addresses',
    about: 'Where people open the dashboard; /auth and /v1 answer under the same origin.',
  }),
  ADMIN_URL: variable({
    schema: httpUrl().optional(),
    group: 'Addresses',
    about: 'Second origin where the dashboard and the API answer, for administrators (https://admin.…).',
  }),
  GATEWAY_PUBLIC_URL: variable({
    schema: httpUrl(),
    group: 'Addresses',
    about: 'Base URL that OpenAI clients are given, ending in /v1.',
  }),
  SITES_DOMAIN: variable({
    schema: z.string().regex(/^[a-z0-9.-]+$/, 'must be a domain name'),
    group: 'Addresses',
    about: 'Sites live at <name>.<this domain>.',
  }),
  SITE_URL_TEMPLATE: variable({
    schema: z.string().includes('{site}').default('https://{site}'),
    group: 'Addresses',
    about: 'How a site’s host name becomes a link.',
  }),
  SITES_EDGE_URL: variable({
    schema: httpUrl(),
    group: 'Addresses',
    about: 'Where the worker reaches the sites through the edge to see that they answer.',
  }),
  DASHBOARD_DIR: variable({
    schema: z.string().optional(),
    group: 'Addresses',
    about: 'Folder of the built dashboard when the API serves it itself (quick start).',
  }),

  DATABASE_URL: variable({
    schema: urlOf(/^mysql$/, 'mysql://user:password@host:3306/bastide'),
    group: 'Stores',
    about: 'MariaDB.',
    secret: true,
  }),
  DATABASE_POOL_MAX: variable({
    schema: z.coerce.number().int().min(5).max(200).default(25),
    group: 'Stores',
    about: 'Connections of one process; the worker needs two per concurrent job.',
  }),
  REDIS_URL: variable({
    schema: urlOf(/^rediss?$/, 'redis://:password@host:6379/0'),
    group: 'Stores',
    about: 'Valkey or Redis with noeviction: queue, usage stream, notifications.',
    secret: true,
  }),
  REDIS_CACHE_URL: variable({
    schema: urlOf(/^rediss?$/, 'redis://:password@host:6379/4').optional(),
    group: 'Stores',
    about: 'Valkey or Redis that may forget anything: answers that the LLM gateway keeps for those who ask for it.',
    secret: true,
  }),
  REDIS_PREFIX: variable({
    schema: z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .default('bastide'),
    group: 'Stores',
    about: 'Start of every key, so that installations can share a server.',
  }),

  OIDC_ISSUER_URL: variable({ schema: httpUrl(), group: 'Identity', about: 'Keycloak realm, or any OpenID provider.' }),
  OIDC_CLIENT_ID: variable({
    schema: z.string().min(1),
    group: 'Identity',
    about: 'Confidential client of the dashboard.',
  }),
  OIDC_CLIENT_SECRET: variable({ schema: secret(), group: 'Identity', about: 'Its secret.', secret: true }),
  OIDC_AUDIENCE: variable({
    schema: z.string().min(1).default('bastide-api'),
    group: 'Identity',
    about: 'Audience that bearer tokens must carry.',
  }),
  SESSION_COOKIE_NAME: variable({
    schema: z
      .string()
      .regex(/^__Host-[A-Za-z0-9_-]+$/, 'must start with __Host-')
      .default('__Host-bastide'),
    group: 'Identity',
    about: 'Name of the session cookie.',
  }),
  SESSION_IDLE_TIMEOUT_MS: variable({
    schema: milliseconds(12 * 3600_000),
    group: 'Identity',
    about: 'A session ends after this long without a request.',
  }),
  ENCRYPTION_KEY: variable({
    schema: z
      .base64('must be base64')
      .refine((v) => Buffer.from(v, 'base64').length === 32, 'must be 32 bytes in base64 (openssl rand -base64 32)'),
    group: 'Identity',
    about: 'Seals what must be stored but read again: session tokens, first passwords of sites.',
    secret: true,
  }),

  CATALOGUE_FILE: variable({
    schema: z.string().default('catalogue.yaml'),
    group: 'Billing',
    about: 'The plans that are sold.',
  }),
  LAGO_API_URL: variable({ schema: httpUrl(), group: 'Billing', about: 'Lago, without /api/v1.' }),
  LAGO_API_KEY: variable({ schema: secret(), group: 'Billing', about: 'API key of the organisation.', secret: true }),
  LAGO_WEBHOOK_HMAC_KEY: variable({
    schema: secret(),
    group: 'Billing',
    about: 'The organisation’s HMAC key, which signs Lago’s webhooks.',
    secret: true,
  }),
  LAGO_WEBHOOK_URL: variable({
    schema: httpUrl().optional(),
    group: 'Billing',
    about: 'Where Lago reaches /webhooks/lago when that is not under PUBLIC_URL (an internal address).',
  }),
  STRIPE_API_URL: variable({
    schema: httpUrl().default('https://api.stripe.com'),
    group: 'Billing',
    about: 'Stripe’s API.',
  }),
  STRIPE_SECRET_KEY: variable({
    schema: secret().optional(),
    group: 'Billing',
    about: 'Secret or restricted key. Without it and the next there are no card payments.',
    secret: true,
  }),
  STRIPE_WEBHOOK_SECRET: variable({
    schema: secret().optional(),
    group: 'Billing',
    about: 'Signing secret (whsec_…) of the endpoint /webhooks/stripe.',
    secret: true,
  }),
  BILLING_RECONCILE_MS: variable({
    schema: milliseconds(15 * 60_000),
    group: 'Billing',
    about: 'How often open invoices and payments are compared with their owners.',
  }),
  USAGE_FLUSH_MS: variable({
    schema: milliseconds(30_000),
    group: 'Billing',
    about: 'How often metered usage is sent to Lago.',
  }),

  SMTP_URL: variable({
    schema: urlOf(/^smtps?$/, 'smtp://user:password@host:25'),
    group: 'Mail',
    about: 'Postal or any relay.',
    secret: true,
  }),
  MAIL_FROM: variable({
    schema: z.string().min(3),
    group: 'Mail',
    about: 'Sender, like Bastide <no-reply@example.com>.',
  }),

  FRAPPE_AGENT_URL: variable({
    schema: httpUrl(),
    group: 'Sites',
    about: 'bench-runner or a real Frappe Agent; a path such as /agent is kept.',
  }),
  FRAPPE_AGENT_TOKEN: variable({ schema: secret(), group: 'Sites', about: 'Its token.', secret: true }),
  FRAPPE_AGENT_TIMEOUT_MS: variable({
    schema: milliseconds(30_000),
    group: 'Sites',
    about: 'How long one answer of it may take; its jobs take longer and are polled.',
  }),
  FRAPPE_BENCH: variable({
    schema: z.string().default('bench-0001'),
    group: 'Sites',
    about: 'Bench that hosts new sites.',
  }),
  SITES_DB_ROOT_PASSWORD: variable({
    schema: secret(),
    group: 'Sites',
    about:
      'Password of the user who makes the sites’ databases in their MariaDB: BENCH_DB_ADMIN_USER of bench-runner, root by default.',
    secret: true,
  }),

  LLM_PROVIDER_KEYS: variable({
    schema: providerKeys(),
    group: LLM,
    about:
      'Keys of providers in one file, a line each: GROQ_API_KEY=…; a variable of the same name wins over its line.',
    secret: true,
  }),
  LLM_PROVIDER_URLS: variable({
    schema: providerUrls(),
    group: LLM,
    about: 'Other addresses for providers, such as a proxy’s: groq=https://…/v1,openai=https://…/v1.',
  }),
  GROQ_API_KEY: providerKey('Groq'),
  OPENROUTER_API_KEY: providerKey('OpenRouter'),
  OPENROUTER_APP_URL: variable({
    schema: httpUrl().optional(),
    group: LLM,
    about: 'Address by which OpenRouter lists this server among its apps (HTTP-Referer); nothing is sent without it.',
  }),
  OPENROUTER_APP_NAME: variable({
    schema: z
      .string()
      .regex(/^[\x20-\x7e]{1,100}$/, 'must be at most 100 characters of ASCII')
      .optional(),
    group: LLM,
    about: 'Name for the same list (X-Title).',
  }),
  OPENAI_API_KEY: providerKey('OpenAI'),
  ANTHROPIC_API_KEY: providerKey('Anthropic'),
  GEMINI_API_KEY: providerKey('Google Gemini'),
  MISTRAL_API_KEY: providerKey('Mistral'),
  DEEPSEEK_API_KEY: providerKey('DeepSeek'),
  TOGETHER_API_KEY: providerKey('Together AI'),
  FIREWORKS_API_KEY: providerKey('Fireworks AI'),
  COHERE_API_KEY: providerKey('Cohere'),
  XAI_API_KEY: providerKey('xAI'),
  CEREBRAS_API_KEY: providerKey('Cerebras'),
  SAMBANOVA_API_KEY: providerKey('SambaNova'),
  PERPLEXITY_API_KEY: providerKey('Perplexity'),
  AZURE_OPENAI_URL: variable({
    schema: httpUrl().optional(),
    group: LLM,
    about: 'The resource at Azure (https://<resource>.openai.azure.com); without it and its key the provider is off.',
  }),
  AZURE_OPENAI_API_KEY: providerKey('Azure OpenAI'),
  OLLAMA_URL: ollama.url,
  OLLAMA_API_KEY: ollama.key,
  VLLM_URL: vllm.url,
  VLLM_API_KEY: vllm.key,
  LLM_UPSTREAM_URL: variable({
    schema: httpUrl().optional(),
    group: LLM,
    about: 'Any other OpenAI-compatible provider, ending in /v1; in routes it is called custom.',
  }),
  LLM_UPSTREAM_KEY: variable({
    schema: secret().optional(),
    group: LLM,
    about: 'Its key; any word for a provider that asks for none.',
    secret: true,
  }),
  LLM_PRICES_FILE: variable({
    schema: z.string().optional(),
    group: LLM,
    about: 'Your own prices of models, laid over those that are shipped (llm-prices.yaml says how).',
  }),
  LLM_DAILY_BUDGET_USD: variable({
    schema: z.coerce.number().min(0).max(1_000_000).default(50),
    group: LLM,
    about:
      'What all completions of a day may cost; the operator is warned at 90 %, and once it is spent free providers answer. 0 = only free providers.',
  }),
  LLM_TIME_ZONE: variable({
    schema: timeZone(),
    group: LLM,
    about: 'Where the days and months of quotas and budgets begin: a time zone by its IANA name.',
  }),
  LLM_RESERVED_COMPLETION_TOKENS: variable({
    schema: z.coerce.number().int().min(1).max(1_000_000).default(4096),
    group: LLM,
    about:
      'Tokens of an answer that a budget sets aside before they are known; fewer when the request limits itself. A budget is overrun by at most what answers are longer.',
  }),
  USD_RATES: variable({
    schema: usdRates(),
    group: LLM,
    about:
      'What a unit of other currencies is in USD, for the operator’s own figures: EUR=1.08,DZD=0.0075. Revenue in a currency that is not named is shown beside the profit, not in it.',
  }),
  LLM_CACHE_TTL_S: variable({
    schema: z.coerce.number().int().min(1).max(86_400).default(3600),
    group: LLM,
    about: 'How long an answer is kept for a request that says nothing else (x-gateway-cache-ttl, up to a day).',
  }),
  LLM_MAX_LIVE_REQUESTS: variable({
    schema: z.coerce.number().int().min(1).max(20_000).default(2000),
    group: LLM,
    about: 'Requests under way at once in one gateway; more are told to come back.',
  }),
  LLM_SHED_AFTER_MS: variable({
    schema: milliseconds(300),
    group: 'LLM gateway',
    about:
      'How late the gateway’s own work may be before it refuses a part of the requests instead of being slow for all.',
  }),
  LLM_CONNECT_TIMEOUT_MS: variable({
    schema: milliseconds(3000),
    group: LLM,
    about: 'How long connecting to the provider may take.',
  }),
  LLM_FIRST_BYTE_TIMEOUT_MS: variable({
    schema: milliseconds(30_000),
    group: LLM,
    about: 'How long a provider may take before a stream begins.',
  }),
  LLM_ANSWER_TIMEOUT_MS: variable({
    schema: milliseconds(300_000),
    group: LLM,
    about: 'How long a provider may take for an answer in one piece.',
  }),
  LLM_IDLE_TIMEOUT_MS: variable({
    schema: milliseconds(60_000),
    group: LLM,
    about: 'How long a provider may be silent in the middle of an answer.',
  }),
} as const;

export type Variables = typeof variables;
export type VariableName = keyof Variables;
export type Config = Values<Variables>;
