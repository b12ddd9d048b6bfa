import { pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Connection } from 'mysql2/promise';

/** Frappe keeps passlib's pbkdf2_sha256 in `__Auth`. */
export async function setPassword(db: Connection, user: string, password: string): Promise<void> {
  const salt = randomBytes(16);
  const hash = pbkdf2Sync(password, salt, 29_000, 32, 'sha256');
  const stored = `$pbkdf2-sha256$29000$${salt.toString('base64url')}$${hash.toString('base64url')}`;
  await db.query('replace into __Auth (name, fieldname, password) values (?, ?, ?)', [user, 'password', stored]);
}
