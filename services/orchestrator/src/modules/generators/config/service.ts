import { type Context, authorOf } from '#core/context.ts';
import { isDuplicate } from '#core/db/connect.ts';
import { toJson } from '#core/db/json.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { InvalidInput, NotFound, defineError } from '#core/errors.ts';
import type { Page, PageQuery } from '#core/http/pagination.ts';
import { newId } from '#core/ids.ts';
import { record } from '#modules/audit/service.ts';
import { catalogue } from '#modules/catalogue/service.ts';
import { type GeneratorConfigRow, generatorConfigs } from './queries.ts';
import type { GeneratorConfig, GeneratorConfigChange, GeneratorDocument, ReplaceGeneratorConfig } from './schemas.ts';

const DEFAULT_DAILY_LIMIT = 100;

export const GeneratorConfigChanged = defineError<{ code: string; version: number }>(
  'generator_config.changed',
  409,
  (d) => `Somebody has edited ${d.code}: its version is ${d.version} now. Read it and make your edit again.`,
);

export async function listGeneratorConfigs(ctx: Context): Promise<{ items: GeneratorConfig[] }> {
  const rows = new Map((await generatorConfigs(ctx.db).all()).map((row) => [row.code, row]));
  return { items: catalogue(ctx).generators.map((generator) => present(ctx, generator, rows.get(generator.code))) };
}

/** What holds for a generator now: what admins have set, or what the release ships. */
export async function generatorConfig(ctx: Context, code: string): Promise<GeneratorConfig> {
  return present(ctx, requireGenerator(ctx, code), await generatorConfigs(ctx.db).find(code));
}

export async function replaceGeneratorConfig(
  ctx: Context,
  code: string,
  { version: seen, comment = null, ...document }: ReplaceGeneratorConfig,
): Promise<GeneratorConfig> {
  requireGenerator(ctx, code);
  requireShowable(ctx, document);
  try {
    await withTransaction(ctx, async (ctx) => {
      const rows = generatorConfigs(ctx.db);
      const newest = (await rows.lock(code))?.version ?? 0;
      if (newest !== seen) throw GeneratorConfigChanged({ code, version: newest });
      const version = seen + 1;
      const { id: authorId, name: authorName } = authorOf(ctx);
      await rows.insertChange({
        ...{ id: newId('generatorChange'), code, version, document: toJson(document), comment },
        ...{ author_id: authorId, author_name: authorName },
      });
      const { isEnabled, dailyLimit, shownPrices } = document;
      await rows.put({
        ...{ code, version, is_enabled: isEnabled ? 1 : 0, daily_limit: dailyLimit },
        shown_prices: shownPrices === null ? null : toJson(shownPrices),
      });
      await record(ctx, {
        action: 'generator_config.update',
        subject: code,
        details: { version, ...document, comment },
      });
    });
  } catch (error) {
    const newest = isDuplicate(error) ? await generatorConfigs(ctx.db).find(code) : undefined;
    throw newest ? GeneratorConfigChanged({ code, version: newest.version }) : error;
  }
  return generatorConfig(ctx, code);
}

export async function generatorConfigHistory(
  ctx: Context,
  code: string,
  query: PageQuery,
): Promise<Page<GeneratorConfigChange>> {
  requireGenerator(ctx, code);
  const page = await generatorConfigs(ctx.db).changes(code, query);
  const items = page.items.map((row) => ({
    version: row.version,
    document: JSON.parse(row.document) as GeneratorDocument,
    comment: row.comment,
    author: row.author_id === null ? null : { id: row.author_id, name: row.author_name },
    createdAt: row.created_at.toISOString(),
  }));
  return { ...page, items };
}

type Generator = Pick<GeneratorConfig, 'code' | 'name' | 'kind'>;

function requireGenerator(ctx: Context, code: string): Generator {
  const generator = catalogue(ctx).generators.find((one) => one.code === code);
  if (!generator) throw NotFound({ entity: 'generator', id: code });
  return generator;
}

function requireShowable(ctx: Context, { shownPrices }: GeneratorDocument): void {
  const { currencies } = catalogue(ctx);
  const refuse = (message: string) => InvalidInput({ issues: [{ path: 'body.shownPrices', message }] });
  const keys = (shownPrices ?? []).map(({ interval, currency }) => `${currency} by the ${interval}`);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw refuse(`there are two prices in ${twice}`);
  const unknown = shownPrices?.find(({ currency }) => !currencies.includes(currency));
  if (unknown) throw refuse(`${unknown.currency} is not one of ${currencies.join(', ')}`);
}

function present(ctx: Context, generator: Generator, row: GeneratorConfigRow | undefined): GeneratorConfig {
  const own = row?.shown_prices ?? null;
  const shownPrices = own === null ? null : (JSON.parse(own) as GeneratorConfig['prices']);
  return {
    ...{ code: generator.code, name: generator.name, kind: generator.kind },
    isEnabled: row ? row.is_enabled === 1 : true,
    dailyLimit: row?.daily_limit ?? DEFAULT_DAILY_LIMIT,
    shownPrices,
    prices: shownPrices ?? soldAt(ctx, generator.code),
    version: row?.version ?? 0,
    updatedAt: row?.updated_at.toISOString() ?? null,
  };
}

/** Of the plan that is this generator alone. */
function soldAt(ctx: Context, code: string): GeneratorConfig['prices'] {
  const plan = catalogue(ctx).plans.find(({ grants, line, isHidden }) => {
    const { generators } = grants;
    return line === 'generators' && !isHidden && Array.isArray(generators) && generators.join() === code;
  });
  return (plan?.prices ?? []).map(({ interval, currency, amountMinor }) => ({ interval, currency, amountMinor }));
}
