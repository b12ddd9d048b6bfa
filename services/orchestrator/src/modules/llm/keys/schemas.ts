import { z } from 'zod';
import { ExpiresAt } from '#core/expiry.ts';
import { pageQuery } from '#core/http/pagination.ts';
import { idSchema } from '#core/ids.ts';
import { Name, lineOfText } from '#core/text.ts';
import { BUDGET_PERIODS, Quota } from '../limits/limits.ts';
import { KEY_SCOPES, KeyScope } from './principal.ts';

const DAY_S = 86_400;
const MAX_OVERLAP_S = 7 * DAY_S;
/** A million dollars: more is a typing error. */
const MAX_BUDGET_NANO_USD = 1e15;

const unique = <T>(values: T[]): T[] => [...new Set(values)];
const models = z
  .array(lineOfText(200))
  .min(1, 'must name at least one model')
  .max(50)
  .transform(unique)
  .meta({ description: 'The models it may use; null = every model.' });
const scopes = z.array(KeyScope).min(1, 'must name at least one scope').transform(unique).meta({
  description:
    '`chat` also covers responses and messages; `models` lists models, `usage` reads what the key and the whole tenant have used.',
});
const usesCache = z
  .boolean()
  .meta({ description: 'Equal requests may be answered from earlier answers of this tenant.' });

const count = (max: number, description: string) => z.number().int().min(1).max(max).nullish().meta({ description });

/** What is left out stays as it is (at first: no limit); null = no limit. */
const LimitsInput = z
  .object({
    requestsPerMinute: count(1e6, 'Requests within any minute.'),
    tokensPerMinute: count(1e9, 'Tokens, prompts and answers, within a minute.'),
    messagesPerDay: count(1e9, "Requests within a day of the operator's calendar."),
    concurrency: count(10_000, 'Requests under way at once.'),
    budget: z
      .object({
        nanoUsd: z.number().int().min(1).max(MAX_BUDGET_NANO_USD).meta({ description: '1 000 000 000 is one dollar.' }),
        period: z.enum(BUDGET_PERIODS),
      })
      .nullish(),
  })
  .meta({ id: 'LlmKeyLimits', description: "Besides the tenant's own; whatever is reached first refuses." });

const Author = z.object({
  type: z.enum(['user', 'apiKey', 'system']),
  id: z.string(),
  name: z.string().nullable(),
  isMember: z.boolean().meta({ description: 'False: a person who has left the tenant. The key works all the same.' }),
});

export const LlmKey = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().meta({ description: 'Start of the key, to tell keys apart.' }),
    scopes: z.array(KeyScope),
    models: z.array(z.string()).nullable().meta({ description: 'The models it may use; null = every model.' }),
    limits: Quota,
    usesCache,
    spent: z
      .object({ dayNanoUsd: z.number().int(), monthNanoUsd: z.number().int() })
      .meta({ description: "On this day and in this month of the operator's calendar; a few seconds behind." }),
    createdBy: Author,
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
    rotatedAt: z.iso.datetime().nullable(),
    oldSecrets: z
      .array(z.object({ prefix: z.string(), expiresAt: z.iso.datetime() }))
      .meta({ description: 'Secrets that were replaced and still work, the one that works longest first.' }),
  })
  .meta({ id: 'LlmKey' });
export type LlmKey = z.output<typeof LlmKey>;

export const LlmKeyWithSecret = LlmKey.extend({
  secret: z.string().meta({ description: 'Shown this once.' }),
}).meta({ id: 'LlmKeyWithSecret' });
export type LlmKeyWithSecret = z.output<typeof LlmKeyWithSecret>;

export const CreateLlmKey = z.object({
  name: Name,
  scopes: scopes.default([...KEY_SCOPES]),
  models: models.nullish(),
  limits: LimitsInput.default({}),
  usesCache: usesCache.default(false),
  expiresAt: ExpiresAt.nullish(),
});
export type CreateLlmKey = z.input<typeof CreateLlmKey>;

/** What is left out stays as it is. */
export const UpdateLlmKey = z.object({
  name: Name.optional(),
  scopes: scopes.optional(),
  models: models.nullish(),
  limits: LimitsInput.optional(),
  usesCache: usesCache.optional(),
  expiresAt: ExpiresAt.nullish(),
});
export type UpdateLlmKey = z.output<typeof UpdateLlmKey>;

export const RotateLlmKey = z.object({
  overlapSeconds: z.number().int().min(0).max(MAX_OVERLAP_S).default(DAY_S).meta({
    description: 'How long the secret that is replaced goes on working; 0 = not at all, as for one that leaked.',
  }),
});
export type RotateLlmKey = z.output<typeof RotateLlmKey>;

export const LlmKeyQuery = pageQuery.extend({
  createdBy: z.string().max(40).optional().meta({ description: 'Only those that this user or API key made.' }),
});
export type LlmKeyQuery = z.output<typeof LlmKeyQuery>;

export const LlmKeyParams = z.object({ llmKeyId: idSchema('llmKey') });
