import { SetupFailure } from '../failure.ts';
import type { SetupStep } from '../types.ts';
import { ObjectStoreAdmin } from './admin.ts';
import { type Action, bucketActions, clientOf } from './buckets.ts';
import { desiredUsers } from './desired.ts';
import type { ObjectStoreSettings } from './settings.ts';
import { userActions } from './users.ts';

/** Buckets with versions, and a user with its own policy for each who uses them. */
export const objectStoreStep: SetupStep<ObjectStoreSettings> = {
  name: 'objectstore',
  plan: async (settings) => (await outstanding(settings)).map(({ what }) => ({ what })),
  apply: async (settings, log) => {
    const actions = await outstanding(settings);
    for (const { what, run } of actions) {
      await run();
      log.info({ what }, 'changed');
    }
    const left = actions.length === 0 ? [] : await outstanding(settings);
    if (left.length > 0)
      throw new SetupFailure({
        what: 'The object store has not kept what it was told',
        why: left.map(({ what }) => what).join('; '),
        fix: 'see whether somebody else changes it at the same time, then start again: docker compose up -d',
      });
    return actions.map(({ what }) => ({ what }));
  },
};

async function outstanding(settings: ObjectStoreSettings): Promise<Action[]> {
  const buckets = await bucketActions(clientOf(settings), settings).catch((error: unknown) => {
    throw asFailure(settings, error);
  });
  if (settings.S3_ADMIN_API === 'none') return buckets;
  return [...buckets, ...(await userActions(new ObjectStoreAdmin(settings), desiredUsers(settings)))];
}

/** The client's errors carry S3's code; a HEAD that is refused has none but its own. */
function asFailure({ S3_ROOT_USER: user, S3_ENDPOINT: endpoint }: ObjectStoreSettings, error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (code === undefined) return error;
  const isRefused = ['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'Forbidden'].includes(code);
  return new SetupFailure(
    {
      what: isRefused ? 'The object store does not let its root in' : 'The object store gave no usable answer',
      why: isRefused ? `it refuses ${user}: ${code}` : `${endpoint}: ${code} ${message}`,
      fix: isRefused
        ? 'S3_ROOT_USER and secrets/s3_root_password must be those that the service objectstore was started with; restart it: docker compose up -d --force-recreate objectstore'
        : 'look at "docker compose logs objectstore"; when it runs, start again: docker compose up -d',
    },
    { cause: error },
  );
}
