import type { Context } from '#core/context.ts';
import { catalogue, orphanedPlans } from '#modules/catalogue/service.ts';
import { type CatalogueChange, type CatalogueDifference, engineOf } from '../providers/engine.ts';

/** What differs between the catalogue and the billing engine; changes nothing. */
export async function planCatalogue(ctx: Context): Promise<CatalogueDifference> {
  const difference = await engineOf(ctx).compareCatalogue(catalogue(ctx));
  const orphans = (await orphanedPlans(ctx)).map(
    (code) =>
      `price ${code}: tenants have it and the catalogue does not describe its plan; put it back with hidden: true`,
  );
  return { ...difference, refusals: [...difference.refusals, ...orphans] };
}

/**
 * Makes the engine say what the catalogue says. Does nothing at all while something is refused; killed half-way, the
 * next run does the rest, for each change is complete in itself.
 */
export async function applyCatalogue(
  ctx: Context,
  onChange: (change: CatalogueChange) => void,
): Promise<CatalogueDifference> {
  const difference = await planCatalogue(ctx);
  if (difference.refusals.length > 0) return difference;
  for (const change of difference.changes) {
    await change.carryOut();
    onChange(change);
  }
  return planCatalogue(ctx);
}

export const describeChange = ({ summary }: CatalogueChange): string => summary;
