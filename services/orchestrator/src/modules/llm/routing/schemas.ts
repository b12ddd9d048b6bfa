import { z } from 'zod';
import { lineOfText } from '#core/text.ts';
import { RoutesDocument } from './document.ts';

const version = z.coerce.number().int().min(0).max(4_294_967_295);
const currentVersion = version.meta({
  description: 'Of the routes that you have seen: an edit in between is not lost.',
});
const comment = lineOfText(500).nullish().meta({ description: 'Why, for the history.' });

export const LlmRoutesRevision = z
  .object({
    version: z.number().int().meta({ description: '0 = what this release ships.' }),
    author: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    comment: z.string().nullable(),
    revertsTo: z.number().int().nullable().meta({ description: 'The version whose routes these are again.' }),
    createdAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'LlmRoutesRevision' });
export type LlmRoutesRevision = z.output<typeof LlmRoutesRevision>;

/** `document` is null when this release cannot read it. */
export const LlmRoutesRevisionWithDocument = LlmRoutesRevision.extend({
  document: RoutesDocument.nullable().meta({ description: 'Null: this release cannot read it.' }),
}).meta({ id: 'LlmRoutesRevisionWithDocument' });

const ProviderState = z.object({
  name: z.string(),
  label: z.string(),
  isOn: z.boolean(),
  reason: z.string().nullable().meta({ description: 'Why it is off, and what to do about it.' }),
});

export const LlmRoutes = LlmRoutesRevision.extend({
  document: RoutesDocument,
  providers: z.array(ProviderState),
  warnings: z.array(z.string()),
}).meta({ id: 'LlmRoutes' });
export type LlmRoutes = z.output<typeof LlmRoutes>;

export const ReplaceLlmRoutes = z.object({ version: currentVersion, document: RoutesDocument, comment });
export type ReplaceLlmRoutes = z.output<typeof ReplaceLlmRoutes>;

export const RevertLlmRoutes = z.object({
  version: currentVersion,
  to: version.meta({ description: 'Whose routes are taken again; 0 = what this release ships.' }),
  comment,
});
export type RevertLlmRoutes = z.output<typeof RevertLlmRoutes>;

export const CheckLlmRoutes = z.object({ document: RoutesDocument });

export const LlmRoutesParams = z.object({ version });

export const LlmRoutesPreview = z
  .object({
    warnings: z.array(z.string()),
    tiers: z.array(
      z.object({
        tier: z.string(),
        models: z.array(
          z.object({
            model: z.string(),
            surface: z.string(),
            candidates: z
              .array(
                z.object({
                  provider: z.string(),
                  model: z.string().meta({ description: 'As the provider calls it.' }),
                  share: z.number().meta({ description: 'Part of the requests that it serves first, 0 to 1.' }),
                  isFree: z.boolean(),
                  price: z.string().nullable().meta({ description: 'Name of the price; null = none is known.' }),
                }),
              )
              .meta({ description: 'In the order in which they are tried after the first.' }),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'LlmRoutesPreview' });
export type LlmRoutesPreview = z.output<typeof LlmRoutesPreview>;
