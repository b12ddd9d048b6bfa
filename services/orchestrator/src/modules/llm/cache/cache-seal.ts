import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Config } from '#core/config/variables.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Answers are sealed, and their names tell nothing: the cache's server is shared with the sites' benches, whose code may
 * read and write every key of it. So nobody there can read a tenant's answers, ask whether a question was asked, or put
 * in an answer of their own; the name is bound in, so that an answer does not open under another.
 */
export class CacheSeal {
  readonly #nameKey: Buffer;
  readonly #sealKey: Buffer;

  constructor(config: Pick<Config, 'ENCRYPTION_KEY'>) {
    const master = Buffer.from(config.ENCRYPTION_KEY, 'base64');
    const derived = Buffer.from(hkdfSync('sha256', master, '', 'bastide llm response cache', 2 * KEY_BYTES));
    this.#nameKey = derived.subarray(0, KEY_BYTES);
    this.#sealKey = derived.subarray(KEY_BYTES);
  }

  name(tenantId: string, request: string): string {
    return createHmac('sha256', this.#nameKey).update(`${tenantId}\n`).update(request).digest('base64url');
  }

  seal(name: string, plain: readonly Buffer[]): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, iv);
    cipher.setAAD(Buffer.from(name));
    const sealed = plain.map((part) => cipher.update(part));
    const rest = cipher.final();
    return Buffer.concat([iv, cipher.getAuthTag(), ...sealed, rest]);
  }

  /** Throws when the value was changed, moved, or sealed with another key. */
  unseal(name: string, sealed: Buffer): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, sealed.subarray(0, IV_BYTES));
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  }
}
