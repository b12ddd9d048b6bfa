import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals requests, which hold the database's root password, for as long as their job waits or runs.
 * The key comes from the runner's token: a stolen database file alone opens nothing.
 */
export class Vault {
  readonly #key: Buffer;

  constructor(token: string, salt: Uint8Array) {
    this.#key = Buffer.from(hkdfSync('sha256', token, salt, 'bastide bench-runner requests', 32));
  }

  seal(text: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** Throws if the token is another one than at sealing. */
  open(box: Uint8Array): string {
    const buffer = Buffer.from(box);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, buffer.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(buffer.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return decipher.update(buffer.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }
}
