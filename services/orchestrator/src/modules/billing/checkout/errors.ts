import { defineError } from '#core/errors.ts';
import type { Provider } from '../gateways/gateway.ts';

export type Obstacle = 'paid' | 'processing' | 'voided' | 'withdrawn' | 'zero';

export const InvoiceNotPayable = defineError<{ invoiceId: string; reason: Obstacle }>(
  'invoice.not_payable',
  409,
  (d) => `The invoice cannot be paid: ${d.reason}.`,
);
export const PaymentRefused = defineError<{ reason: string }>(
  'payment.refused',
  422,
  (d) => `The payment provider does not take this payment: ${d.reason}`,
);

export const ProviderRequired = defineError<{ providers: Provider[] }>(
  'payment.provider_required',
  409,
  (d) => `This invoice can be paid in several ways: name one of ${d.providers.join(', ')} as "provider".`,
);
export const ProviderNotAvailable = defineError<{ provider: Provider; providers: Provider[] }>(
  'payment.provider_not_available',
  409,
  (d) =>
    `This invoice cannot be paid by ${d.provider}, because that provider is not set up here or does not take its currency or amount. It can be paid by ${d.providers.join(', ')}.`,
);
export const NoProviderFits = defineError<{ currency: string; amountMinor: number }>(
  'payment.no_provider',
  409,
  (d) =>
    `No payment provider of this server takes ${d.currency} ${(d.amountMinor / 100).toFixed(2)}, because of its currency, or because it takes whole amounts only. Ask its operator.`,
);
