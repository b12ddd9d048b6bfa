import type { DesiredClient } from '../render/desired.ts';
import type { ClientRepresentation, MapperRepresentation } from '../representation.ts';
import type { Action } from './action.ts';
import type { KeycloakAdmin } from './admin.ts';
import { describe, differences } from './differences.ts';

export const compareClient = (realm: string, desired: DesiredClient, is: ClientRepresentation | undefined): Action[] =>
  is ? alterations(`/${realm}`, desired, is) : desired.secret === undefined ? [] : [creation(`/${realm}`, desired)];

/** In one request, so that there is never half of it. */
function creation(base: string, { clientId, secret, fields, attributes, mappers, scopes }: DesiredClient): Action {
  return {
    what: [`client ${clientId}: make it`],
    run: (admin) =>
      admin.create(`${base}/clients`, {
        clientId,
        secret,
        ...fields,
        attributes,
        protocolMappers: mappers,
        defaultClientScopes: scopes,
        optionalClientScopes: [],
      }),
  };
}

function alterations(base: string, desired: DesiredClient, is: ClientRepresentation): Action[] {
  const where = `client ${desired.clientId}`;
  const path = `${base}/clients/${is.id}`;
  return [
    ...alterFields(where, path, desired, is),
    ...desired.mappers.flatMap((mapper) => compareMapper(where, path, mapper, is)),
    ...desired.scopes
      .filter((scope) => !is.defaultClientScopes?.includes(scope))
      .map((scope): Action => ({
        what: [`${where}: client scope ${scope}`],
        run: async (admin) => admin.put(`${path}/default-client-scopes/${await scopeId(admin, base, scope)}`),
      })),
  ];
}

function alterFields(where: string, path: string, desired: DesiredClient, is: ClientRepresentation): Action[] {
  const fields = differences(desired.fields, is);
  const attributes = differences(desired.attributes, is.attributes ?? {});
  // Keycloak shows the secret of a client to whoever may alter it.
  const isOtherSecret = desired.secret !== undefined && desired.secret !== is.secret;
  const what = [
    ...[...fields, ...attributes].map((difference) => describe(where, difference)),
    ...(isOtherSecret ? [`${where}: the secret`] : []),
  ];
  if (what.length === 0) return [];
  return [
    {
      what,
      run: async (admin) => {
        const { protocolMappers: _, ...current } = await admin.require<ClientRepresentation>(path);
        await admin.put(path, {
          ...current,
          ...desired.fields,
          ...(desired.secret !== undefined && { secret: desired.secret }),
          attributes: { ...current.attributes, ...desired.attributes },
        });
      },
    },
  ];
}

/** Found by its name: an operator may have added others. */
function compareMapper(
  where: string,
  path: string,
  desired: MapperRepresentation,
  client: ClientRepresentation,
): Action[] {
  const is = client.protocolMappers?.find(({ name }) => name === desired.name);
  if (!is)
    return [
      {
        what: [`${where}: mapper ${desired.name}: make it`],
        run: (admin) => admin.create(`${path}/protocol-mappers/models`, desired),
      },
    ];
  const isSame = is.protocolMapper === desired.protocolMapper && differences(desired.config, is.config).length === 0;
  if (isSame) return [];
  return [
    {
      what: [`${where}: mapper ${desired.name}`],
      run: (admin) => admin.put(`${path}/protocol-mappers/models/${is.id}`, { ...is, ...desired, id: is.id }),
    },
  ];
}

async function scopeId(admin: KeycloakAdmin, base: string, name: string): Promise<string> {
  const scopes = await admin.require<{ id: string; name: string }[]>(`${base}/client-scopes`);
  const found = scopes.find((scope) => scope.name === name);
  if (!found)
    throw new Error(`Realm ${base.slice(1)} has no client scope ${name}: it was deleted by hand. Make it again.`);
  return found.id;
}
