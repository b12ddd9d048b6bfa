import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { ApiError } from '#api/errors.ts';

/** For actions without a form or dialog that could show their error in place. */
export function useErrorToast(): (error: unknown) => void {
  const { t } = useTranslation();
  return (error) => {
    const isApiError = error instanceof ApiError;
    if (isApiError && error.status === 0) return void toast.error(t('ui.error.unreachable'));
    const message = isApiError && error.message !== '' ? error.message : t('ui.error.unexpected');
    const reference =
      isApiError && error.requestId !== undefined
        ? t('ui.error.codeAndRequest', { code: error.code, requestId: error.requestId })
        : undefined;
    toast.error(message, reference === undefined ? {} : { description: reference });
  };
}
