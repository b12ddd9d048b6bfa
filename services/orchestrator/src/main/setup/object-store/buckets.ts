import { Client } from 'minio';
import { z } from 'zod';
import { BUCKETS, KEPT_DAYS } from './desired.ts';
import type { ObjectStoreSettings } from './settings.ts';

/** One thing to do, complete in itself: killed after it, the next run finds it done. */
export interface Action {
  what: string;
  run: () => Promise<void>;
}

const RULE_ID = 'bastide-noncurrent';

// One rule comes as an object, several as a list; numbers and booleans may come as text.
const Rule = z.looseObject({
  ID: z.string().optional(),
  Status: z.string(),
  NoncurrentVersionExpiration: z.looseObject({ NoncurrentDays: z.coerce.number() }).optional(),
  Expiration: z.looseObject({ ExpiredObjectDeleteMarker: z.coerce.string().optional() }).optional(),
});
type Rule = z.output<typeof Rule>;
const Lifecycle = z.object({
  Rule: z
    .union([Rule.array(), Rule])
    .optional()
    .transform((rules) => (rules === undefined ? [] : [rules].flat())),
});

export function clientOf(settings: ObjectStoreSettings): Client {
  const { hostname, port, protocol } = new URL(settings.S3_ENDPOINT);
  const useSSL = protocol === 'https:';
  return new Client({
    endPoint: hostname,
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    region: settings.S3_REGION,
    accessKey: settings.S3_ROOT_USER,
    secretKey: settings.S3_ROOT_PASSWORD,
    pathStyle: true,
  });
}

/** What is missing of the buckets, their versions and the end of those. Nothing is ever deleted. */
export async function bucketActions(client: Client, settings: ObjectStoreSettings): Promise<Action[]> {
  const actions: Action[] = [];
  for (const bucket of BUCKETS) {
    const isThere = await client.bucketExists(bucket);
    if (!isThere) actions.push({ what: `+ bucket ${bucket}`, run: () => make(client, bucket, settings.S3_REGION) });
    if (!isThere || !(await isVersioned(client, bucket)))
      actions.push({
        what: `~ bucket ${bucket}: versions are kept`,
        run: () => client.setBucketVersioning(bucket, { Status: 'Enabled' }),
      });
    const rules = isThere ? await rulesOf(client, bucket) : [];
    if (!rules.some(isRight))
      actions.push({
        what: `~ bucket ${bucket}: older versions go after ${KEPT_DAYS} days`,
        run: () => setRule(client, bucket),
      });
  }
  return actions;
}

/** Somebody else may have made it between the look and now. */
async function make(client: Client, bucket: string, region: string): Promise<void> {
  if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket, region);
}

async function isVersioned(client: Client, bucket: string): Promise<boolean> {
  const answer = (await client.getBucketVersioning(bucket)) as unknown;
  return z.object({ Status: z.string() }).safeParse(answer).data?.Status === 'Enabled';
}

async function rulesOf(client: Client, bucket: string): Promise<Rule[]> {
  try {
    return Lifecycle.parse((await client.getBucketLifecycle(bucket)) ?? {}).Rule;
  } catch (error) {
    if ((error as { code?: string }).code === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}

const isRight = (rule: Rule): boolean =>
  rule.ID === RULE_ID &&
  rule.Status === 'Enabled' &&
  rule.NoncurrentVersionExpiration?.NoncurrentDays === KEPT_DAYS &&
  rule.Expiration?.ExpiredObjectDeleteMarker === 'true';

/** An operator's own rules stay. */
async function setRule(client: Client, bucket: string): Promise<void> {
  const others = (await rulesOf(client, bucket)).filter(({ ID }) => ID !== RULE_ID);
  const ours = {
    ID: RULE_ID,
    Status: 'Enabled',
    Filter: { Prefix: '' },
    NoncurrentVersionExpiration: { NoncurrentDays: KEPT_DAYS },
    Expiration: { ExpiredObjectDeleteMarker: true },
  };
  await client.setBucketLifecycle(bucket, { Rule: [...others, ours] } as never);
}
