import type { Config } from '#core/config/variables.ts';
import type { Context } from '#core/context.ts';
import { isDuplicate } from '#core/db/connect.ts';
import { toJson } from '#core/db/json.ts';
import { afterCommit, withTransaction } from '#core/db/transaction.ts';
import { InvalidInput, type Issue, NotFound, defineError } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { catalogue } from '#modules/catalogue/service.ts';
import { raiseConfigVersion } from '../limits/version.ts';
import { PriceTable } from '../prices/prices.ts';
import { SURFACES } from '../providers/provider.ts';
import { PROVIDERS, createProviders } from '../providers/registry.ts';
import type { RoutesDocument } from './document.ts';
import { type LlmRoutesRow, llmRoutes } from './queries.ts';
import { SHIPPED_VERSION, documentOf, routesInForce, shippedRoutes } from './revisions.ts';
import { RouteTable } from './route-table.ts';
import type { LlmRoutes, LlmRoutesPreview, LlmRoutesRevision, ReplaceLlmRoutes, RevertLlmRoutes } from './schemas.ts';
import { warningsAbout } from './warnings.ts';

export const RoutesChanged = defineError<{ version: number }>(
  'llm_routes.changed',
  409,
  (d) => `Somebody has edited the routes: version ${d.version} is in force now. Read it and make your edit again.`,
);
export const RoutesUnreadable = defineError<{ version: number }>(
  'llm_routes.unreadable',
  409,
  (d) => `Version ${d.version} was made by another release, and this one cannot read it. Choose another version.`,
);

export async function currentRoutes(ctx: Context): Promise<LlmRoutes> {
  const { version, document, unreadable } = await routesInForce(ctx);
  const row = version === SHIPPED_VERSION ? undefined : await llmRoutes(ctx.db).find(version);
  const { table, ...surroundings } = surroundingsOf(ctx, version, document);
  const { on, off } = surroundings.providers;
  return {
    ...presentRevision(row),
    document,
    providers: [
      ...[...on.values()].map(({ name, label }) => ({ name, label, isOn: true, reason: null })),
      ...off.map((provider) => ({ ...provider, isOn: false })),
    ],
    warnings: [
      ...unreadable.map(
        (old) => `Version ${old} was made by another release, and this one cannot read it: an older one is in force.`,
      ),
      ...warningsAbout(table, surroundings),
    ],
  };
}

/** What a document would do, without putting it in force. */
export function checkRoutes(ctx: Context, document: RoutesDocument): LlmRoutesPreview {
  refuseUnknownProviders(document);
  const { table, ...surroundings } = surroundingsOf(ctx, SHIPPED_VERSION, document);
  const models = Object.keys(document.models);
  return {
    warnings: warningsAbout(table, surroundings),
    tiers: Object.keys(document.tiers).map((tier) => ({
      tier,
      models: models.flatMap((model) => {
        const surface = SURFACES.find((surface) => table.plan(tier, model, surface));
        const plan = surface && table.plan(tier, model, surface);
        if (!plan) return [];
        const candidates = plan.candidates.map(({ provider, model, isFree, price }, index) => ({
          provider,
          model,
          share: plan.shares[index] ?? 0,
          isFree,
          price: price?.name ?? null,
        }));
        return [{ model, surface, candidates }];
      }),
    })),
  };
}

export function replaceRoutes(ctx: Context, { document, ...edit }: ReplaceLlmRoutes): Promise<LlmRoutes> {
  refuseUnknownProviders(document);
  return putInForce(ctx, { ...edit, document, revertsTo: null });
}

export async function revertRoutes(ctx: Context, { to, ...edit }: RevertLlmRoutes): Promise<LlmRoutes> {
  return putInForce(ctx, { ...edit, document: await documentOfVersion(ctx, to), revertsTo: to });
}

export async function listRevisions(ctx: Context, query: PageQuery): Promise<Page<LlmRoutesRevision>> {
  const page = await llmRoutes(ctx.db).page(query);
  return { ...page, items: page.items.map(presentRevision) };
}

export async function getRevision(ctx: Context, version: number) {
  if (version === SHIPPED_VERSION) return { ...presentRevision(undefined), document: shippedRoutes() };
  const row = await findRow(ctx, version);
  return { ...presentRevision(row), document: documentOf(row) ?? null };
}

