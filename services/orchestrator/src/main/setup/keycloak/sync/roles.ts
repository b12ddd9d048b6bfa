import type { DesiredState } from '../render/desired.ts';
import type { RealmRepresentation, RoleRepresentation } from '../representation.ts';
import type { Action } from './action.ts';
import type { Snapshot } from './snapshot.ts';

export function compareRoles({ realm, roles, defaultRoles }: DesiredState, is: Snapshot): Action[] {
  const base = `/${realm.name}`;
  const missing = roles.filter(({ name }) => !is.roles.includes(name));
  const notDefault = defaultRoles.filter((name) => !is.defaultRoles.includes(name));
  return [
    ...missing.map((role): Action => ({
      what: [`role ${role.name}: make it`],
      run: (admin) => admin.create(`${base}/roles`, role),
    })),
    ...notDefault.map((name): Action => ({
      what: [`role ${name}: give it to everybody`],
      run: async (admin) => {
        const { defaultRole } = await admin.require<RealmRepresentation>(base);
        const role = await admin.require<RoleRepresentation>(`${base}/roles/${name}`);
        await admin.post(`${base}/roles-by-id/${defaultRole.id}/composites`, [role]);
      },
    })),
  ];
}
