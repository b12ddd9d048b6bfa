import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { readPreference, writePreference } from '#lib/preferences.ts';

export const LOCALES = ['en', 'fr'] as const;
export type Locale = (typeof LOCALES)[number];

/** A language's own name is the same in every language. */
export const LOCALE_NAMES: Record<Locale, string> = { en: 'English', fr: 'Français' };

// One chunk per language: nobody downloads the other one.
const dictionaries = {
  en: () => import('#locales/en/index.ts'),
  fr: () => import('#locales/fr/index.ts'),
} satisfies Record<Locale, () => Promise<unknown>>;

export function asLocale(value: string | null | undefined): Locale | null {
  return LOCALES.find((locale) => locale === value?.slice(0, 2).toLowerCase()) ?? null;
}

/** The language chosen in this browser, whoever is signed in. */
export function chosenLocale(): Locale | null {
  return asLocale(readPreference('locale'));
}

export function chooseLocale(locale: Locale): Promise<void> {
  writePreference('locale', locale);
  return showLocale(locale);
}

export function shownLocale(): Locale {
  return asLocale(i18next.language) ?? 'en';
}

export async function showLocale(locale: Locale): Promise<void> {
  if (!i18next.hasResourceBundle(locale, 'translation')) {
    const dictionary = await dictionaries[locale]();
    i18next.addResourceBundle(locale, 'translation', dictionary.default);
  }
  await i18next.changeLanguage(locale);
  document.documentElement.lang = locale;
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: {},
    fallbackLng: false,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  const preferred = navigator.languages.map(asLocale).find((locale) => locale !== null);
  await showLocale(chosenLocale() ?? preferred ?? 'en');
}
