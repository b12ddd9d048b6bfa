import { useTranslation } from 'react-i18next';
import { useCan } from '#features/identity/api/me.ts';
import { InvitationsCard } from '#features/identity/components/invitations-card.tsx';
import { MembersCard } from '#features/identity/components/members-card.tsx';
import { Page } from '#ui/page.tsx';

export function MembersPage() {
  const { t } = useTranslation();
  const canInvite = useCan('own');
  return (
    <Page title={t('app.members.title')} description={t('app.members.description')}>
      <MembersCard />
      {canInvite && <InvitationsCard />}
    </Page>
  );
}
