import type { Logger } from 'pino';
import type { Change } from '../../types.ts';
import type { DesiredState } from '../render/desired.ts';
import type { Action } from './action.ts';
import type { KeycloakAdmin } from './admin.ts';
import { compareClient } from './clients.ts';
import { compareOperator, operatorLine } from './operator.ts';
import { compareProviders } from './providers.ts';
import { compareRealm, createRealm } from './realm.ts';
import { compareRoles } from './roles.ts';
import { type Snapshot, readSnapshot } from './snapshot.ts';

export interface Sync {
  admin: KeycloakAdmin;
  desired: DesiredState;
  log: Logger;
}

/** What differs. Changes nothing. */
export async function planSync(sync: Sync): Promise<Change[]> {
  const { realm, operator } = sync.desired;
  const snapshot = await readSnapshot(sync.admin, sync.desired);
  if (!snapshot)
    return [{ what: `realm ${realm.name}: make it and everything in it` }, { what: operatorLine(operator) }];
  return changesOf(compare(sync, snapshot));
}

/** Sets right what differs, and then looks whether Keycloak has kept it. */
export async function applySync(sync: Sync): Promise<Change[]> {
  const { admin, desired } = sync;
  const done: Action[] = [];
  const run = async (action: Action) => {
    await action.run(admin);
    for (const what of action.what) sync.log.info({ what }, 'changed');
    done.push(action);
  };
  if (!(await readSnapshot(admin, desired))) await run(createRealm(desired.realm));
  const actions = await outstanding(sync);
  for (const action of actions) await run(action);
  if (actions.length > 0) {
    const left = changesOf(await outstanding(sync));
    if (left.length > 0)
      throw new Error(
        `Keycloak has not kept these: ${left.map(({ what }) => what).join('; ')}. Somebody else may be changing them.`,
      );
  }
  return changesOf(done);
}

async function outstanding(sync: Sync): Promise<Action[]> {
  const snapshot = await readSnapshot(sync.admin, sync.desired);
  if (!snapshot)
    throw new Error(`Realm ${sync.desired.realm.name} has just been there: somebody deletes it meanwhile.`);
  return compare(sync, snapshot);
}

/** The realm's own settings come last: they open it. */
function compare({ desired, log }: Sync, is: Snapshot): Action[] {
  const { realm, clients, providers } = desired;
  return [
    ...compareRoles(desired, is),
    ...clients.flatMap((client) => compareClient(realm.name, client, is.clients.get(client.clientId))),
    ...compareProviders(realm.name, providers, is.providers),
    ...compareOperator(desired, is, log),
    ...compareRealm(realm, is.realm),
  ];
}

const changesOf = (actions: readonly Action[]): Change[] =>
  actions.flatMap(({ what }) => what).map((what) => ({ what }));
