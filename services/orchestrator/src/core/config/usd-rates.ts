import { z } from 'zod';

const RATE = /^([A-Z]{3})=(\d{1,6}(?:\.\d{1,9})?)$/;
const NANO_DIGITS = 9;

/** `EUR=1.08,DZD=0.0075`: what one unit of a currency is in USD, as whole nano-dollars. A dollar is one. */
export const usdRates = () =>
  z
    .string()
    .default('')
    .transform((text, ctx) => {
      const rates = new Map<string, bigint>([['USD', 10n ** BigInt(NANO_DIGITS)]]);
      for (const entry of text.split(',').map((part) => part.trim())) {
        if (entry === '') continue;
        const [, currency = '', rate = ''] = RATE.exec(entry) ?? [];
        const nano = toNano(rate);
        if (nano <= 0n) ctx.addIssue(`'${entry}' must be like EUR=1.08, with at most nine decimals`);
        else if (rates.has(currency)) ctx.addIssue(`'${currency}' is there twice, or is USD itself`);
        else rates.set(currency, nano);
      }
      return rates;
    });

function toNano(decimal: string): bigint {
  const [whole = '', decimals = ''] = decimal.split('.');
  return BigInt(`${whole}${decimals.padEnd(NANO_DIGITS, '0')}`);
}
