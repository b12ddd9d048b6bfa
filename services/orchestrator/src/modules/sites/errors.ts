import { defineError } from '#core/errors.ts';

export const SiteNameTaken = defineError<{ name: string }>(
  'site.name_taken',
  409,
  (d) => `There is a site ${d.name} already. Choose another name.`,
);
export const SiteBusy = defineError<{ siteId: string }>(
  'site.busy',
  409,
  'Another operation is changing this site. Wait until it has ended.',
);
export const SiteNotReady = defineError<{ status: string }>(
  'site.not_ready',
  409,
  (d) => `The site is not in use yet; it is ${d.status}.`,
);
