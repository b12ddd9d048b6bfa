import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIGEST = (character: string) => character.repeat(64);
const NAMES = ['orchestrator', 'dashboard', 'bench', 'keycloak', 'postgres', 'backup'];

/** A repository of version 1.4.0 with the release's scripts in it, ready to be tagged. */
function startRepository(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-release-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const tree = join(folder, 'tree');
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), mode);
  };
  cpSync(join(ROOT, 'scripts/ci'), join(tree, 'scripts/ci'), { recursive: true });
  cpSync(join(ROOT, 'scripts/lib/common.sh'), join(tree, 'scripts/lib/common.sh'));
  write('tree/package.json', '{\n  "name": "bastide",\n  "version": "1.4.0",\n  "private": true\n}\n');
  write(
    'tree/CHANGELOG.md',
    '# Changelog\n\n## Unreleased\n\n## 1.4.0 - 2026-12-01\n\n### Added\n- Something `new`.\n\n## 1.3.0 - 2026-11-01\n\n- Old.\n',
  );
  write(
    'tree/docker-compose.yml',
    `services:
  api:
    image: \${ORCHESTRATOR_IMAGE:-bastide/orchestrator:1.4.0}
  postgres:
    image: \${POSTGRES_IMAGE:-bastide/postgres:1.4.0}
  traefik:
    image: \${TRAEFIK_IMAGE:-traefik:v3.7.13@sha256:${DIGEST('c')}}
  valkey-queue:
    image: \${VALKEY_IMAGE:-valkey/valkey:9.1.1-alpine@sha256:${DIGEST('d')}}
  valkey-cache:
    image: \${VALKEY_IMAGE:-valkey/valkey:9.1.1-alpine@sha256:${DIGEST('d')}}
`,
  );
  for (const name of NAMES) write(`digests/${name}`, `ghcr.io/acme/bastide/${name}@sha256:${DIGEST('a')}\n`);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.test', ...args], { cwd: tree, encoding: 'utf8' });
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'tree');
  return {
    folder,
    write,
    read: (path: string) => readFileSync(join(folder, path), 'utf8'),
    run: (script: string, ...args: string[]) => {
      try {
        const out = execFileSync(join(tree, 'scripts/ci', script), args, {
          encoding: 'utf8',
          stdio: 'pipe',
          env: {
            ...process.env,
            PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`,
            GITHUB_REPOSITORY: 'Acme/Bastide',
            GITHUB_ACTIONS: '',
          },
        });
        return { code: 0, out };
      } catch (error) {
        const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
        return { code: status, out: stdout + stderr };
      }
    },
  };
}

test('a tag becomes a release when the whole tree says its version', (t) => {
  const repository = startRepository(t);
  t.deepEqual(repository.run('check-release.sh', 'v1.4.0'), { code: 0, out: 'version=1.4.0\nprerelease=false\n' });
});

test('a pre-release is told apart', (t) => {
  const repository = startRepository(t);
  for (const path of ['tree/package.json', 'tree/docker-compose.yml', 'tree/CHANGELOG.md']) {
    repository.write(path, repository.read(path).replaceAll('1.4.0', '1.4.0-rc.1'));
  }
  t.deepEqual(repository.run('check-release.sh', 'v1.4.0-rc.1'), {
    code: 0,
    out: 'version=1.4.0-rc.1\nprerelease=true\n',
  });
});

const WRONG: { what: string; tag?: string; change?: [path: string, from: string, to: string]; told: RegExp }[] = [
  {
    what: 'another version in package.json',
    change: ['tree/package.json', '1.4.0', '1.3.9'],
    told: /package\.json says 1\.3\.9/,
  },
  {
    what: 'an image of another version in docker-compose.yml',
    change: ['tree/docker-compose.yml', 'postgres:1.4.0', 'postgres:1.3.0'],
    told: /bastide\/postgres:1\.3\.0/,
  },
  {
    what: 'nothing in the changelog',
    change: ['tree/CHANGELOG.md', '## 1.4.0', '## 1.3.5'],
    told: /says nothing about 1\.4\.0/,
  },
  {
    what: 'an empty section in the changelog',
    change: ['tree/CHANGELOG.md', '### Added\n- Something `new`.\n', ''],
    told: /says nothing about 1\.4\.0/,
  },
  { what: 'no v', tag: '1.4.0', told: /not a release's tag/ },
  { what: 'no version', tag: 'v1.4', told: /'1\.4' is not a version/ },
];
for (const { what, tag = 'v1.4.0', change, told } of WRONG) {
  test(`a tag with ${what} does not become a release`, (t) => {
    const repository = startRepository(t);
    if (change) repository.write(change[0], repository.read(change[0]).replace(change[1], change[2]));
    const { code, out } = repository.run('check-release.sh', tag);
    t.is(code, 20);
    t.regex(out, told);
    t.regex(out, /FIX {3}\S/);
  });
}

test("a release's notes are its section of the changelog", (t) => {
  const repository = startRepository(t);
  t.is(repository.run('changelog-section.sh', '1.4.0').out, '### Added\n- Something `new`.\n');
});

test('the lock names every image of the stack by digest, and the environment file ours', (t) => {
  const repository = startRepository(t);
  const out = join(repository.folder, 'out');
  t.is(repository.run('lock-images.sh', '1.4.0', join(repository.folder, 'digests'), out).code, 0);
  const environment = repository.read('out/images.env').trim().split('\n');
  t.is(environment.length, NAMES.length);
  t.is(environment[0], `ORCHESTRATOR_IMAGE=ghcr.io/acme/bastide/orchestrator:1.4.0@sha256:${DIGEST('a')}`);
  const lock = repository.read('out/images.lock').trim().split('\n');
  t.is(lock.length, NAMES.length + 2);
  t.true(lock.includes(`TRAEFIK_IMAGE traefik:v3.7.13@sha256:${DIGEST('c')}`));
  t.true(lock.includes(`BENCH_IMAGE ghcr.io/acme/bastide/bench:1.4.0@sha256:${DIGEST('a')}`));
  t.deepEqual(lock, [...lock].sort());
});

test('a missing digest of ours, or an image of others without one, stops the release', (t) => {
  const repository = startRepository(t);
  const digests = join(repository.folder, 'digests');
  const out = join(repository.folder, 'out');
  repository.write('digests/keycloak', 'ghcr.io/acme/bastide/keycloak:1.4.0\n');
  const ours = repository.run('lock-images.sh', '1.4.0', digests, out);
  t.is(ours.code, 30);
  t.regex(ours.out, /digest of keycloak is missing/);
  repository.write('digests/keycloak', `ghcr.io/acme/bastide/keycloak@sha256:${DIGEST('a')}\n`);
  repository.write(
    'tree/docker-compose.yml',
    repository.read('tree/docker-compose.yml').replace(`@sha256:${DIGEST('c')}`, ''),
  );
  const others = repository.run('lock-images.sh', '1.4.0', digests, out);
  t.is(others.code, 30);
  t.regex(others.out, /TRAEFIK_IMAGE is not pinned/);
  t.throws(() => repository.read('out/images.lock'), { code: 'ENOENT' });
});

test('the bundle holds the tagged tree and its images, and is the same bytes when made again', async (t) => {
  const repository = startRepository(t);
  const digests = join(repository.folder, 'digests');
  const made = async (name: string) => {
    const out = join(repository.folder, name);
    t.is(repository.run('lock-images.sh', '1.4.0', digests, out).code, 0);
    t.is(repository.run('bundle.sh', '1.4.0', out).code, 0);
    await sleep(1100);
    return out;
  };
  const first = await made('first');
  // What somebody left lying in the tree is not in it.
  repository.write('tree/secrets/database_password', 'a secret');
  await made('second');
  t.is(repository.read('first/SHA256SUMS'), repository.read('second/SHA256SUMS'));
  execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: first });
  const listed = execFileSync('tar', ['-tzf', join(first, 'bastide-1.4.0.tar.gz')], { encoding: 'utf8' }).split('\n');
  for (const path of ['package.json', 'docker-compose.yml', 'scripts/ci/door.sh', 'images.env', 'images.lock']) {
    t.true(listed.includes(`bastide-1.4.0/${path}`), path);
  }
  t.false(listed.some((path) => path.includes('secrets')));
});

const DOCKER = (folder: string) => `#!/usr/bin/env bash
echo "$*" >>${folder}/asked
case "$*" in
  'buildx imagetools inspect'*) echo sha256:${DIGEST('f')} ;;
esac
`;

test('the images of two platforms become one, told by its digest', (t) => {
  const repository = startRepository(t);
  repository.write('bin/docker', DOCKER(repository.folder), 0o755);
  repository.write(`platforms/${DIGEST('1')}`, '');
  repository.write(`platforms/${DIGEST('2')}`, '');
  const image = 'ghcr.io/acme/bastide/bench';
  t.deepEqual(repository.run('publish-image.sh', 'bench', '1.4.0', join(repository.folder, 'platforms')), {
    code: 0,
    out: `${image}@sha256:${DIGEST('f')}\n`,
  });
  t.true(
    repository
      .read('asked')
      .startsWith(
        `buildx imagetools create --tag ${image}:1.4.0 ${image}@sha256:${DIGEST('1')} ${image}@sha256:${DIGEST('2')}\n`,
      ),
  );
});

test('an image that lacks a platform is not published', (t) => {
  const repository = startRepository(t);
  repository.write('bin/docker', DOCKER(repository.folder), 0o755);
  repository.write(`platforms/${DIGEST('1')}`, '');
  const one = repository.run('publish-image.sh', 'bench', '1.4.0', join(repository.folder, 'platforms'));
  t.is(one.code, 30);
  t.regex(one.out, /built for 1 platforms, not 2/);
  mkdirSync(join(repository.folder, 'none'));
  t.is(repository.run('publish-image.sh', 'bench', '1.4.0', join(repository.folder, 'none')).code, 30);
  t.throws(() => repository.read('asked'), { code: 'ENOENT' });
});

test('the matrix of the workflow is the list of images', (t) => {
  const repository = startRepository(t);
  const images = JSON.parse(repository.run('image-matrix.sh').out) as { name: string; dockerfile: string }[];
  t.deepEqual(
    images.map(({ name }) => name),
    NAMES,
  );
  t.is(images[2]?.dockerfile, 'services/bench-runner/Dockerfile');
});

test('every image that does not build is named, not only the first', (t) => {
  const repository = startRepository(t);
  repository.write('bin/docker', '#!/usr/bin/env bash\n[[ $* != *keycloak* && $* != *backup* ]]\n', 0o755);
  const { code, out } = repository.run('build-images.sh');
  t.is(code, 30);
  t.regex(out, /did not build: keycloak backup/);
});

test('the stack test runs as root with its settings, and its status comes through', (t) => {
  const repository = startRepository(t);
  repository.write('bin/sudo', `#!/usr/bin/env bash\necho "$*" >>${repository.folder}/asked\nexec "$@"\n`, 0o755);
  repository.write('tree/scripts/test.sh', '#!/usr/bin/env bash\necho "$* CI=$CI"\nexit 3\n', 0o755);
  process.env['CI'] = 'true';
  const { code, out } = repository.run('stack.sh');
  t.is(code, 3);
  t.regex(out, /--stack CI=true/);
  t.regex(repository.read('asked'), /^env .*PATH=/);
});
