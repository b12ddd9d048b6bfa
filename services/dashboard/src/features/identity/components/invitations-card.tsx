import { MailOpen } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Button } from '#ui/button.tsx';
import { Card, CardHeader } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { MoreButton } from '#ui/more-button.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { Table } from '#ui/table.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';
import { useInvitations, useRevokeInvitation, type Invitation } from '../api/members.ts';

export function InvitationsCard() {
  const { t } = useTranslation();
  const invitations = useInvitations();
  return (
    <Card>
      <CardHeader title={t('identity.invitations.title')} description={t('identity.invitations.description')} />
      <Loaded query={invitations} skeleton={<ListSkeleton rows={1} />} errorClassName="m-5">
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={MailOpen}
              title={t('identity.invitations.emptyTitle')}
              hint={t('identity.invitations.emptyHint')}
            />
          ) : (
            <InvitationsTable invitations={items} />
          )
        }
      </Loaded>
      <MoreButton query={invitations} />
    </Card>
  );
}

function InvitationsTable({ invitations }: { invitations: readonly Invitation[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const revoke = useRevokeInvitation();
  const showError = useErrorToast();
  return (
    <Table
      caption={t('identity.invitations.title')}
      rows={invitations}
      rowKey={(invitation) => invitation.id}
      columns={[
        {
          key: 'email',
          header: t('identity.invitations.email'),
          className: 'font-medium wrap-anywhere',
          cell: (invitation) => invitation.email,
        },
        {
          key: 'role',
          header: t('identity.members.role'),
          cell: (invitation) => t(`identity.roles.${invitation.role}`),
        },
        {
          key: 'expires',
          header: t('identity.invitations.expires'),
          className: 'text-muted',
          cell: (invitation) => format.relative(invitation.expiresAt),
        },
        {
          key: 'actions',
          header: t('ui.actions'),
          isHeaderHidden: true,
          align: 'end',
          cell: (invitation) => (
            <Button
              variant="dangerGhost"
              size="sm"
              aria-label={t('identity.invitations.revokeOne', { email: invitation.email })}
              isPending={revoke.isPending && revoke.variables === invitation.id}
              onClick={() => revoke.mutate(invitation.id, { onError: showError })}
            >
              {t('identity.invitations.revoke')}
            </Button>
          ),
        },
      ]}
    />
  );
}
