import { useTranslation } from 'react-i18next';
import { chooseLocale, LOCALE_NAMES, LOCALES } from '#i18n/index.ts';
import { useLocale } from '#i18n/use-locale.ts';
import { Segmented } from '#ui/segmented.tsx';

export function LocaleSwitch() {
  const { t } = useTranslation();
  return (
    <Segmented
      legend={t('app.language')}
      name="locale"
      value={useLocale()}
      options={LOCALES.map((locale) => ({ value: locale, label: LOCALE_NAMES[locale] }))}
      onChange={(locale) => void chooseLocale(locale)}
    />
  );
}
