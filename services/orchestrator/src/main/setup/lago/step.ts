import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import type { Change, SetupStep } from '../types.ts';
import { LoginRefused, readHmacKey } from './graphql.ts';
import type { LagoSettings } from './settings.ts';

export const HMAC_KEY_FILE = 'lago_webhook_hmac_key';

/**
 * Lago makes the key that signs its webhooks itself. It is written where the api and the worker read it before they
 * start. The webhook endpoint and the plans are the catalogue's, which comes after.
 */
export const lagoStep: SetupStep<LagoSettings> = {
  name: 'lago',
  plan: async (settings, log) => (await missingKey(settings, log)).changes,
  apply: async (settings, log) => {
    const { key, changes } = await missingKey(settings, log);
    if (changes.length > 0) await writeKey(fileOf(settings), key);
    return changes;
  },
};

const fileOf = (settings: LagoSettings) => join(settings.BOOTSTRAP_DIR, HMAC_KEY_FILE);

async function missingKey(settings: LagoSettings, log: Logger): Promise<{ key: string; changes: Change[] }> {
  const known = await readFile(fileOf(settings), 'utf8').catch(() => undefined);
  const key = await readHmacKey(settings).catch((error: unknown) => {
    if (!(error instanceof LoginRefused) || !known) throw error;
    // Somebody has changed the password in Lago: no reason for nothing to start. The key is hardly ever another.
    log.warn({ why: error.why, fix: error.fix }, `${error.what}: the key of its webhooks is kept as it was`);
    return known;
  });
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
