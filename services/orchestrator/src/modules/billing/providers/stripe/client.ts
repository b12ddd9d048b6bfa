import Stripe from 'stripe';
import type { Config } from '#core/config/variables.ts';
import type { Context } from '#core/context.ts';
import { PaymentsNotConfigured, ProviderRefused, ProviderUnavailable } from '../errors.ts';

type Configured = Pick<Context, 'config'>;

const clients = new WeakMap<Config, Stripe>();

/** The official client, pinned to the version whose fields we read (contracts/billing.md B). */
export function stripeClient({ config }: Configured): Stripe {
  const key = config.STRIPE_SECRET_KEY;
  if (key === undefined) throw PaymentsNotConfigured();
  let stripe = clients.get(config);
  if (!stripe) {
    const { hostname, port, protocol } = new URL(config.STRIPE_API_URL);
    stripe = new Stripe(key, {
      apiVersion: '2026-10-28.endive',
      host: hostname,
      protocol: protocol === 'http:' ? 'http' : 'https',
      ...(port !== '' && { port }),
      timeout: 10_000,
      // Retries carry the same idempotency key, so a lost answer makes nothing twice.
      maxNetworkRetries: 2,
      telemetry: false,
    });
    clients.set(config, stripe);
  }
  return stripe;
}

/** A call of the client, with Stripe's errors as everybody's: no usable answer, or a refusal. */
export async function callStripe<T>(ctx: Configured, call: (stripe: Stripe) => Promise<T>): Promise<T> {
  try {
    return await call(stripeClient(ctx));
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    const status = error.statusCode ?? 0;
    if (status === 0 || status >= 500 || status === 409 || status === 429)
      throw ProviderUnavailable('Stripe', error.message, { status, cause: error });
    throw new ProviderRefused('Stripe', status, error.code ?? error.type, error.message);
  }
}

export const hasStripe = ({ config }: Configured): boolean => config.STRIPE_SECRET_KEY !== undefined;

/** Undefined when the signature is not ours, or older than five minutes. */
export function verifyStripeEvent(
  ctx: Configured,
  rawBody: Buffer,
  signature: string,
): { id: string; type: string } | undefined {
  const { STRIPE_WEBHOOK_SECRET: secret } = ctx.config;
  if (secret === undefined) throw PaymentsNotConfigured();
  const { webhooks } = stripeClient(ctx);
  try {
    return webhooks.constructEvent(rawBody, signature, secret);
  } catch {
    return undefined;
  }
}
