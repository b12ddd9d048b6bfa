import type { ObjectStoreSettings } from './settings.ts';

/** Days that an overwritten or deleted object can still be had back. */
export const KEPT_DAYS = 14;

export const BUCKETS = ['bastide', 'lago', 'backups'] as const;

export interface Policy {
  Version: '2012-10-17';
  Statement: { Effect: 'Allow' | 'Deny'; Action: string[]; Resource: string[] }[];
}

export interface DesiredUser {
  /** Also the name of its policy. */
  name: string;
  secretKey: string;
  policy: Policy;
}

const LIST = ['s3:GetBucketLocation', 's3:ListBucket'];
const READ = ['s3:GetObject', 's3:GetObjectTagging'];
const WRITE = [
  's3:PutObject',
  's3:PutObjectTagging',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];

const bucket = (name: string) => `arn:aws:s3:::${name}`;
const objects = (name: string) => `arn:aws:s3:::${name}/*`;
const allow = (Action: string[], ...Resource: string[]) => ({ Effect: 'Allow' as const, Action, Resource });
// Whoever steals these keys can hide data and not destroy it: it comes back from its older version. MinIO takes the right
// to delete for one to delete versions as well, unless that is denied.
const neverErases = (name: string) => ({
  Effect: 'Deny' as const,
  Action: ['s3:DeleteObjectVersion'],
  Resource: [objects(name)],
});
const readsAndWrites = (name: string) => [
  allow([...LIST, 's3:ListBucketMultipartUploads'], bucket(name)),
  allow([...READ, ...WRITE], objects(name)),
  neverErases(name),
];

/** One user for each who uses the store, with a policy for its own bucket; backup also reads the others'. */
export function desiredUsers(settings: ObjectStoreSettings): DesiredUser[] {
  const policy = (...Statement: Policy['Statement']): Policy => ({ Version: '2012-10-17', Statement });
  return [
    { name: 'bastide', secretKey: settings.S3_BASTIDE_SECRET_KEY, policy: policy(...readsAndWrites('bastide')) },
    { name: 'lago', secretKey: settings.S3_LAGO_SECRET_KEY, policy: policy(...readsAndWrites('lago')) },
    {
      name: 'backup',
      secretKey: settings.S3_BACKUP_SECRET_KEY,
      policy: policy(
        ...readsAndWrites('backups'),
        allow([...LIST, 's3:ListBucketVersions'], bucket('bastide'), bucket('lago')),
        allow([...READ, 's3:GetObjectVersion'], objects('bastide'), objects('lago')),
      ),
    },
  ];
}
