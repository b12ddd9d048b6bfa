import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ItemOf, type RequestOf } from '#api/client.ts';
import { setCurrentTenant, tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { usePages } from '#api/pages.ts';
import { meQuery, type Role } from './me.ts';

export type Member = ItemOf<'/v1/members'>;
export type Invitation = ItemOf<'/v1/invitations'>;
export type NewInvitation = RequestOf<'/v1/invitations', 'post'>;

const MEMBERS = 'members';
const INVITATIONS = 'invitations';

export function useMembers() {
  return usePages({
    key: tenantKey(MEMBERS),
    fetchPage: (query) => unwrap(api.GET('/v1/members', { params: { query } })),
  });
}

export function useChangeRole() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ memberId, role }: { memberId: string; role: Role }) =>
      unwrap(api.PATCH('/v1/members/{memberId}', { params: { path: { memberId } }, body: { role } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: tenantKey(MEMBERS) }),
  });
}

export function useRemoveMember() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (memberId: string) => unwrap(api.DELETE('/v1/members/{memberId}', { params: { path: { memberId } } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: tenantKey(MEMBERS) }),
  });
}

export function useInvitations() {
  return usePages({
    key: tenantKey(INVITATIONS),
    fetchPage: (query) => unwrap(api.GET('/v1/invitations', { params: { query } })),
  });
}

export function useInvite() {
  const queryClient = useQueryClient();
  const mutationFn = useIntent((body: NewInvitation, headers) =>
    unwrap(api.POST('/v1/invitations', { body, headers })),
  );
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: tenantKey(INVITATIONS) }),
  });
}

export function useRevokeInvitation() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (invitationId: string) =>
      unwrap(api.DELETE('/v1/invitations/{invitationId}', { params: { path: { invitationId } } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: tenantKey(INVITATIONS) }),
  });
}

export function useAcceptInvitation() {
  const queryClient = useQueryClient();
  const mutationFn = useIntent((token: string, headers) =>
    unwrap(api.POST('/v1/invitations/accept', { body: { token }, headers })),
  );
  return useMutation({
    mutationFn,
    onSuccess: async ({ tenant }) => {
      await queryClient.refetchQueries({ queryKey: meQuery.queryKey });
      setCurrentTenant(tenant.id);
    },
  });
}
