import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ROOT, isRoot, sandbox } from './sandbox.ts';

const asRoot = isRoot ? test.serial : test.skip;
const LOCAL = ['--yes', '--mode', 'local', '--size', 's', '--skip-check', 'memory'];
const image = (name: string, version: string, digit: string) =>
  `${name.toUpperCase()}_IMAGE=ghcr.io/acme/bastide/${name}:${version}@sha256:${digit.repeat(64)}`;
const imagesOf = (version: string, digit: string) =>
  ['orchestrator', 'backup'].map((name) => `${image(name, version, digit)}\n`).join('');

/** Releases as GitHub has them, and what was asked for. */
async function startReleases(t: ExecutionContext) {
  const files = new Map<string, string>();
  const asked: string[] = [];
  const failures = new Map<string, number[]>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const failure = failures.get(path)?.shift();
    const body = files.get(path);
    response.writeHead(failure ?? (body === undefined ? 404 : 200));
    response.end(failure === undefined ? (body ?? 'Not Found') : 'failed');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/releases`,
    asked,
    /** The next answers for that file are these statuses. */
    fail: (version: string, file: string, ...statuses: number[]) =>
      failures.set(`/releases/download/v${version}/${file}`, statuses),
    publish: (version: string, text: string, sum = createHash('sha256').update(text).digest('hex')) => {
      files.set(`/releases/download/v${version}/images.env`, text);
      files.set(`/releases/download/v${version}/SHA256SUMS`, `${'0'.repeat(64)}  images.lock\n${sum}  images.env\n`);
    },
  };
}

/** A clone with the releases 1.0.0, where it stands, and 2.0.0. */
function clone(t: ExecutionContext) {
  const box = sandbox(t);
  for (const part of ['scripts/upgrade.d', 'scripts/upgrade.sh', 'scripts/ci/own-images.txt', '.gitignore'])
    cpSync(join(ROOT, part), box.path(part), { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.test', ...args], {
      cwd: box.path(),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: box.folder },
    }).trim();
  git('init', '-q', '--initial-branch=main');
  for (const version of ['1.0.0', '2.0.0']) {
    box.write('package.json', `{\n  "name": "bastide",\n  "version": "${version}"\n}\n`);
    git('add', '.');
    git('commit', '-qm', version);
    git('tag', `v${version}`);
  }
  git('checkout', '-q', 'v1.0.0');
  const library = 'source scripts/lib/appliance/git.sh; source scripts/lib/appliance/release.sh; catch_errors t;';
  return {
    ...box,
    git,
    value: (name: string, file = '.env') => new RegExp(`^${name}=(.*)$`, 'm').exec(box.read(file))?.[1],
    fetch: (url: string, version = '1.0.0') => {
      mkdirSync(box.path('got'), { recursive: true });
      box.write('.env', `BASTIDE_RELEASES_URL=${url}\n`);
      return box.bash(`${library} env_load .env; fetch_release_images ${version} got && echo got || echo "none $?"`);
    },
    library: (text: string) => box.bash(`${library} ${text}`),
    /** The steps of an upgrade to 2.0.0 that have to do with files, with nothing running. */
    steps: (text: string) =>
      box.bash(`${library} for part in scripts/upgrade.d/*.sh; do source "$part"; done; env_load .env
        mkdir -p "$UPGRADE_DIR"; TARGET_COMMIT=$(repository rev-parse v2.0.0); put id 1 from "$(head_commit)" from_name "$(head_name)" to "$TARGET_COMMIT"
        TARGET=$(upgrade_folder)/target; ${text}`),
  };
}

test('the digests of a release are fetched when their checksum is right', async (t) => {
  const releases = await startReleases(t);
  const box = clone(t);
  releases.publish('1.0.0', imagesOf('1.0.0', 'a'));
  const { out } = await box.fetch(releases.url);
  t.regex(out, /^got$/m);
  t.is(box.read('got/images.env'), `# Bastide 1.0.0\n${imagesOf('1.0.0', 'a')}`);
});

test('a server that fails for a moment is asked again', async (t) => {
  const releases = await startReleases(t);
  const box = clone(t);
  releases.publish('1.0.0', imagesOf('1.0.0', 'a'));
  releases.fail('1.0.0', 'images.env', 503);
  releases.fail('1.0.0', 'SHA256SUMS', 502);
  t.regex((await box.fetch(releases.url)).out, /^got$/m);
  t.is(releases.asked.length, 4);
});

test('a release without digests, a server that is not there and no address are each one line', async (t) => {
  const releases = await startReleases(t);
  const box = clone(t);
  for (const [url, why] of [
    [releases.url, /Release 1\.0\.0 has no images\.env at .*status 404.*built here/],
    ['http://someone:geheim@127.0.0.1:1/releases', /Release 1\.0\.0 has no images\.env at http:\/\/127\.0\.0\.1:1/],
    ['file:///nowhere', /no such file/],
    ['none', /No address of releases/],
    ['', /No address of releases/],
  ] as const) {
    const { out } = await box.fetch(url);
    t.regex(out, why);
    t.regex(out, /^none 1$/m);
    t.false(out.includes('geheim'));
    t.is(out.trim().split('\n').length, 2, out);
  }
  t.is(releases.asked.length, 1);
  t.false(existsSync(box.path('got/images.env')));
});

test('a checksum that is wrong, or missing, stops everything', async (t) => {
  const releases = await startReleases(t);
  const box = clone(t);
  releases.publish('1.0.0', imagesOf('1.0.0', 'a'), 'f'.repeat(64));
  const wrong = await box.fetch(releases.url);
  t.is(wrong.code, 30, wrong.out);
  t.regex(wrong.out, /is not what was published/);
  releases.publish('1.0.0', imagesOf('1.0.0', 'a'), '');
  t.regex((await box.fetch(releases.url)).out, /nothing about it/);
  t.deepEqual(execFileSync('ls', ['-A', box.path('got')], { encoding: 'utf8' }), '');
});

test('of what was published only our images, by digest, are taken', async (t) => {
  const releases = await startReleases(t);
  const box = clone(t);
  const good = image('bench', '1.0.0', 'a');
  releases.publish(
    '1.0.0',
    [
      image('mariadb', '1.0.0', 'b'),
      'COMPOSE_FILE=/tmp/evil.yml',
      'COMPOSE_PROFILES=postal',
      'DOMAIN=evil.example',
      'ORCHESTRATOR_IMAGE=evil.example/o:latest',
      `BACKUP_IMAGE=$(touch pwned)@sha256:${'a'.repeat(64)}`,
      `KEYCLOAK_IMAGE=ghcr.io/acme/k:1@sha256:${'a'.repeat(63)}`,
      `POSTGRES_IMAGE=ghcr.io/acme/p@sha256:${'a'.repeat(64)} # x`,
      ` ${image('dashboard', '1.0.0', 'a')}`,
      `export ${image('dashboard', '1.0.0', 'a')}`,
      good,
      image('bench', '6.6.6', 'e'),
      '',
    ].join('\n'),
  );
  t.regex((await box.fetch(releases.url)).out, /^got$/m);
  t.is(box.read('got/images.env'), `# Bastide 1.0.0\n${good}\n`);
  t.false(existsSync(box.path('pwned')));
  releases.publish('1.0.0', 'COMPOSE_FILE=/tmp/evil.yml\n');
  t.regex((await box.fetch(releases.url)).out, /names no image of ours/);
});

test('the address comes from .env, or from an origin on GitHub', async (t) => {
  const box = clone(t);
  box.git('remote', 'add', 'origin', 'x');
  for (const [origin, url] of [
    ['https://github.com/acme/bastide', 'https://github.com/acme/bastide/releases'],
    ['https://token@github.com/acme/bas.tide.git', 'https://github.com/acme/bas.tide/releases'],
    ['git@github.com:acme/bastide.git', 'https://github.com/acme/bastide/releases'],
    ['ssh://git@github.com/acme/bastide', 'https://github.com/acme/bastide/releases'],
    ['https://github.com.evil.example/acme/bastide', ''],
    ['https://gitlab.com/acme/bastide', ''],
    ['/srv/bastide.git', ''],
  ] as const) {
    box.git('remote', 'set-url', 'origin', origin);
    t.is((await box.library('releases_url')).out, url);
  }
  box.write('.env', 'BASTIDE_RELEASES_URL=https://mirror.example/r/\n');
  t.is((await box.library('env_load .env; releases_url')).out, 'https://mirror.example/r');
  box.write('.env', 'BASTIDE_RELEASES_URL=ftp://mirror.example/r\n');
  t.is((await box.library('env_load .env; releases_url')).code, 20);
});

asRoot('a clone on a release is installed with its images; a dry run says so and changes nothing', async (t) => {
  const releases = await startReleases(t);
  const box = clone(t);
  releases.publish('1.0.0', imagesOf('1.0.0', 'a'));
  const args = [...LOCAL, '--set', `BASTIDE_RELEASES_URL=${releases.url}`];
  const before = box.snapshot();
  const plan = await box.run('install.sh', [...args, '--dry-run']);
  t.regex(plan.out, /would: put images\.env of release 1\.0\.0 here/, plan.out);
  t.deepEqual(box.snapshot(), before);

  t.is((await box.run('install.sh', [...args, '--configure-only'])).code, 0);
  const orchestrator = image('orchestrator', '1.0.0', 'a').split('=')[1];
  t.is(box.value('ORCHESTRATOR_IMAGE'), orchestrator);
  t.is(box.git('status', '--porcelain'), '');
  const installed = box.snapshot();
  releases.asked.length = 0;
  t.is((await box.run('install.sh', [...LOCAL, '--configure-only'])).code, 0);
  t.deepEqual(box.snapshot(), installed);
  t.deepEqual(releases.asked, []);

  // A digest that is gone from here is fetched again, and no value is lost while that is not possible.
  execFileSync('rm', [box.path('images.env')]);
  releases.fail('1.0.0', 'images.env', 404);
  t.is((await box.run('install.sh', [...LOCAL, '--configure-only'])).code, 0);
  t.is(box.value('ORCHESTRATOR_IMAGE'), orchestrator);
  t.is((await box.run('install.sh', [...LOCAL, '--configure-only'])).code, 0);
  t.true(existsSync(box.path('images.env')));

  // Somebody switched the files by git.
  box.git('checkout', '-q', 'v2.0.0');
  t.is((await box.run('install.sh', [...LOCAL, '--configure-only'])).code, 0);
  t.is(box.value('ORCHESTRATOR_IMAGE'), '');
  t.false(existsSync(box.path('images.env')));
  t.false(existsSync(box.path('.bastide/appliance/images.env')));
});

asRoot('a wrong checksum ends an installation before anything is changed, and `none` builds', async (t) => {
  const releases = await startReleases(t);
  const box = clone(t);
  releases.publish('1.0.0', imagesOf('1.0.0', 'a'), 'f'.repeat(64));
  const wrong = await box.run('install.sh', [...LOCAL, '--set', `BASTIDE_RELEASES_URL=${releases.url}`]);
  t.is(wrong.code, 30, wrong.out);
  t.false(existsSync(box.path('.env')));
  const none = await box.run('install.sh', [...LOCAL, '--configure-only', '--set', 'BASTIDE_RELEASES_URL=none']);
  t.is(none.code, 0, none.out);
  t.is(box.value('ORCHESTRATOR_IMAGE'), undefined);
});

/** Installed as 1.0.0 with its images, but for one that the operator chose. */
async function installed(t: ExecutionContext) {
  const releases = await startReleases(t);
  const box = clone(t);
  const images = `# Bastide 1.0.0\n${imagesOf('1.0.0', 'a')}`;
  mkdirSync(box.path('.bastide/appliance'), { recursive: true });
  mkdirSync(box.path('secrets'));
  box.write(
    '.env',
    `${imagesOf('1.0.0', 'a')}BENCH_IMAGE=mirror.example/b:mine\nBASTIDE_RELEASES_URL=${releases.url}\n`,
  );
  box.write('images.env', images);
  box.write('.bastide/appliance/images.env', images);
  return { box, releases, images };
}
const SWITCH = 'unpack_target "$TARGET"; ensure_secrets() { :; }; step_switch; remember_images';

asRoot("an upgrade takes the target's images, keeps the operator's, and comes back", async (t) => {
  const { box, releases, images } = await installed(t);
  const env = box.read('.env');
  releases.publish('2.0.0', `${imagesOf('2.0.0', 'b')}${image('bench', '2.0.0', 'b')}\n`);
  const there = await box.steps(SWITCH);
  t.is(there.code, 0, there.out);
  t.true(box.read('.env').startsWith(`${imagesOf('2.0.0', 'b')}BENCH_IMAGE=mirror.example/b:mine\n`));
  t.is(box.read('.bastide/upgrade/1/target/.env').split('\n')[0], image('orchestrator', '2.0.0', 'b'));
  t.regex(box.read('images.env'), /^# Bastide 2\.0\.0\n/);
  t.is(box.git('status', '--porcelain'), '');
  const back = await box.bash(`source scripts/lib/appliance/git.sh; source scripts/lib/appliance/release.sh
    for part in scripts/upgrade.d/*.sh; do source "$part"; done; step_back_files`);
  t.is(back.code, 0, back.out);
  t.is(box.read('.env'), env);
  t.is(box.read('images.env'), images);
  t.is(box.read('.bastide/appliance/images.env'), images);
});

asRoot('an upgrade to a release without images builds them, whatever lies here of the former one', async (t) => {
  const { box } = await installed(t);
  // Killed before it was remembered, the former release's file is still not the target's.
  execFileSync('rm', [box.path('.bastide/appliance/images.env')]);
  const { code, out } = await box.steps('mkdir got; bring_images got');
  t.is(code, 0, out);
  t.false(existsSync(box.path('got/images.env')));
  writeFileSync(box.path('.bastide/appliance/images.env'), readFileSync(box.path('images.env')));
  const there = await box.steps(SWITCH);
  t.is(there.code, 0, there.out);
  t.regex(there.out, /Release 2\.0\.0 has no images\.env/);
  t.is(box.value('ORCHESTRATOR_IMAGE'), '');
  t.is(box.value('BENCH_IMAGE'), 'mirror.example/b:mine');
  t.false(existsSync(box.path('images.env')));
});

asRoot('a branch has no images of its own, and a wrong checksum stops an upgrade', async (t) => {
  const { box, releases } = await installed(t);
  releases.publish('2.0.0', imagesOf('2.0.0', 'b'), 'f'.repeat(64));
  const wrong = await box.steps('unpack_target "$TARGET"');
  t.is(wrong.code, 30, wrong.out);
  box.git('checkout', '-q', '-B', 'next', 'v2.0.0');
  box.git('commit', '-q', '--allow-empty', '-m', 'next');
  releases.asked.length = 0;
  const branch = await box.steps('TARGET_COMMIT=$(repository rev-parse next); unpack_target "$TARGET"');
  t.is(branch.code, 0, branch.out);
  t.deepEqual(releases.asked, []);
});
