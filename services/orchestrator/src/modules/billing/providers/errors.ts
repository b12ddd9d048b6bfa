import { AppError, defineError } from '#core/errors.ts';
import { Unrecoverable } from '#core/jobs/run.ts';

/** What the API answers; see `ProviderUnavailable`. */
export const NoUsableAnswer = defineError<{ provider: string }>(
  'billing.provider_unavailable',
  503,
  (d) => `The payment system does not answer right now (${d.provider}). Try again in a few seconds.`,
  { retryAfterS: 5 },
);

/** Neither key nor signing secret were given: an operator's decision, or something they have not got to yet. */
export const PaymentsNotConfigured = defineError(
  'payment.not_configured',
  409,
  'Payments are not set up on this server, because it has no keys of a payment provider. Ask its operator, who sets the secrets stripe_secret_key and stripe_webhook_secret, or chargily_secret_key.',
);

/**
 * No usable answer: the call may or may not have been carried out, so only a repeatable call may follow. `reason` is for
 * the log, and never shown; `status` is there when the provider did answer, with a failure of its own.
 */
export function ProviderUnavailable(provider: string, reason: string, failure: { status?: number; cause?: unknown }) {
  return NoUsableAnswer({ provider }, { cause: new ProviderFailure(reason, failure.status, { cause: failure.cause }) });
}

class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';
  readonly status: number | undefined;

  constructor(reason: string, status: number | undefined, options: ErrorOptions) {
    super(reason, options);
    this.status = status;
  }
}

export const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.code === NoUsableAnswer.code;

/** It did answer, with a failure of its own (and Stripe keeps that under the idempotency key). */
export const isKeptFailure = (error: unknown): boolean =>
  error instanceof AppError && error.cause instanceof ProviderFailure && (error.cause.status ?? 0) >= 500;

/** The provider answered, and said no. */
export class ProviderRefused extends Error {
  override readonly name = 'ProviderRefused';
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor(provider: string, status: number, code: string, details?: unknown) {
    super(`${provider} refused: ${status} ${code}${details === undefined ? '' : ` ${JSON.stringify(details)}`}`);
    this.status = status;
    this.code = code;
    this.details = details;
  }

  /** In its own words, as far as they are words. */
  get said(): string {
    return typeof this.details === 'string' ? this.details : this.code;
  }

  /** The request itself is wrong. A missing plan (404) or a wrong key (401, 403) is mended by an operator, so wait. */
  get isPermanent(): boolean {
    return [400, 405, 422].includes(this.status);
  }
}

/** For jobs: what cannot get better by waiting goes to a person at once. */
export async function orGiveUp<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProviderRefused && error.isPermanent) throw new Unrecoverable(error.message, { cause: error });
    throw error;
  }
}
