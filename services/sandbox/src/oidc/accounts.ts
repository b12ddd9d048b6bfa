import { createHash } from 'node:crypto';
import type { AccountClaims } from 'oidc-provider';

export interface Account {
  sub: string;
  email: string;
  name: string;
  locale: 'en' | 'fr';
  /** Realm roles, as Keycloak puts them in `realm_access.roles`. */
  roles: string[];
}

export const DEMO_PASSWORD = 'demo-password';
export const MIN_PASSWORD_LENGTH = 8;

const DEMO: Omit<Account, 'sub'>[] = [
  { email: 'owner@example.test', name: 'Olivia Owner', locale: 'en', roles: ['user'] },
  { email: 'member@example.test', name: 'Malik Member', locale: 'fr', roles: ['user'] },
  { email: 'other@example.test', name: 'Otto Other', locale: 'en', roles: ['user'] },
  { email: 'admin@example.test', name: 'Ada Admin', locale: 'en', roles: ['user', 'admin'] },
];

export type Entry = { account: Account; isNew: boolean } | { refused: 'email' | 'short_password' | 'wrong_password' };

/** The people of the realm. An unknown address signs up at once, so that a demo needs no registration step. */
export class Accounts {
  readonly #people = new Map<string, { account: Account; password: string }>();

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#people.clear();
    for (const person of DEMO) this.#add(person, DEMO_PASSWORD);
  }

  list(): Account[] {
    return [...this.#people.values()].map((person) => person.account);
  }

  /** The accounts that every sandbox starts with. */
  demo(): Account[] {
    return DEMO.flatMap(({ email }) => this.byEmail(email) ?? []);
  }

  bySub(sub: string): Account | undefined {
    return this.list().find((account) => account.sub === sub);
  }

  byEmail(email: string): Account | undefined {
    return this.#people.get(normalise(email))?.account;
  }

  setRoles(email: string, roles: string[]): Account {
    const account = this.byEmail(email);
    if (!account) throw new Error(`No account ${email}.`);
    account.roles = roles;
    return account;
  }

  enter(input: { email: string; password: string; locale: 'en' | 'fr' }): Entry {
    const email = normalise(input.email);
    const known = this.#people.get(email);
    if (known) return known.password === input.password ? { ...known, isNew: false } : { refused: 'wrong_password' };
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return { refused: 'email' };
    if (input.password.length < MIN_PASSWORD_LENGTH) return { refused: 'short_password' };
    const name = nameFrom(email);
    return { account: this.#add({ email, name, locale: input.locale, roles: ['user'] }, input.password), isNew: true };
  }

  #add(person: Omit<Account, 'sub'>, password: string): Account {
    const account = { ...person, roles: [...person.roles], sub: subFor(person.email) };
    this.#people.set(person.email, { account, password });
    return account;
  }
}

/** What both tokens say about a person; which of it the ID token shows depends on the scopes asked for. */
export function claimsOf(account: Account): AccountClaims {
  const [givenName = account.name, ...rest] = account.name.split(' ');
  return {
    sub: account.sub,
    email: account.email,
    email_verified: true,
    name: account.name,
    given_name: givenName,
    family_name: rest.join(' '),
    preferred_username: account.email,
    locale: account.locale,
    realm_access: { roles: account.roles },
  };
}

/** A UUID as Keycloak gives one, but the same after a restart: the database outlives this process. */
function subFor(email: string): string {
  const hex = createHash('sha256').update(email).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function normalise(email: string): string {
  return email.trim().toLowerCase();
}

function nameFrom(email: string): string {
  const words = (email.split('@')[0] ?? email).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || email;
}
