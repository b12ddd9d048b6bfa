import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Client } from 'minio';
import { pino } from 'pino';
import { inherited } from '#test/support/processes.ts';
import { eventually } from '#test/support/stack.ts';
import { freePort } from '../../../../../bench-runner/test/support/free-port.ts';
import { SetupFailure } from '../failure.ts';
import { clientOf } from './buckets.ts';
import { sealForAdmin } from './seal.ts';
import type { ObjectStoreSettings } from './settings.ts';
import { objectStoreStep } from './step.ts';

/**
 * A real MinIO (scripts/test/standins/objectstore/build.sh makes one): TEST_MINIO, or one on PATH. Where there is none,
 * the stack test is what tries this.
 */
const MINIO = process.env['TEST_MINIO'] ?? 'minio';
const hasMinio = spawnSync(MINIO, ['--version'], { stdio: 'ignore' }).status === 0;
const withStore = hasMinio ? test : test.skip;
const log = pino({ level: 'silent' });

async function startStore(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-s3-'));
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  writeFileSync(join(folder, 'password'), password);
  const child: ChildProcess = spawn(MINIO, ['server', join(folder, 'data'), '--address', `127.0.0.1:${port}`], {
    env: {
      ...inherited(),
      HOME: folder,
      MINIO_ROOT_USER: 'bastide-root',
      MINIO_ROOT_PASSWORD_FILE: join(folder, 'password'),
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
    stdio: 'ignore',
  });
  t.teardown(async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  const settings: ObjectStoreSettings = {
    S3_ENDPOINT: `http://127.0.0.1:${port}`,
    S3_REGION: 'us-east-1',
    S3_ROOT_USER: 'bastide-root',
    S3_ROOT_PASSWORD: password,
    S3_ADMIN_API: 'minio',
    S3_BASTIDE_SECRET_KEY: 'bastide-secret',
    S3_LAGO_SECRET_KEY: 'lago-secret',
    S3_BACKUP_SECRET_KEY: 'backup-secret',
  };
  await eventually('the object store', () =>
    fetch(`${settings.S3_ENDPOINT}/minio/health/live`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const as = (accessKey: string, secretKey: string) =>
    new Client({ endPoint: '127.0.0.1', port, useSSL: false, region: 'us-east-1', accessKey, secretKey });
  return { settings, as };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'allowed',
    (error: { code?: string }) => error.code,
  );

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

withStore('makes buckets with versions, and users who can do their own work and no more', async (t) => {
  const { settings, as } = await startStore(t);
  const planned = await objectStoreStep.plan(settings, log);
  t.deepEqual(await clientOf(settings).listBuckets(), [], 'a plan changes nothing');
  t.deepEqual(await objectStoreStep.apply(settings, log), planned);
  t.false(JSON.stringify(planned).includes('secret"'));

  const bastide = as('bastide', 'bastide-secret');
  await bastide.putObject('bastide', 'a/b.txt', 'first');
  await bastide.putObject('bastide', 'a/b.txt', 'second');
  await bastide.removeObject('bastide', 'a/b.txt');
  t.is(await codeOf(bastide.putObject('lago', 'x', 'x')), 'AccessDenied');
  t.is(await codeOf(bastide.makeBucket('another')), 'AccessDenied');
  t.is(await codeOf(as('bastide', 'wrong-secret').listBuckets()), 'SignatureDoesNotMatch');

  const root = clientOf(settings);
  const versions: { versionId: string; isDeleteMarker: boolean }[] = [];
  for await (const item of root.listObjects('bastide', '', true, { IncludeVersion: true }) as AsyncIterable<never>)
    versions.push(item);
  t.is(versions.length, 3, 'two versions and a mark of the deletion');
  const oldest = versions.filter(({ isDeleteMarker }) => !isDeleteMarker).at(-1)?.versionId ?? '';
  t.is(await readAll(await root.getObject('bastide', 'a/b.txt', { versionId: oldest })), 'first');
  const erase = bastide.removeObject('bastide', 'a/b.txt', { versionId: oldest });
  t.is(await codeOf(erase), 'AccessDenied', 'stolen keys cannot erase what was stored');

  const backup = as('backup', 'backup-secret');
  await backup.putObject('backups', 'repository/config', 'x');
  t.is(await readAll(await backup.getObject('bastide', 'a/b.txt', { versionId: oldest })), 'first');
  t.is(await codeOf(backup.putObject('bastide', 'a/b.txt', 'x')), 'AccessDenied');
});

withStore('a large object goes up in parts and comes back the same', async (t) => {
  const { settings, as } = await startStore(t);
  await objectStoreStep.apply(settings, log);
  const bastide = as('bastide', 'bastide-secret');
  const content = randomBytes(7 * 1024 * 1024);
  bastide.partSize = 5 * 1024 * 1024;
  await bastide.putObject('bastide', 'large', content, content.length);
  const back: Buffer[] = [];
  for await (const chunk of await bastide.getObject('bastide', 'large')) back.push(chunk as Buffer);
  t.true(Buffer.concat(back).equals(content));
  const url = await bastide.presignedGetObject('bastide', 'large', 60);
  t.is((await fetch(url)).status, 200);
});

withStore(
  'the second run changes nothing; what somebody has changed is set right, what they added stays',
  async (t) => {
    const { settings, as } = await startStore(t);
    await objectStoreStep.apply(settings, log);
    t.deepEqual(await objectStoreStep.apply(settings, log), []);

    const root = clientOf(settings);
    await root.setBucketVersioning('lago', { Status: 'Suspended' });
    const own = { ID: 'own', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } };
    await root.setBucketLifecycle('bastide', { Rule: [own] });
    const rotated = { ...settings, S3_LAGO_SECRET_KEY: 'lago-second-secret' };
    t.deepEqual(
      (await objectStoreStep.apply(rotated, log)).map(({ what }) => what),
      [
        '~ bucket bastide: older versions go after 14 days',
        '~ bucket lago: versions are kept',
        '~ user lago: secret key',
      ],
    );
    t.is(await codeOf(as('lago', 'lago-secret').listBuckets()), 'SignatureDoesNotMatch');
    t.is(await codeOf(as('lago', 'lago-second-secret').putObject('lago', 'x', 'x')), 'allowed');
    const lifecycle = JSON.stringify(await root.getBucketLifecycle('bastide'));
    t.true(lifecycle.includes('own') && lifecycle.includes('tmp/'));
    t.deepEqual(await objectStoreStep.apply(rotated, log), []);
  },
);

withStore('cut off anywhere, the next run does the rest', async (t) => {
  const { settings } = await startStore(t);
  const total = (await objectStoreStep.plan(settings, log)).length;
  for (let done = 0, rounds = 0; done < total && rounds < total; rounds += 1) {
    const after = 1 + (rounds % 3);
    let seen = 0;
    // The logger is called after each action: throwing there is a kill between two of them.
    const killer = { info: () => (seen += 1) === after && raise() } as never;
    const changes = await objectStoreStep.apply(settings, killer).catch(() => undefined);
    done += changes?.length ?? after;
  }
  t.deepEqual(await objectStoreStep.plan(settings, log), []);
});

const raise = () => {
  throw new Error('killed');
};

withStore('a wrong root password is told with what to do', async (t) => {
  const { settings } = await startStore(t);
  for (const change of [{ S3_ROOT_PASSWORD: 'not-the-password' }, { S3_ROOT_USER: 'nobody' }]) {
    const error = await t.throwsAsync(objectStoreStep.plan({ ...settings, ...change }, log), {
      instanceOf: SetupFailure,
    });
    t.regex(error.fix, /secrets\/s3_root_password/);
  }
});

test('a sealed body opens with the root’s password only, and holds nothing in clear', (t) => {
  const sealed = sealForAdmin('root password', Buffer.from('{"secretKey":"hidden"}'));
  t.false(sealed.includes('hidden'));
  const [salt, nonce] = [sealed.subarray(0, 32), sealed.subarray(33, 41)];
  t.is(sealed[32], 2);
  const open = (password: string) => {
    const key = pbkdf2Sync(password, salt, 8192, 32, 'sha256');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.concat([nonce, Buffer.of(1, 0, 0, 0)]));
    decipher.setAuthTag(sealed.subarray(-16));
    decipher.setAAD(Buffer.concat([Buffer.of(0x80), tieOf(key, nonce)]));
    return Buffer.concat([decipher.update(sealed.subarray(41, -16)), decipher.final()]).toString();
  };
  t.is(open('root password'), '{"secretKey":"hidden"}');
  t.throws(() => open('another'));
  t.throws(() => sealForAdmin('x', Buffer.alloc(20_000)), { instanceOf: RangeError });
});

function tieOf(key: Buffer, nonce: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.concat([nonce, Buffer.alloc(4)]));
  cipher.final();
  return cipher.getAuthTag();
}
