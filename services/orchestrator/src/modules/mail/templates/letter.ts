import type { Locale } from '../schemas.ts';

/** A mail in plain strings: the layout turns it into HTML and text, and is the one place that escapes. */
export interface Letter {
  subject: string;
  /** What an inbox shows beside the subject. */
  preview: string;
  heading: string;
  paragraphs: string[];
  button?: { label: string; url: string };
  facts?: { label: string; value: string }[];
  /** Small print: what to do when this mail came by mistake. */
  note?: string;
}

/** Picks the reader's language; both stand side by side, so that neither is forgotten. */
export interface Translate {
  (texts: Readonly<Record<Locale, string>>): string;
  date(iso: string): string;
  money(totalMinor: number, currency: string): string;
}

const TAGS: Readonly<Record<Locale, string>> = { en: 'en-GB', fr: 'fr-FR' };

export function translator(locale: Locale): Translate {
  const tag = TAGS[locale];
  return Object.assign((texts: Readonly<Record<Locale, string>>) => texts[locale], {
    date: (iso: string) =>
      new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(iso)) +
      ' UTC',
    money: (totalMinor: number, currency: string) =>
      new Intl.NumberFormat(tag, { style: 'currency', currency, minimumFractionDigits: 2 }).format(totalMinor / 100),
  });
}
