import { useTranslation } from 'react-i18next';
import { ApiError } from '#api/errors.ts';

/** What to tell people: our words for the codes they meet, else the API's own message, which is English. */
export function useErrorMessage(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    if (!(error instanceof ApiError)) return t('ui.error.unexpected');
    if (error.status === 0) return t('ui.error.unreachable');
    const known: unknown = i18n.getResource(i18n.language, 'translation', `errors.${error.code}`);
    if (typeof known === 'string')
      return i18n.services.interpolator.interpolate(known, error.details, i18n.language, {});
    return error.message === '' ? t('ui.error.unexpected') : error.message;
  };
}
