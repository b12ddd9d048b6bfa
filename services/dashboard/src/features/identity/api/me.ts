import { queryOptions, useMutation, useQueryClient, useSuspenseQuery, type QueryClient } from '@tanstack/react-query';
import { api, unwrap, type ResponseOf } from '#api/client.ts';
import { setCurrentTenant, useCurrentTenantId } from '#api/current-tenant.ts';
import { ApiError } from '#api/errors.ts';
import type { Locale } from '#i18n/index.ts';
import { leaveFor } from '#lib/leave.ts';

export type Me = ResponseOf<'/v1/me', 'get'>;
export type Membership = Me['tenants'][number];
export type Role = Membership['role'];

export const ROLES = ['owner', 'editor', 'viewer'] as const satisfies readonly Role[];

/** Who is signed in; null when nobody is. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await unwrap(api.GET('/v1/me'));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** Only inside the signed-in part of the router, which has loaded it. */
export function useMe(): Me {
  const { data } = useSuspenseQuery(meQuery);
  if (!data) throw new ApiError('', { status: 401, code: 'auth.required' });
  return data;
}

/** The tenant the page is about; null before the first one exists. */
export function useMembership(): Membership | null {
  const { tenants } = useMe();
  const tenantId = useCurrentTenantId();
  return tenants.find((tenant) => tenant.id === tenantId) ?? tenants[0] ?? null;
}

/** Keeps a remembered tenant only while its user is a member of it. */
export function settleTenant(me: Me, remembered: string | null): void {
  const membership = me.tenants.find((tenant) => tenant.id === remembered) ?? me.tenants[0];
  setCurrentTenant(membership?.id ?? null);
}

type Ability = 'change' | 'own';

/** Mirrors the API's roles so that nobody is offered what it would refuse; the API decides. */
export function useCan(ability: Ability): boolean {
  const role = useMembership()?.role;
  return role === 'owner' || (role === 'editor' && ability === 'change');
}

export function useUpdateMyLocale() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (locale: Locale) => unwrap(api.PATCH('/v1/me', { body: { locale } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
}

/** In passing, without a word: at worst the next mail is in the other language. */
export async function saveMyLocale(queryClient: QueryClient, me: Me, locale: Locale): Promise<void> {
  const saved: Me = { ...me, user: { ...me.user, locale } };
  queryClient.setQueryData(meQuery.queryKey, saved);
  await unwrap(api.PATCH('/v1/me', { body: { locale } })).catch(() => undefined);
}

export function useSignOut() {
  return useMutation({
    mutationFn: () => unwrap(api.POST('/auth/logout')),
    // A full load: nothing of the session stays in memory.
    onSuccess: ({ redirectUrl }) => leaveFor(redirectUrl),
  });
}

export function signInUrl(returnTo: string): string {
  return `/auth/login?returnTo=${encodeURIComponent(returnTo)}`;
}
