import { AwsClient } from 'aws4fetch';
import { z } from 'zod';
import { SetupFailure } from '../failure.ts';
import { reasonOf } from '../wait.ts';
import type { Policy } from './desired.ts';
import { sealForAdmin } from './seal.ts';
import type { ObjectStoreSettings } from './settings.ts';

const TIMEOUT_MS = 15_000;

const UserInfo = z.object({ policyName: z.string().default(''), status: z.string() });
const PolicyInfo = z.object({ Policy: z.unknown() });
const Problem = z.object({ Code: z.string().default(''), Message: z.string().default('') });

/** The part of MinIO's admin API that makes users and policies, which no S3 client has. */
export class ObjectStoreAdmin {
  readonly #settings: ObjectStoreSettings;
  readonly #client: AwsClient;

  constructor(settings: ObjectStoreSettings) {
    this.#settings = settings;
    this.#client = clientOf(settings, settings.S3_ROOT_USER, settings.S3_ROOT_PASSWORD);
  }

  /** Undefined when there is no such user. */
  async user(name: string): Promise<z.output<typeof UserInfo> | undefined> {
    const answer = await this.#call('GET', 'user-info', { accessKey: name });
    return answer === undefined ? undefined : UserInfo.parse(answer);
  }

  /** Makes it, or gives it another secret. */
  async putUser(name: string, secretKey: string): Promise<void> {
    const body = Buffer.from(JSON.stringify({ secretKey, status: 'enabled' }));
    await this.#call('PUT', 'add-user', { accessKey: name }, sealForAdmin(this.#settings.S3_ROOT_PASSWORD, body));
  }

  /** Undefined when there is no such policy. */
  async policy(name: string): Promise<unknown> {
    const answer = await this.#call('GET', 'info-canned-policy', { name, v: '2' });
    return answer === undefined ? undefined : PolicyInfo.parse(answer).Policy;
  }

  async putPolicy(name: string, policy: Policy): Promise<void> {
    await this.#call('PUT', 'add-canned-policy', { name }, Buffer.from(JSON.stringify(policy)));
  }

  /** The user has this policy and no other. */
  async setPolicyOf(user: string, policy: string): Promise<void> {
    const query = { policyName: policy, userOrGroup: user, isGroup: 'false' };
    await this.#call('PUT', 'set-user-or-group-policy', query, Buffer.alloc(0));
  }

  /** Whether the store knows the user by this secret, whatever it may do. */
  async isSecretOf(user: string, secretKey: string): Promise<boolean> {
    const client = clientOf(this.#settings, user, secretKey);
    const response = await this.#send(client, 'GET', `${this.#settings.S3_ENDPOINT}/`);
    const text = await response.text();
    if (response.status === 403 && /InvalidAccessKeyId|SignatureDoesNotMatch/.test(text)) return false;
    return response.ok || response.status === 403;
  }

  async #call(method: 'GET' | 'PUT', path: string, query: Record<string, string>, body?: Buffer): Promise<unknown> {
    const url = `${this.#settings.S3_ENDPOINT}/minio/admin/v3/${path}?${new URLSearchParams(query).toString()}`;
    const response = await this.#send(this.#client, method, url, body);
    const text = await response.text();
    if (response.ok) return text === '' ? null : (JSON.parse(text) as unknown);
    const { Code: code, Message: message } = problemOf(text);
    if (code === 'XMinioAdminNoSuchUser' || code === 'XMinioAdminNoSuchPolicy') return undefined;
    if (code === 'InvalidAccessKeyId' || code === 'SignatureDoesNotMatch')
      throw new SetupFailure({
        what: 'The object store does not let its root in',
        why: `it refuses ${this.#settings.S3_ROOT_USER}: ${code}`,
        fix: 'S3_ROOT_USER and secrets/s3_root_password must be those that the service objectstore was started with; restart it: docker compose up -d --force-recreate objectstore',
      });
    throw new SetupFailure({
      what: `The object store refused ${path}`,
      why: `${response.status} ${code} ${message}`.trim(),
      fix: 'if it is neither MinIO nor a fork of it, make its users by hand and set S3_ADMIN_API=none; else look at "docker compose logs objectstore"',
    });
  }

  async #send(client: AwsClient, method: string, url: string, body?: Buffer): Promise<Response> {
    const options = { method, signal: AbortSignal.timeout(TIMEOUT_MS), ...(body && { body: new Uint8Array(body) }) };
    return client.fetch(url, options).catch((error: unknown) => {
      throw new SetupFailure(
        {
          what: 'The object store does not answer',
          why: reasonOf(error),
          fix: 'look at "docker compose logs objectstore"; when it runs, start again: docker compose up -d',
        },
        { cause: error },
      );
    });
  }
}

const clientOf = ({ S3_REGION: region }: ObjectStoreSettings, accessKeyId: string, secretAccessKey: string) =>
  new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 2 });

function problemOf(text: string): z.output<typeof Problem> {
  try {
    return Problem.parse(JSON.parse(text));
  } catch {
    const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? '';
    return { Code: code, Message: /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? '' };
  }
}
