import { z } from 'zod';
import { Name } from '#core/text.ts';

export const Currency = z.enum(['EUR', 'USD', 'DZD']);
export type Currency = z.output<typeof Currency>;

export const Tenant = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    currency: Currency,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' });
export type Tenant = z.output<typeof Tenant>;

/** A slug becomes a host name beside ours: these would look like, or be, something else of the platform. */
const RESERVED: ReadonlySet<string> = new Set(
  `about account accounts admin administrator agent agents alertmanager api app apps assets auth autoconfig
   autodiscover backup bastide billing blog cdn chat cloud console dashboard dns docs download email files ftp gateway
   git grafana health help host hostmaster identity imap info internal invoice keycloak lago legal llm localhost login
   logout loki mail metrics minio monitoring noc noreply ns1 ns2 oauth oidc pay payment payments pop3 portal postal
   postmaster prometheus proxy public register registry root security signin signup site sites smtp ssl sso staff
   static stats status storage support sysadmin system tls traefik usercontent webmail webmaster webhooks wpad www
   cold-dm battlecards objection community-finder carousel cold-email pitch-deck whitepaper deck-heatmap webinar
   warmranker no-show-shield`.split(/\s+/),
);

export const Slug = z
  .string()
  .min(3, 'must have at least 3 characters')
  .max(32, 'must have at most 32 characters')
  .regex(/^[a-z0-9-]+$/, 'may only have a–z, 0–9 and dashes')
  .regex(/^[^-].*[^-]$/, 'must not begin or end with a dash')
  // xn--… is how DNS spells other alphabets: a slug like that would be shown as another name.
  .refine((slug) => !slug.startsWith('xn--'), 'must not begin with xn--')
  .refine((slug) => !RESERVED.has(slug), 'is reserved')
  .meta({ description: 'Lower-case name in addresses; the first site is <slug>.<sites domain>.' });

export const CreateTenant = z.object({ name: Name, slug: Slug, currency: Currency });
export type CreateTenant = z.output<typeof CreateTenant>;

export const UpdateTenant = z.object({ name: Name });
export type UpdateTenant = z.output<typeof UpdateTenant>;
