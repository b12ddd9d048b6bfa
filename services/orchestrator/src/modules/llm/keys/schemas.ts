import { z } from 'zod';
import { ExpiresAt } from '#core/expiry.ts';
import { idSchema } from '#core/ids.ts';
import { Name, lineOfText } from '#core/text.ts';

const model = lineOfText(200);

export const LlmKey = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().meta({ description: 'Start of the key, to tell keys apart.' }),
    models: z.array(z.string()).nullable().meta({ description: 'The models it may use; null = every model.' }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'LlmKey' });
export type LlmKey = z.output<typeof LlmKey>;

export const LlmKeyWithSecret = LlmKey.extend({
  secret: z.string().meta({ description: 'Shown this once.' }),
}).meta({ id: 'LlmKeyWithSecret' });
export type LlmKeyWithSecret = z.output<typeof LlmKeyWithSecret>;

export const CreateLlmKey = z.object({
  name: Name,
  models: z
    .array(model)
    .min(1, 'must name at least one model')
    .max(50)
    .transform((models) => [...new Set(models)])
    .nullish(),
  expiresAt: ExpiresAt.nullish(),
});
export type CreateLlmKey = z.output<typeof CreateLlmKey>;

export const LlmKeyParams = z.object({ llmKeyId: idSchema('llmKey') });
