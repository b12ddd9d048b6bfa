const ZERO_DECIMALS = new Set(['BIF', 'CLP', 'GNF', 'JPY', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'XAF', 'XOF']);
const THREE_DECIMALS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** How many minor units make one unit. Vendors count the Algerian dinar in centimes although nobody pays with them. */
export function minorUnits(currency: string): number {
  const code = currency.toUpperCase();
  return ZERO_DECIMALS.has(code) ? 1 : THREE_DECIMALS.has(code) ? 1000 : 100;
}

/** `2 500.00 DZD`: for people on the pay pages. */
export function formatMinor(amountMinor: number, currency: string): string {
  const factor = minorUnits(currency);
  const digits = Math.log10(factor);
  const amount = (amountMinor / factor).toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${amount} ${currency.toUpperCase()}`;
}