interface Edit {
  version: number;
  document: RoutesDocument;
  comment?: string | null | undefined;
  revertsTo: number | null;
}

/** Gateways take it over before their next completion, or within half a second should Redis not hear of it. */
async function putInForce(
  ctx: Context,
  { version: seen, document, comment = null, revertsTo }: Edit,
): Promise<LlmRoutes> {
  const version = seen + 1;
  let announced: Promise<void> | undefined;
  try {
    await withTransaction(ctx, async (ctx) => {
      const newest = await llmRoutes(ctx.db).newestVersion();
      if (newest !== seen) throw RoutesChanged({ version: newest });
      const id = newId('llmRoutes');
      const { actor } = ctx;
      await llmRoutes(ctx.db).insert({
        id,
        version,
        document: toJson(document),
        comment,
        reverts_to: revertsTo,
        author_id: 'id' in actor ? actor.id : null,
        author_name: 'name' in actor ? actor.name : null,
      });
      const action = revertsTo === null ? 'llm_routes.update' : 'llm_routes.revert';
      await record(ctx, { action, subject: id, details: { version, comment, revertsTo } });
      afterCommit(ctx, () => {
        announced = announce(ctx, version);
      });
    });
  } catch (error) {
    if (isDuplicate(error)) throw RoutesChanged({ version: await llmRoutes(ctx.db).newestVersion() }, { cause: error });
    throw error;
  }
  await announced;
  return currentRoutes(ctx);
}

async function announce(ctx: Context, version: number): Promise<void> {
  try {
    await raiseConfigVersion(ctx, version);
  } catch (error) {
    ctx.log.warn({ err: error, version }, 'redis did not hear of an edit of the routes; gateways will look it up');
  }
}

async function documentOfVersion(ctx: Context, version: number): Promise<RoutesDocument> {
  if (version === SHIPPED_VERSION) return shippedRoutes();
  const document = documentOf(await findRow(ctx, version));
  if (!document) throw RoutesUnreadable({ version });
  return document;
}

async function findRow(ctx: Context, version: number): Promise<LlmRoutesRow> {
  const row = await llmRoutes(ctx.db).find(version);
  if (!row) throw NotFound({ entity: 'version of the routes', id: String(version) });
  return row;
}

/** A name that no provider has is a typing error, and its requests would go elsewhere without a word. */
function refuseUnknownProviders({ providers, models, tiers }: RoutesDocument): void {
  const known = new Set(PROVIDERS.map(({ name }) => name));
  const used: [path: string, provider: string][] = [
    ...Object.keys(providers).map((name): [string, string] => [`providers.${name}`, name]),
    ...Object.entries(models).flatMap(([model, names]) =>
      Object.keys(names).map((name): [string, string] => [`models.${model}.${name}`, name]),
    ),
    ...Object.entries(tiers).flatMap(([tier, { routes }]) =>
      routes.map(({ provider }, index): [string, string] => [`tiers.${tier}.routes.${index}.provider`, provider]),
    ),
  ];
  const issues: Issue[] = used.flatMap(([path, provider]) =>
    known.has(provider)
      ? []
      : [
          {
            path: `body.document.${path}`,
            message: `there is no provider ${provider}; there are ${[...known].join(', ')}`,
          },
        ],
  );
  if (issues.length > 0) throw InvalidInput({ issues });
}

function surroundingsOf(ctx: Context, version: number, document: RoutesDocument) {
  const providers = createProviders(ctx.config);
  const prices = pricesOf(ctx.config);
  const soldTiers = catalogue(ctx).tiers;
  return { table: new RouteTable(version, document, providers, prices), providers, prices, soldTiers };
}

/** Reading them takes long enough to be done once. */
const known = new WeakMap<Config, PriceTable>();
function pricesOf(config: Config): PriceTable {
  const prices = known.get(config) ?? PriceTable.load(config.LLM_PRICES_FILE);
  known.set(config, prices);
  return prices;
}

const presentRevision = (row: LlmRoutesRow | undefined): LlmRoutesRevision => ({
  version: Number(row?.version ?? SHIPPED_VERSION),
  author: row?.author_id ? { id: row.author_id, name: row.author_name } : null,
  comment: row?.comment ?? null,
  revertsTo: row?.reverts_to ?? null,
  createdAt: row?.created_at.toISOString() ?? null,
});
