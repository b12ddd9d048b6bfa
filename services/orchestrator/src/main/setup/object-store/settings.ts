import { z } from 'zod';
import { httpUrl, secret, type Values, variable } from '#core/config/variable.ts';

const group = 'Object store';
const secretKey = (user: string) =>
  variable({
    schema: secret().min(8, 'must have at least 8 characters'),
    group,
    about: `Secret key of user ${user}.`,
    secret: true,
  });

/** How the object store is entered as its root, and the keys of those who use it. */
export const objectStoreVariables = {
  S3_ENDPOINT: variable({ schema: httpUrl(), group, about: 'Object store as this process reaches it.' }),
  S3_REGION: variable({
    schema: z.string().min(1).default('us-east-1'),
    group,
    about: 'Its region; MinIO and its forks do not mind.',
  }),
  S3_ROOT_USER: variable({ schema: z.string().min(1), group, about: 'Who may make buckets and users.' }),
  S3_ROOT_PASSWORD: variable({ schema: secret(), group, about: 'Its secret key.', secret: true }),
  S3_ADMIN_API: variable({
    schema: z.enum(['minio', 'none']).default('minio'),
    group,
    about: 'none: users and policies are made elsewhere, because the store is not MinIO or a fork of it.',
  }),
  S3_BASTIDE_SECRET_KEY: secretKey('bastide'),
  S3_LAGO_SECRET_KEY: secretKey('lago'),
  S3_BACKUP_SECRET_KEY: secretKey('backup'),
};

export type ObjectStoreSettings = Values<typeof objectStoreVariables>;
