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

/** A request that a killed run left behind may undo one of ours. */
const ROUNDS = 3;

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

/** Sets right what differs, and looks again whether Keycloak has kept it. */
export async function applySync(sync: Sync): Promise<Change[]> {
  const { admin, desired, log } = sync;
  const done: Action[] = [];
  const run = async (action: Action) => {
    await action.run(admin);
    for (const what of action.what) log.info({ what }, 'changed');
    done.push(action);
  };
  if (!(await readSnapshot(admin, desired))) await run(createRealm(desired.realm));
  for (let round = 1; ; round += 1) {
    const actions = await outstanding(sync);
    if (actions.length === 0) return changesOf(done);
    if (round > ROUNDS) {
      const left = changesOf(actions).map(({ what }) => what);
      throw new Error(`Keycloak does not keep these, or somebody changes them meanwhile: ${left.join('; ')}`);
    }
    for (const action of actions) await run(action);
  }
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
