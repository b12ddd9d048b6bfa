import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap, type ItemOf, type RequestOf } from '#api/client.ts';
import { tenantKey } from '#api/current-tenant.ts';
import { useIntent } from '#api/intent.ts';
import { usePages } from '#api/pages.ts';

export type Site = ItemOf<'/v1/sites'>;
export type SiteStatus = Site['status'];
export type NewSite = RequestOf<'/v1/sites', 'post'>;

const SITES = 'sites';
const POLL_MS = 3000;

interface WatchOptions {
  /** Ask again although no site is under way: one is about to appear. */
  expectsOne?: boolean;
}

export function useSites({ expectsOne = false }: WatchOptions = {}) {
  return usePages({
    key: tenantKey(SITES),
    fetchPage: (query) => unwrap(api.GET('/v1/sites', { params: { query } })),
    pollMs: (items) => (items.some(isUnderWay) || (expectsOne && items.length === 0)) && POLL_MS,
  });
}

export function useSite(siteId: string) {
  return useQuery({
    queryKey: tenantKey(SITES, siteId),
    queryFn: () => unwrap(api.GET('/v1/sites/{siteId}', { params: { path: { siteId } } })),
    refetchInterval: (query) => (query.state.data && isUnderWay(query.state.data) ? POLL_MS : false),
  });
}

export function useCreateSite() {
  const queryClient = useQueryClient();
  const mutationFn = useIntent((body: NewSite, headers) => unwrap(api.POST('/v1/sites', { body, headers })));
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: tenantKey(SITES) }),
  });
}

/** The administrator's first password; the audit log says who looked. */
export function useSignInDetails() {
  return useMutation({
    mutationFn: (siteId: string) =>
      unwrap(api.POST('/v1/sites/{siteId}/sign-in-details', { params: { path: { siteId } } })),
    // A password has no business in a cache.
    gcTime: 0,
  });
}

export function useRefreshSites(): () => void {
  const queryClient = useQueryClient();
  return () => void queryClient.invalidateQueries({ queryKey: tenantKey(SITES) });
}

export function isUnderWay(site: Site): boolean {
  return site.status === 'requested' || site.status === 'provisioning';
}
