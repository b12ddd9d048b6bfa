import { isDeepStrictEqual } from 'node:util';
import type { ObjectStoreAdmin } from './admin.ts';
import type { Action } from './buckets.ts';
import type { DesiredUser, Policy } from './desired.ts';

/** What is missing of the users, their secrets and their policies. Users of an operator's own are left alone. */
export async function userActions(admin: ObjectStoreAdmin, users: readonly DesiredUser[]): Promise<Action[]> {
  const actions: Action[] = [];
  for (const { name, secretKey, policy } of users) {
    const there = await admin.policy(name);
    if (there === undefined || !isSame(there, policy))
      actions.push({
        what: `${there === undefined ? '+' : '~'} policy ${name}`,
        run: () => admin.putPolicy(name, policy),
      });
    const user = await admin.user(name);
    if (!user) actions.push({ what: `+ user ${name}`, run: () => admin.putUser(name, secretKey) });
    else if (user.status !== 'enabled' || !(await admin.isSecretOf(name, secretKey)))
      actions.push({ what: `~ user ${name}: secret key`, run: () => admin.putUser(name, secretKey) });
    if (user?.policyName !== name)
      actions.push({ what: `~ user ${name}: policy ${name}`, run: () => admin.setPolicyOf(name, name) });
  }
  return actions;
}

/** The store sorts and regroups actions and resources. */
function isSame(there: unknown, wanted: Policy): boolean {
  const statements = (there as Partial<Policy> | null)?.Statement;
  return Array.isArray(statements) && isDeepStrictEqual(canonical(statements), canonical(wanted.Statement));
}

const canonical = (statements: Policy['Statement']) =>
  statements
    .map(({ Effect, Action, Resource }) => JSON.stringify([Effect, [Action].flat().sort(), [Resource].flat().sort()]))
    .sort();
