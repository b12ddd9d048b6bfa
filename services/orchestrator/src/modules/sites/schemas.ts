import { z } from 'zod';
import { Slug } from '#modules/identity/tenants/schemas.ts';
import { SITE_STATUSES } from './status.ts';

const AppName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be the name of an app, like erpnext');

/** The same rules as a tenant's name in addresses: both stand before a domain of ours. */
export const SiteName = Slug.meta({ description: 'Lower-case name; the site is at <name>.<sites domain>.' });

export const CreateSite = z.object({
  name: SiteName.optional().meta({ description: 'Left out: the tenant’s slug, or the next free name made from it.' }),
  apps: z
    .array(AppName)
    .max(50)
    .optional()
    .meta({ description: 'Besides frappe. Left out: all that the tenant’s plans include.' }),
});
export type CreateSite = z.output<typeof CreateSite>;

export const Site = z
  .object({
    id: z.string(),
    name: z.string(),
    host: z.string(),
    url: z.string(),
    status: z.enum(SITE_STATUSES),
    apps: z.array(z.string()),
    planKey: z.string().nullable(),
    operationId: z.string().nullable().meta({ description: 'The last operation on the site; follow it for progress.' }),
    createdAt: z.iso.datetime(),
    readyAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Site' });
export type Site = z.output<typeof Site>;

export const SignInDetails = z
  .object({
    url: z.string(),
    username: z.string(),
    password: z
      .string()
      .meta({ description: 'The one that the site was made with; void once its owner has changed it.' }),
  })
  .meta({ id: 'SiteSignInDetails' });
export type SignInDetails = z.output<typeof SignInDetails>;

export const UsageMib = z.object({
  database: z.number(),
  public: z.number(),
  private: z.number(),
  backups: z.number(),
});
export type UsageMib = z.output<typeof UsageMib>;
