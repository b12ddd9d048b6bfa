import { randomInt } from 'node:crypto';
import type { Context } from '#core/context.ts';
import { seal, unseal } from '#core/crypto/seal.ts';
import type { SiteRow } from './queries.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 24;

/** Letters and digits only: it travels through command lines, and no quoting rule must be able to change it. */
const newPassword = (): string => Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

const about = (siteId: string, whose: string) => `${siteId}/${whose}`;

export const sealNewPasswords = ({ config }: Context, siteId: string) => ({
  admin_password_sealed: seal(config, about(siteId, 'administrator'), newPassword()),
  user_password_sealed: seal(config, about(siteId, 'first-user'), newPassword()),
});

export const openPasswords = ({ config }: Context, site: SiteRow) => ({
  administrator: unseal(config, about(site.id, 'administrator'), site.admin_password_sealed),
  firstUser: unseal(config, about(site.id, 'first-user'), site.user_password_sealed),
});
