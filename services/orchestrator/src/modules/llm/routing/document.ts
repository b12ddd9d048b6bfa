import { z } from 'zod';

const MAX_WEIGHT = 1000;
/** What one tier's weights add up to is the length of a cycle that is kept in memory. */
const MAX_TOTAL_WEIGHT = 2000;
const MAX_MODELS = 2000;

const name = (max: number) => z.string().max(max).regex(/^\S+$/, 'must be a name without spaces');
const providerName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be the name of a provider, like openrouter');
const tierName = z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be the name of a tier, like student');
const modelName = name(200);
/** A model, or with `*` many. */
const pattern = name(200);
const patterns = z.array(pattern).min(1, 'must name at least one model; leave it out for all').max(500);

const ProviderSettings = z.strictObject({
  isFree: z
    .boolean()
    .default(false)
    .meta({ description: 'It takes nothing: its requests cost 0, and it serves everybody when the budget is spent.' }),
  maxConcurrency: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .default(null)
    .meta({ description: 'Requests under way at once, in each gateway; null = no limit.' }),
  defaultModel: modelName
    .optional()
    .meta({ description: 'What it serves when the budget is spent and it does not have the model.' }),
  passThrough: patterns
    .optional()
    .meta({ description: 'Models that it is asked for by the name the client gave, without an alias.' }),
});

const Route = z.strictObject({
  provider: providerName,
  weight: z
    .number()
    .int()
    .min(0)
    .max(MAX_WEIGHT)
    .meta({ description: 'Share of requests that it serves first; 0 = only as a fallback.' }),
  models: patterns.optional().meta({ description: 'What of it this tier may use, instead of the tier’s own list.' }),
});

const Tier = z.strictObject({
  routes: z
    .array(Route)
    .min(1, 'needs at least one provider')
    .max(40)
    .meta({ description: 'In the order in which they are tried after the first.' }),
  models: patterns.optional().meta({ description: 'What the tier may use; left out = every model.' }),
  defaultModel: modelName.meta({ description: 'For requests that name no model.' }),
});

/** Who serves which model for whom; the whole of it is one revision. */
export const RoutesDocument = z
  .strictObject({
    providers: z.record(providerName, ProviderSettings),
    models: z
      .record(modelName, z.record(providerName, modelName))
      .refine((models) => Object.keys(models).length <= MAX_MODELS, `must be at most ${MAX_MODELS} models`)
      .meta({ description: 'Models by the name that clients use, each with its name at providers.' }),
    tiers: z.record(tierName, Tier),
  })
  .superRefine((document, context) => {
    for (const { path, message } of contradictions(document)) context.addIssue({ code: 'custom', path, message });
  })
  .meta({ id: 'LlmRoutesDocument' });
export type RoutesDocument = z.output<typeof RoutesDocument>;
export type TierRoutes = RoutesDocument['tiers'][string];

/** Serves tiers that the document does not know. */
export const LOWEST_TIER = 'free';

interface Contradiction {
  path: (string | number)[];
  message: string;
}

function contradictions({
  providers,
  models,
  tiers,
}: Pick<RoutesDocument, 'providers' | 'models' | 'tiers'>): Contradiction[] {
  const found: Contradiction[] = [];
  if (!tiers[LOWEST_TIER])
    found.push({ path: ['tiers', LOWEST_TIER], message: 'is needed: tiers that are not listed are served like it' });
  for (const [provider, { defaultModel }] of Object.entries(providers))
    if (defaultModel !== undefined && !Object.hasOwn(models[defaultModel] ?? {}, provider))
      found.push({
        path: ['providers', provider, 'defaultModel'],
        message: `must be one of models that has a name at ${provider}`,
      });
  for (const [tier, { routes }] of Object.entries(tiers)) found.push(...contradictionsIn(tier, routes));
  return found;
}

function contradictionsIn(tier: string, routes: TierRoutes['routes']): Contradiction[] {
  const found: Contradiction[] = [];
  const seen = new Set<string>();
  routes.forEach(({ provider }, index) => {
    const path = ['tiers', tier, 'routes', index, 'provider'];
    if (seen.has(provider)) found.push({ path, message: `${provider} is in this tier twice` });
    seen.add(provider);
  });
  if (routes.reduce((sum, { weight }) => sum + weight, 0) > MAX_TOTAL_WEIGHT)
    found.push({ path: ['tiers', tier, 'routes'], message: `weights must add up to at most ${MAX_TOTAL_WEIGHT}` });
  return found;
}
