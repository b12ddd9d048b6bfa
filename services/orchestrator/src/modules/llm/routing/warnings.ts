import type { PriceTable } from '../prices/prices.ts';
import type { ProviderSet } from '../providers/registry.ts';
import type { RoutesDocument } from './document.ts';
import { ANYBODY, type RouteTable } from './route-table.ts';

interface Surroundings {
  providers: ProviderSet;
  prices: PriceTable;
  /** Tiers that plans are sold with. */
  soldTiers: readonly string[];
}

/** What is allowed and yet hardly meant, in sentences for the operator. */
export function warningsAbout(table: RouteTable, surroundings: Surroundings): string[] {
  const { document } = table;
  return [
    ...deadTiers(document, surroundings),
    ...unlistedTiers(document, surroundings),
    ...unservedDefaults(table, surroundings),
    ...budgetFallback(table, surroundings),
    ...unpricedModels(table, surroundings),
  ];
}

function deadTiers({ tiers }: RoutesDocument, { providers }: Surroundings): string[] {
  return Object.entries(tiers).flatMap(([tier, { routes }]) =>
    routes.some(({ provider }) => providers.on.has(provider))
      ? []
      : [`No provider of the tier ${tier} is on: its requests are refused. Set the key of one, or route it elsewhere.`],
  );
}

function unlistedTiers({ tiers }: RoutesDocument, { soldTiers }: Surroundings): string[] {
  return soldTiers.flatMap((tier) =>
    tiers[tier] ? [] : [`Plans are sold with the tier ${tier}, which has no routes: it is served like free.`],
  );
}

function unservedDefaults(table: RouteTable, { providers }: Surroundings): string[] {
  return Object.entries(table.document.tiers).flatMap(([tier, { routes, defaultModel }]) =>
    routes.some(({ provider }) => providers.on.has(provider)) && !table.plan(tier, defaultModel, 'chat')
      ? [`Nobody serves ${defaultModel}, the default model of the tier ${tier}, to it.`]
      : [],
  );
}

function budgetFallback(table: RouteTable, { providers }: Surroundings): string[] {
  const settings = table.document.providers;
  const free = Object.keys(settings).filter((name) => settings[name]?.isFree && providers.on.has(name));
  if (free.length === 0)
    return ['No free provider is on: when the budget of the day is spent, every request is refused until tomorrow.'];
  return free.some((name) => settings[name]?.defaultModel)
    ? []
    : [
        `None of the free providers (${free.join(', ')}) has a default model: when the budget of the day is spent, ` +
          'only models that they have by name are served.',
      ];
}

function unpricedModels(table: RouteTable, { providers, prices }: Surroundings): string[] {
  return Object.entries(table.document.models).flatMap(([model, names]) =>
    Object.entries(names).flatMap(([provider, name]) => {
      const isServed = table.settingsOf(provider).isFree || provider === ANYBODY || prices.find(provider, name);
      if (isServed || !providers.on.has(provider)) return [];
      return [
        `${model} is not served by ${provider}: the price of ${name} is not known. List it in the file of LLM_PRICES_FILE.`,
      ];
    }),
  );
}
