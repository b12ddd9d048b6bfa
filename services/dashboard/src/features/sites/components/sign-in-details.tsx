import { KeyRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '#ui/button.tsx';
import { CopyableText } from '#ui/copy-button.tsx';
import { Dialog } from '#ui/dialog.tsx';
import { Notice } from '#ui/notice.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';
import { useSignInDetails, type Site } from '../api/sites.ts';

/** How to sign in to a new site for the first time. */
export function SignInDetailsButton({ site }: { site: Site }) {
  const { t } = useTranslation();
  const details = useSignInDetails();
  const showError = useErrorToast();
  if (site.status !== 'active') return null;
  return (
    <>
      <Button
        variant="secondary"
        isPending={details.isPending}
        onClick={() => details.mutate(site.id, { onError: showError })}
      >
        <KeyRound aria-hidden />
        {t('sites.signIn.show')}
      </Button>
      {details.data && (
        <Dialog
          open
          onOpenChange={details.reset}
          title={t('sites.signIn.title')}
          description={t('sites.signIn.description')}
        >
          <div className="space-y-4">
            <Detail label={t('sites.signIn.url')} text={details.data.url} />
            <Detail label={t('sites.signIn.username')} text={details.data.username} />
            <Detail label={t('sites.signIn.password')} text={details.data.password} />
            <Notice tone="warning">{t('sites.signIn.change')}</Notice>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Detail({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <p className="mb-1.5 font-medium">{label}</p>
      <CopyableText text={text} label={label} />
    </div>
  );
}
