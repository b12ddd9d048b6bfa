import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { ApiError } from '#api/errors.ts';
import { useErrorMessage } from './use-error-message.ts';

/** For actions without a form or dialog that could show their error in place. */
export function useErrorToast(): (error: unknown) => void {
  const { t } = useTranslation();
  const messageOf = useErrorMessage();
  return (error) => {
    const reference =
      error instanceof ApiError && error.requestId !== undefined
        ? { description: t('ui.error.codeAndRequest', { code: error.code, requestId: error.requestId }) }
        : {};
    toast.error(messageOf(error), reference);
  };
}
