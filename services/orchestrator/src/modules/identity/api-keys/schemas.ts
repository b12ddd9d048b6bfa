import { z } from 'zod';
import { ExpiresAt } from '#core/expiry.ts';
import { idSchema } from '#core/ids.ts';
import { Name } from '#core/text.ts';
import { GRANTABLE_SCOPES } from '../authorization.ts';

export const ApiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().meta({ description: 'Start of the key, to tell keys apart.' }),
    scopes: z.array(z.string()),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.output<typeof ApiKey>;

export const ApiKeyWithSecret = ApiKey.extend({
  secret: z.string().meta({ description: 'Shown this once.' }),
}).meta({ id: 'ApiKeyWithSecret' });
export type ApiKeyWithSecret = z.output<typeof ApiKeyWithSecret>;

export const CreateApiKey = z.object({
  name: Name,
  scopes: z
    .array(z.enum(GRANTABLE_SCOPES))
    .min(1, 'must name at least one scope')
    .transform((scopes) => [...new Set(scopes)]),
  expiresAt: ExpiresAt.nullish(),
});
export type CreateApiKey = z.output<typeof CreateApiKey>;

export const ApiKeyParams = z.object({ apiKeyId: idSchema('apiKey') });
