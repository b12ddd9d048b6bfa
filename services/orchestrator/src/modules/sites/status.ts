/**
 * What a site's row may say and what may follow (contracts/frappe.md §7.3). Operations move it; a status is never set
 * from another one than is listed here.
 */
export const SITE_STATUSES = ['requested', 'provisioning', 'active', 'failed'] as const;
export type SiteStatus = (typeof SITE_STATUSES)[number];

const NEXT: Record<SiteStatus, readonly SiteStatus[]> = {
  requested: ['provisioning'],
  provisioning: ['active', 'failed'],
  active: [],
  failed: ['provisioning'],
};

export const statusesBefore = (status: SiteStatus): SiteStatus[] =>
  SITE_STATUSES.filter((from) => NEXT[from].includes(status));
