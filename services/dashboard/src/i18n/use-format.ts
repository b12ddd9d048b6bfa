import { useMemo } from 'react';
import { formatter } from '#lib/format.ts';
import { useLocale } from './use-locale.ts';

export function useFormat() {
  const locale = useLocale();
  return useMemo(() => formatter(locale), [locale]);
}
