import type { Locale } from '#i18n/index.ts';

const MINUTE_MS = 60_000;
const UNITS = [
  ['year', 365 * 24 * 60],
  ['month', 30 * 24 * 60],
  ['day', 24 * 60],
  ['hour', 60],
  ['minute', 1],
] as const;

/** Everything a reader sees as a figure, in their language's way. */
export function formatter(locale: Locale) {
  // 'en' alone means month/day order to Intl; the product's English is the international one.
  const tag = locale === 'en' ? 'en-GB' : 'fr-FR';
  return {
    number: (value: number) => new Intl.NumberFormat(tag).format(value),
    compact: (value: number) =>
      new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 1 }).format(value),
    money: (amountMinor: number, currency: string) => money(tag, amountMinor, currency),
    price: (amountMinor: number, currency: string) =>
      money(tag, amountMinor, currency, { trailingZeroDisplay: 'stripIfInteger' }),
    /** Costs of single requests are far below a cent. */
    nanoUsd: (amountNano: number) =>
      new Intl.NumberFormat(tag, {
        style: 'currency',
        currency: 'USD',
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: 2,
        maximumFractionDigits: fractionDigits(amountNano),
      }).format(amountNano / 1e9),
    date: (iso: string) => new Intl.DateTimeFormat(tag, { dateStyle: 'medium' }).format(new Date(iso)),
    dateTime: (iso: string) =>
      new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso)),
    day: (iso: string) =>
      new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(iso)),
    relative: (iso: string, nowMs = Date.now()) => relative(tag, Date.parse(iso) - nowMs),
    seconds: (ms: number) =>
      new Intl.NumberFormat(tag, {
        style: 'unit',
        unit: 'second',
        unitDisplay: 'narrow',
        maximumFractionDigits: ms < 10_000 ? 1 : 0,
      }).format(ms / 1000),
    list: (items: readonly string[]) => new Intl.ListFormat(tag, { type: 'conjunction' }).format(items),
  };
}

function fractionDigits(amountNano: number): number {
  if (amountNano === 0 || amountNano >= 1e9) return 2;
  return amountNano >= 1e7 ? 4 : 6;
}

function money(tag: string, amountMinor: number, currency: string, options: Intl.NumberFormatOptions = {}): string {
  const format = new Intl.NumberFormat(tag, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    ...options,
  });
  const digits =
    new Intl.NumberFormat(tag, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amountMinor / 10 ** digits);
}

function relative(tag: string, differenceMs: number): string {
  const minutes = differenceMs / MINUTE_MS;
  const format = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
  const unit = UNITS.find(([, size]) => Math.abs(minutes) >= size);
  return unit ? format.format(Math.round(minutes / unit[1]), unit[0]) : format.format(0, 'second');
}
