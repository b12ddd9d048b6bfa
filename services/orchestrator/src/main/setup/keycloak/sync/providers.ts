import type { DesiredProvider } from '../render/desired.ts';
import type { ProviderRepresentation } from '../representation.ts';
import type { Action } from './action.ts';
import { describe, differences } from './differences.ts';
import { fingerprint, isFingerprintOf } from './fingerprint.ts';

/** Says too that we made it: one that an operator made by hand under the same alias stays. */
const FINGERPRINT = 'bastideSecret';

export function compareProviders(
  realm: string,
  desired: readonly DesiredProvider[],
  is: ReadonlyMap<string, ProviderRepresentation>,
): Action[] {
  const base = `/${realm}/identity-provider/instances`;
  const unset = [...is.values()].filter(
    ({ alias, config }) => config[FINGERPRINT] !== undefined && !desired.some((provider) => provider.alias === alias),
  );
  return [
    ...desired.flatMap((provider) => compareProvider(base, provider, is.get(provider.alias))),
    ...unset.map(({ alias }): Action => ({
      what: [`log-in by ${alias}: take it away`],
      run: (admin) => admin.delete(`${base}/${alias}`),
    })),
  ];
}

function compareProvider(base: string, desired: DesiredProvider, is: ProviderRepresentation | undefined): Action[] {
  const { alias, secret } = desired;
  const where = `log-in by ${alias}`;
  const representation = () => ({
    ...is,
    ...desired.fields,
    alias,
    config: { ...is?.config, ...desired.config, clientSecret: secret, [FINGERPRINT]: fingerprint(secret) },
  });
  if (!is) return [{ what: [`${where}: make it`], run: (admin) => admin.create(base, representation()) }];
  const what = [
    ...differences(desired.fields, is).map((difference) => describe(where, difference)),
    ...differences(desired.config, is.config).map((difference) => describe(where, difference)),
    ...(isFingerprintOf(secret, is.config[FINGERPRINT]) ? [] : [`${where}: the secret`]),
  ];
  if (what.length === 0) return [];
  return [{ what, run: (admin) => admin.put(`${base}/${alias}`, representation()) }];
}
