import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Change, SetupStep } from '../types.ts';
import { readHmacKey } from './graphql.ts';
import type { LagoSettings } from './settings.ts';

export const HMAC_KEY_FILE = 'lago_webhook_hmac_key';

/**
 * Lago makes the key that signs its webhooks itself. It is written where the api and the worker read it before they
 * start. The webhook endpoint and the plans are the catalogue's, which comes after.
 */
export const lagoStep: SetupStep<LagoSettings> = {
  name: 'lago',
  plan: async (settings) => (await missingKey(settings)).changes,
  apply: async (settings) => {
    const { key, changes } = await missingKey(settings);
    if (changes.length > 0) await writeKey(fileOf(settings), key);
    return changes;
  },
};

const fileOf = (settings: LagoSettings) => join(settings.BOOTSTRAP_DIR, HMAC_KEY_FILE);

async function missingKey(settings: LagoSettings): Promise<{ key: string; changes: Change[] }> {
  const key = await readHmacKey(settings);
  const known = await readFile(fileOf(settings), 'utf8').catch(() => undefined);
  if (known === key) return { key, changes: [] };
  const what = `${known === undefined ? '+' : '~'} key of Lago’s webhooks in ${fileOf(settings)}`;
  return { key, changes: [{ what }] };
}

/** Readers see the old key or the new one, never half of one; the containers that read it run as other users. */
async function writeKey(file: string, key: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.new`;
  await rm(aside, { force: true });
  const handle = await open(aside, 'wx', 0o444);
  try {
    await handle.writeFile(key);
    await handle.sync();
  } finally {
    await handle.close();
  }
  // Whatever the umask is.
  await chmod(aside, 0o444);
  await rename(aside, file);
}
