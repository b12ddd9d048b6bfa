import { useTranslation } from 'react-i18next';

/** Text for a name that the API or an operator chose, such as a step's: the fallback when our dictionary lacks it. */
export function useKnownText(): (path: string, fallback: string) => string {
  const { i18n } = useTranslation();
  return (path, fallback) => {
    const known: unknown = i18n.getResource(i18n.language, 'translation', path);
    return typeof known === 'string' ? known : fallback;
  };
}
