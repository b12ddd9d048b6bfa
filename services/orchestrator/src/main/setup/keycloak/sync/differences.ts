import type { Json } from '../representation.ts';

export interface Difference<V extends Json = Json> {
  field: string;
  is: unknown;
  should: V;
}

/** Fields of `should` that `is` has otherwise; what `should` does not name is nobody's business here. */
export function differences<V extends Json>(
  should: Readonly<Record<string, V>>,
  is: Readonly<Record<string, unknown>>,
): Difference<V>[] {
  return Object.entries(should)
    .filter(([field, value]) => !isSame(value, is[field]))
    .map(([field, value]) => ({ field, is: is[field], should: value }));
}

/** Lists are sets in Keycloak: it gives them back in any order. What is empty it leaves out. */
function isSame(a: Json | undefined, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return canonical(a) === canonical(b);
  return a === b || (isEmpty(a) && isEmpty(b));
}

const isEmpty = (value: unknown) => value === undefined || value === null || value === '';

const canonical = (list: readonly unknown[]) => JSON.stringify([...list].map((item) => JSON.stringify(item)).sort());

/** `realm: registrationAllowed false → true` */
export const describe = (where: string, { field, is, should }: Difference): string =>
  `${where}: ${field} ${show(is)} → ${show(should)}`;

const show = (value: unknown): string => {
  if (isEmpty(value)) return '(none)';
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
};
