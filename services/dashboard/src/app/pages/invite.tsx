import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { MailOpen, MailX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useMe } from '#features/identity/api/me.ts';
import { useAcceptInvitation } from '#features/identity/api/members.ts';
import { Button } from '#ui/button.tsx';
import { Card } from '#ui/card.tsx';
import { ErrorNotice } from '#ui/notice.tsx';
import { useDocumentTitle } from '#ui/page.tsx';
import { FocusedLayout } from '../layout/focused-layout.tsx';

export function InvitePage() {
  const { t } = useTranslation();
  const { token } = useSearch({ from: '/signed-in/invite' });
  useDocumentTitle(t('app.invite.title'));
  return (
    <FocusedLayout>
      <Card className="mx-auto my-auto w-full max-w-md p-7 text-center sm:p-9">
        {token === undefined ? <MissingToken /> : <Accept token={token} />}
      </Card>
    </FocusedLayout>
  );
}

function Accept({ token }: { token: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { user } = useMe();
  const accept = useAcceptInvitation();
  return (
    <>
      <MailOpen aria-hidden className="mx-auto size-8 text-accent" />
      <h1 className="mt-4 text-xl font-semibold">{t('app.invite.title')}</h1>
      <p className="mt-2 text-pretty text-muted">{t('app.invite.description', { email: user.email })}</p>
      <ErrorNotice error={accept.error} className="mt-5 text-left" />
      <Button
        size="lg"
        className="mt-6 w-full"
        isPending={accept.isPending}
        onClick={() => accept.mutate(token, { onSuccess: () => void navigate({ to: '/overview' }) })}
      >
        {t('app.invite.accept')}
      </Button>
    </>
  );
}

function MissingToken() {
  const { t } = useTranslation();
  return (
    <>
      <MailX aria-hidden className="mx-auto size-8 text-muted" />
      <h1 className="mt-4 text-xl font-semibold">{t('app.invite.missingTitle')}</h1>
      <p className="mt-2 text-pretty text-muted">{t('app.invite.missing')}</p>
      <Button asChild variant="secondary" className="mt-6">
        <Link to="/overview">{t('app.backToOverview')}</Link>
      </Button>
    </>
  );
}
