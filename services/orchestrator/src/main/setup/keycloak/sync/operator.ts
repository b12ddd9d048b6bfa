import type { Logger } from 'pino';
import type { DesiredState } from '../render/desired.ts';
import type { RoleRepresentation } from '../representation.ts';
import type { Action } from './action.ts';
import type { KeycloakAdmin } from './admin.ts';
import { alterRealm } from './realm.ts';
import type { Snapshot } from './snapshot.ts';

/** Once it is there, the account is its owner's: never made again, never reset. */
const MADE = 'bastide.operator';

export function compareOperator({ realm, operator }: DesiredState, is: Snapshot, log: Logger): Action[] {
  if (is.realm.attributes[MADE] !== undefined) return [];
  const base = `/${realm.name}`;
  const wasOpen = is.realm.enabled;
  return [
    {
      what: [operatorLine(operator)],
      run: async (admin) => {
        const before = await findUser(admin, base, operator.email);
        if (before !== undefined && wasOpen) {
          // Anybody may have registered it while the realm was open to the world.
          log.warn(
            { email: operator.email },
            'an account with the operator’s address exists and was not made here: give it the roles superadmin and admin by hand if it is theirs',
          );
        } else {
          const id = before ?? (await createUser(admin, base, operator));
          const roles = [];
          for (const name of operator.roles)
            roles.push(await admin.require<RoleRepresentation>(`${base}/roles/${name}`));
          await admin.post(`${base}/users/${id}/role-mappings/realm`, roles);
        }
        await alterRealm(admin, realm.name, {}, { [MADE]: operator.email });
      },
    },
  ];
}

export const operatorLine = ({ email }: DesiredState['operator']) => `account of the first operator: ${email}`;

async function createUser(admin: KeycloakAdmin, base: string, operator: DesiredState['operator']): Promise<string> {
  await admin.create(`${base}/users`, {
    username: operator.email,
    email: operator.email,
    emailVerified: true,
    enabled: true,
    requiredActions: ['UPDATE_PASSWORD'],
    credentials: [{ type: 'password', value: operator.password, temporary: true }],
  });
  const id = await findUser(admin, base, operator.email);
  if (id === undefined) throw new Error(`The account ${operator.email} was made and cannot be found.`);
  return id;
}

async function findUser(admin: KeycloakAdmin, base: string, email: string): Promise<string | undefined> {
  const [user] = await admin.require<{ id: string }[]>(`${base}/users?email=${encodeURIComponent(email)}&exact=true`);
  return user?.id;
}
