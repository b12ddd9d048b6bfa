import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Config } from '#core/config/variables.ts';
import type { Context } from '#core/context.ts';
import { equalsSecret } from '#core/crypto/tokens.ts';
import { PaymentsNotConfigured, ProviderRefused, ProviderUnavailable } from '../errors.ts';

type Configured = Pick<Context, 'config'>;

const TIMEOUT_MS = 10_000;

/** Amounts are whole dinars, times are seconds. */
export const Checkout = z.object({
  id: z.string().min(1),
  livemode: z.boolean(),
  amount: z.number(),
  currency: z.string(),
  status: z.string(),
  // An empty map comes as a list from a Laravel application.
  metadata: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish(),
  created_at: z.number(),
  checkout_url: z.string(),
});
export type Checkout = z.output<typeof Checkout>;

const CheckoutList = z.object({ data: z.array(Checkout), next_page_url: z.string().nullish() });
const Refusal = z.object({ message: z.string().optional(), errors: z.unknown().optional() });

export interface NewCheckout {
  amount: number;
  currency: 'dzd';
  success_url: string;
  failure_url: string;
  webhook_endpoint: string;
  description: string;
  locale: 'en' | 'fr';
  /** The customer pays what the invoice says; Chargily's fee is the operator's. */
  chargily_pay_fees_allocation: 'merchant';
  metadata: Record<string, string>;
}

/** Chargily Pay V2 (contracts/billing.md C). Own: the vendor's client throws away why it was refused. */
export const chargily = (ctx: Configured) => ({
  createCheckout: (checkout: NewCheckout) =>
    call(ctx, Checkout, { method: 'POST', path: '/checkouts', body: checkout }),
  readCheckout: (id: string) => call(ctx, Checkout, { method: 'GET', path: `/checkouts/${encodeURIComponent(id)}` }),
  expireCheckout: (id: string) =>
    call(ctx, z.unknown(), { method: 'POST', path: `/checkouts/${encodeURIComponent(id)}/expire` }),
  /** Newest first. */
  listCheckouts: (page: number) =>
    call(ctx, CheckoutList, { method: 'GET', path: `/checkouts?per_page=50&page=${page}` }),
});

export const hasChargily = ({ config }: Configured): boolean => config.CHARGILY_SECRET_KEY !== undefined;

const keyOf = ({ CHARGILY_SECRET_KEY: key }: Config): string => {
  if (key === undefined) throw PaymentsNotConfigured();
  return key;
};

/** The key's mode, and with it the address: a key of one mode is unknown to the other. */
export const isLiveKey = ({ config }: Configured): boolean => keyOf(config).startsWith('live_');

/** HMAC over the raw bytes by the API's own secret key. Nothing in it says when: an old delivery verifies as well. */
export function isSignedByChargily({ config }: Configured, rawBody: Buffer, signature: string): boolean {
  return equalsSecret(signature, createHmac('sha256', keyOf(config)).update(rawBody).digest('hex'));
}

interface Request {
  method: 'GET' | 'POST';
  path: string;
  body?: NewCheckout;
}

async function call<S extends z.ZodType>(
  ctx: Configured,
  schema: S,
  { method, path, body }: Request,
): Promise<z.output<S>> {
  const url = `${ctx.config.CHARGILY_API_URL}${isLiveKey(ctx) ? '' : '/test'}/api/v2${path}`;
  const { status, text } = await send(url, method, keyOf(ctx.config), body);
  const answer = parse(text);
  const what = `${method} ${path.split('?')[0] ?? path}`;
  if (status >= 500 || status === 429 || status === 408)
    throw ProviderUnavailable('Chargily', `${status} to ${what}`, { status });
  if (status >= 400) {
    const { message, errors } = Refusal.safeParse(answer).data ?? {};
    throw new ProviderRefused('Chargily', status, message ?? 'no reason given', errors);
  }
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw ProviderUnavailable('Chargily', `unexpected answer to ${what}: ${parsed.error.message}`, {
    cause: parsed.error,
  });
}

async function send(
  url: string,
  method: string,
  key: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${key}`, accept: 'application/json', 'content-type': 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw ProviderUnavailable('Chargily', `${method} ${url}: ${(error as Error).message}`, { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
