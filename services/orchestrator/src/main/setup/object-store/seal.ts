import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';

/** Of the algorithms that MinIO's admin API takes, the one that needs nothing but Node's own cryptography. */
const PBKDF2_AES_GCM = 0x02;
const PBKDF2_ROUNDS = 8192;
const NONCE_BYTES = 8;
const FRAGMENT_BYTES = 16_384;
const LAST = 0x80;

/**
 * As MinIO's admin API wants bodies that hold secrets (madmin-go's EncryptData): salt, algorithm, nonce, then one
 * AES-GCM fragment whose nonce ends in its number. Only for bodies of one fragment, which all of ours are.
 */
export function sealForAdmin(rootSecret: string, body: Buffer): Buffer {
  if (body.length > FRAGMENT_BYTES) throw new RangeError(`A body of ${body.length} bytes needs more than one fragment`);
  const salt = randomBytes(32);
  const nonce = randomBytes(NONCE_BYTES);
  const key = pbkdf2Sync(rootSecret, salt, PBKDF2_ROUNDS, 32, 'sha256');
  // Fragment 0 is empty; its tag ties the others to this stream.
  const tie = seal({ key, nonce, number: 0 }, Buffer.alloc(0));
  const fragment = seal({ key, nonce, number: 1, about: Buffer.concat([Buffer.of(LAST), tie]) }, body);
  return Buffer.concat([salt, Buffer.of(PBKDF2_AES_GCM), nonce, fragment]);
}

interface Fragment {
  key: Buffer;
  nonce: Buffer;
  number: number;
  about?: Buffer;
}

function seal({ key, nonce, number, about }: Fragment, plain: Buffer): Buffer {
  const end = Buffer.alloc(4);
  end.writeUInt32LE(number);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.concat([nonce, end]));
  if (about) cipher.setAAD(about);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}
