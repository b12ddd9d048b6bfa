import { z } from 'zod';
import { llmVariables } from './llm-variables.ts';
import { type Values, httpUrl, milliseconds, port, secret, urlOf, variable } from './variable.ts';

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
    about: 'Secret or restricted key. Without it and the next nobody pays by Stripe.',
    secret: true,
  }),
  STRIPE_WEBHOOK_SECRET: variable({
    schema: secret().optional(),
    group: 'Billing',
    about: 'Signing secret (whsec_…) of the endpoint /webhooks/stripe.',
    secret: true,
  }),
  CHARGILY_API_URL: variable({
    schema: httpUrl().default('https://pay.chargily.net'),
    group: 'Billing',
    about: 'Chargily Pay, without /api/v2; the key says whether it is the test or the live mode.',
  }),
  CHARGILY_SECRET_KEY: variable({
    schema: z
      .string()
      .regex(/^(test|live)_sk_/, 'must be a secret key of Chargily Pay: test_sk_… or live_sk_…')
      .optional(),
    group: 'Billing',
    about: 'Secret key of Chargily Pay; signs its webhooks too. Without it nobody pays by CIB or EDAHABIA.',
    secret: true,
  }),
  CHARGILY_WEBHOOK_URL: variable({
    schema: httpUrl().optional(),
    group: 'Billing',
    about: 'Where Chargily reaches /webhooks/chargily when that is not under PUBLIC_URL.',
  }),
  BILLING_RECONCILE_MS: variable({
    schema: milliseconds(15 * 60_000),
    group: 'Billing',
    about: 'How often open invoices and payments are compared with their owners.',
  }),
  BILLING_UNPAID_HOURS: variable({
    schema: z.coerce.number().positive().max(8760).default(48),
    group: 'Billing',
    about: 'How long an order or an upgrade may stay unpaid; then it is taken back and its invoice voided.',
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

  ...llmVariables,
} as const;

export type Variables = typeof variables;
export type VariableName = keyof Variables;
export type Config = Values<Variables>;
