import { setTimeout as sleep } from 'node:timers/promises';
import type { DesiredRealm } from '../render/desired.ts';
import type { Json, RealmRepresentation } from '../representation.ts';
import type { Action } from './action.ts';
import type { KeycloakAdmin } from './admin.ts';
import { type Difference, describe, differences } from './differences.ts';
import { fingerprint, isFingerprintOf } from './fingerprint.ts';

const SMTP_FINGERPRINT = 'bastide.smtpPassword';

/** Closed until everything in it is right: nobody registers with the operator's address before the operator exists. */
export const createRealm = ({ name }: DesiredRealm): Action => ({
  what: [`realm ${name}: make it`],
  run: async (admin) => {
    await admin.create('', { realm: name, enabled: false });
    // Refused because another request is still making it, it is there in a moment.
    for (let tries = 0; tries < 60 && !(await admin.get(`/${name}`)); tries += 1) await sleep(500);
  },
});

export function compareRealm(desired: DesiredRealm, is: RealmRepresentation): Action[] {
  const fields = differences(desired.fields, is);
  const attributes = differences(desired.attributes, is.attributes);
  const mail = compareMail(desired, is);
  const what = [...fields, ...attributes].map((difference) => describe('realm', difference)).concat(mail);
  if (what.length === 0) return [];
  return [
    {
      what,
      run: async (admin) => {
        if (mail.length > 0) await alterMail(admin, desired);
        await alterRealm(admin, desired.name, valuesOf(fields), valuesOf(attributes));
      },
    },
  ];
}

const valuesOf = <V extends Json>(list: readonly Difference<V>[]) =>
  Object.fromEntries(list.map(({ field, should }) => [field, should]));

function alterMail(admin: KeycloakAdmin, { name, smtpServer, smtpPassword: password }: DesiredRealm): Promise<void> {
  const print = password === undefined ? undefined : fingerprint(password);
  const withPassword = { ...smtpServer, ...(password !== undefined && { password }) };
  return alterRealm(admin, name, { smtpServer: withPassword }, { [SMTP_FINGERPRINT]: print });
}

function compareMail({ smtpServer, smtpPassword }: DesiredRealm, is: RealmRepresentation): string[] {
  const { password: _, ...now } = is.smtpServer;
  const print = is.attributes[SMTP_FINGERPRINT];
  const names = new Set([...Object.keys(smtpServer ?? {}), ...Object.keys(now)]);
  const lines = [...names]
    .filter((name) => smtpServer?.[name] !== now[name])
    .map((name) => describe('mail', { field: name, is: now[name], should: smtpServer?.[name] ?? null }));
  const isSamePassword = smtpPassword === undefined ? print === undefined : isFingerprintOf(smtpPassword, print);
  return isSamePassword ? lines : [...lines, 'mail: the password of the relay'];
}

/** Keycloak takes fields one by one, but the map of attributes only as a whole; undefined takes one away. */
export async function alterRealm(
  admin: KeycloakAdmin,
  name: string,
  fields: Record<string, unknown>,
  changes: Record<string, string | undefined>,
): Promise<void> {
  const { attributes } = await admin.require<RealmRepresentation>(`/${name}`);
  const merged = Object.entries({ ...attributes, ...changes }).filter(([, value]) => value !== undefined);
  await admin.put(`/${name}`, { ...fields, attributes: Object.fromEntries(merged) });
}
