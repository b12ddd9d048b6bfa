import type { Context } from '#core/context.ts';
import { hasChargily } from '../providers/chargily/client.ts';
import { PaymentsNotConfigured } from '../providers/errors.ts';
import { hasStripe } from '../providers/stripe/client.ts';
import { chargilyGateway } from './chargily.ts';
import type { PaymentGateway, Provider } from './gateway.ts';
import { stripeGateway } from './stripe.ts';

type Configured = Pick<Context, 'config'>;

/** Those whose keys the operator has given. */
const gateways = (ctx: Configured): PaymentGateway[] => [
  ...(hasStripe(ctx) ? [stripeGateway(ctx)] : []),
  ...(hasChargily(ctx) ? [chargilyGateway(ctx)] : []),
];

export const gatewaysFor = (ctx: Configured, amount: { currency: string; amountMinor: number }): PaymentGateway[] =>
  gateways(ctx).filter((gateway) => gateway.takes(amount));

/** Undefined when its keys are not (or no longer) there. */
export const findGateway = (ctx: Configured, provider: Provider): PaymentGateway | undefined =>
  gateways(ctx).find((gateway) => gateway.provider === provider);

export function gatewayOf(ctx: Configured, provider: Provider): PaymentGateway {
  const gateway = findGateway(ctx, provider);
  if (!gateway) throw PaymentsNotConfigured();
  return gateway;
}

/** Whether there is a payment provider at all. */
export const takesPayments = (ctx: Configured): boolean => gateways(ctx).length > 0;

/** The one that keeps cards, and charges them while nobody is there. */
export const cardGateway = (ctx: Configured) =>
  gateways(ctx).find(
    (gateway): gateway is PaymentGateway & Required<Pick<PaymentGateway, 'cards'>> => gateway.cards !== undefined,
  );
