import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Avatar } from '#ui/avatar.tsx';
import { Badge } from '#ui/badge.tsx';
import { Button } from '#ui/button.tsx';
import { Card, CardHeader } from '#ui/card.tsx';
import { ConfirmDialog } from '#ui/confirm-dialog.tsx';
import { SelectField } from '#ui/field.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { MoreButton } from '#ui/more-button.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { Table } from '#ui/table.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';
import { useChangeRole, useMembers, useRemoveMember, type Member } from '../api/members.ts';
import { ROLES, useCan, useMe } from '../api/me.ts';
import { InviteDialog } from './invite-dialog.tsx';

export function MembersCard() {
  const { t } = useTranslation();
  const members = useMembers();
  const canManage = useCan('own');
  const [isInviting, setInviting] = useState(false);
  return (
    <Card>
      <CardHeader
        title={t('identity.members.title')}
        description={t('identity.members.description')}
        {...(canManage
          ? {
              actions: (
                <Button onClick={() => setInviting(true)}>
                  <UserPlus aria-hidden />
                  {t('identity.members.invite')}
                </Button>
              ),
            }
          : {})}
      />
      <Loaded query={members} skeleton={<ListSkeleton />} errorClassName="m-5">
        {({ items }) => <MembersTable members={items} canManage={canManage} />}
      </Loaded>
      <MoreButton query={members} />
      {isInviting && <InviteDialog open onOpenChange={setInviting} />}
    </Card>
  );
}

function MembersTable({ members, canManage }: { members: readonly Member[]; canManage: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { user } = useMe();
  const [leaving, setLeaving] = useState<Member | null>(null);
  return (
    <>
      <Table
        caption={t('identity.members.title')}
        rows={members}
        rowKey={(member) => member.id}
        columns={[
          {
            key: 'name',
            header: t('identity.members.member'),
            cell: (member) => (
              <div className="flex items-center gap-3 text-left">
                <Avatar name={member.name} className="max-sm:hidden" />
                <div className="min-w-0 max-sm:text-right">
                  <p className="font-medium wrap-anywhere">
                    {member.name}{' '}
                    {member.userId === user.id && <Badge className="h-5 px-2">{t('identity.members.you')}</Badge>}
                  </p>
                  <p className="wrap-anywhere text-muted">{member.email}</p>
                </div>
              </div>
            ),
          },
          {
            key: 'role',
            header: t('identity.members.role'),
            cell: (member) =>
              canManage && member.userId !== user.id ? (
                <RoleSelect member={member} />
              ) : (
                t(`identity.roles.${member.role}`)
              ),
          },
          {
            key: 'since',
            header: t('identity.members.since'),
            className: 'text-muted',
            cell: (member) => format.date(member.createdAt),
          },
          ...(canManage
            ? [
                {
                  key: 'actions',
                  header: t('ui.actions'),
                  isHeaderHidden: true,
                  align: 'end' as const,
                  cell: (member: Member) =>
                    member.userId !== user.id && (
                      <Button
                        variant="dangerGhost"
                        size="sm"
                        onClick={() => setLeaving(member)}
                        aria-label={t('identity.members.removeOne', { name: member.name })}
                      >
                        {t('identity.members.remove')}
                      </Button>
                    ),
                },
              ]
            : []),
        ]}
      />
      {leaving && <RemoveMember member={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}

function RoleSelect({ member }: { member: Member }) {
  const { t } = useTranslation();
  const changeRole = useChangeRole();
  const showError = useErrorToast();
  return (
    <SelectField
      name={`role-${member.id}`}
      label={t('identity.members.roleOf', { name: member.name })}
      hideLabel
      className="w-36"
      disabled={changeRole.isPending}
      value={changeRole.isPending ? changeRole.variables.role : member.role}
      options={ROLES.map((role) => ({ value: role, label: t(`identity.roles.${role}`) }))}
      onChange={(event) => {
        const role = ROLES.find((known) => known === event.target.value);
        if (role) changeRole.mutate({ memberId: member.id, role }, { onError: showError });
      }}
    />
  );
}

function RemoveMember({ member, onClose }: { member: Member; onClose: () => void }) {
  const { t } = useTranslation();
  const remove = useRemoveMember();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t('identity.members.confirmTitle', { name: member.name })}
      description={t('identity.members.confirmDescription')}
      confirmLabel={t('identity.members.remove')}
      onConfirm={() => remove.mutate(member.id, { onSuccess: onClose })}
      isPending={remove.isPending}
      error={remove.error}
    />
  );
}
