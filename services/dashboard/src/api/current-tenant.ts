import { useSyncExternalStore } from 'react';
import { readPreference, writePreference } from '#lib/preferences.ts';

const PREFERENCE = 'tenant';
const listeners = new Set<() => void>();
let current: string | null = readPreference(PREFERENCE);

/** The tenant every request is made for (header `x-tenant-id`); null until the user has one. */
export function currentTenantId(): string | null {
  return current;
}

export function setCurrentTenant(tenantId: string | null): void {
  if (tenantId === current) return;
  current = tenantId;
  writePreference(PREFERENCE, tenantId);
  for (const listener of listeners) listener();
}

export function useCurrentTenantId(): string | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, currentTenantId);
}

/** Query keys carry the tenant, so that nothing of one tenant is ever shown to another. */
export function tenantKey(...parts: readonly (string | number)[]): readonly (string | number | null)[] {
  return ['tenant', current, ...parts];
}
