import { z } from 'zod';
import { Role } from '../authorization.ts';

export const Locale = z.enum(['en', 'fr']);
export type Locale = z.output<typeof Locale>;

export const Membership = z
  .object({ id: z.string(), slug: z.string(), name: z.string(), role: Role })
  .meta({ id: 'Membership', description: 'A tenant, and what one is in it.' });
export type Membership = z.output<typeof Membership>;

export const Me = z
  .object({
    user: z.object({ id: z.string(), email: z.string(), name: z.string(), locale: Locale }),
    roles: z.array(z.string()).meta({ description: 'Platform roles.' }),
    tenants: z.array(Membership),
    gatewayUrl: z.string().meta({ description: 'Base URL for OpenAI clients.' }),
  })
  .meta({ id: 'Me' });
export type Me = z.output<typeof Me>;

export const UpdateMe = z.object({ locale: Locale });
export type UpdateMe = z.output<typeof UpdateMe>;

const providerRoles = z.object({ roles: z.array(z.string()).catch([]) }).catch({ roles: [] });

/** What we read of a provider's token, in Keycloak's words. */
export const Claims = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().min(3).max(320),
  email_verified: z.boolean().catch(false),
  name: z.string().max(255).optional().catch(undefined),
  preferred_username: z.string().max(255).optional().catch(undefined),
  locale: z.string().optional().catch(undefined),
  realm_access: providerRoles.default({ roles: [] }),
  iat: z.number(),
  sid: z.string().max(255).optional(),
});
export type Claims = z.output<typeof Claims>;
