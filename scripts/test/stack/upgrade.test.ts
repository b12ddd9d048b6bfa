/** scripts/upgrade.sh on a small stack in a git repository of its own, with the real engine: what is promised to hold when it fails. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { output, run, type Result } from './support/shell.ts';

const ROOT = join(import.meta.dirname, '../../..');
const installations: Installation[] = [];

/** The stand-ins' base where the stack test made it; otherwise Debian itself. */
const BASE_IMAGE = ['standin/base:test', 'debian:trixie-slim'].find((image) => {
  try {
    execFileSync('docker', ['image', 'inspect', image], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'bastide-upgrade-test-'));
  readonly project = `bastide-upgrade-${process.pid}-${installations.length}`;

  patienceS = '120';

  constructor() {
    installations.push(this);
  }

  path = (...parts: string[]) => join(this.folder, ...parts);
  git = (...args: string[]) =>
    output('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], { cwd: this.folder });
  compose = (...args: string[]) => output('docker', ['compose', ...args], { cwd: this.folder });
  upgrade = (...args: string[]): Promise<Result> => run(this.path('scripts/upgrade.sh'), args, { env: this.env() });
  env = () => ({ ...process.env, BASTIDE_UPGRADE_MIN_FREE_MIB: '100', BASTIDE_HEALTH_TIMEOUT: this.patienceS });

  /** Release 1, installed and running. */
  async install(): Promise<void> {
    cpSync(join(import.meta.dirname, 'upgrade-release'), this.folder, { recursive: true });
    renameSync(this.path('gitignore'), this.path('.gitignore'));
    for (const part of ['lib', 'upgrade.d', 'upgrade.sh'])
      cpSync(join(ROOT, 'scripts', part), this.path('scripts', part), { recursive: true });
    await this.git('init', '--quiet', '--initial-branch=main');
    await this.release('1.0.0');
    const settings = {
      COMPOSE_PROJECT_NAME: this.project,
      BASTIDE_VERSION: '1.0.0',
      GREETING: 'salut',
      TEST_BASE_IMAGE: BASE_IMAGE,
      APP_TAG: this.project,
      TOOLS_IMAGE: `bastide-upgrade-test/tools:${this.project}`,
    };
    writeFileSync(
      this.path('.env'),
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    await this.compose('build', '--quiet');
    await this.compose('up', '--detach', '--wait');
  }

  /** Commits what is there as a release, and goes back to the release that runs. */
  async release(version: string, change: () => void = () => undefined): Promise<void> {
    writeFileSync(this.path('package.json'), `{\n  "name": "bastide",\n  "version": "${version}"\n}\n`);
    change();
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--message', version);
    await this.git('tag', `v${version}`);
    if (version !== '1.0.0') await this.git('reset', '--quiet', '--hard', 'v1.0.0');
  }

  replace(file: string, from: string, to: string): void {
    const text = readFileSync(this.path(file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    writeFileSync(this.path(file), text.replaceAll(from, to));
  }

  /** Release 2: another schema, a new variable, a migration. */
  release2 = (change: () => void = () => undefined) =>
    this.release('2.0.0', () => {
      this.replace('services/app/app', 'RELEASE=1', 'RELEASE=2');
      writeFileSync(this.path('services/orchestrator/migrations/002.ts'), '// adds\n');
      writeFileSync(
        this.path('.env.example'),
        readFileSync(this.path('.env.example'), 'utf8') + '# How loud.\nVOLUME=11\n',
      );
      this.replace('CHANGELOG.md', '## 1.0.0', '## 2.0.0\n- Louder.\n\n## 1.0.0');
      change();
    });

  data = (file: string) => this.compose('exec', '-T', 'mariadb', 'cat', `/data/${file}`);
  image = async (service: string) =>
    (
      await output('docker', ['inspect', '--format', '{{.Image}}', (await this.compose('ps', '-aq', service)).trim()])
    ).trim();
  containers = async () => (await this.compose('ps', '-aq', '--no-trunc')).trim().split('\n').sort();
  health = async () => (await this.compose('ps', '--format', '{{.Service}} {{.State}} {{.Health}}', 'api')).trim();
  step = () =>
    existsSync(this.path('.bastide/upgrade/state'))
      ? /^step=(.*)$/m.exec(readFileSync(this.path('.bastide/upgrade/state'), 'utf8'))?.[1]
      : undefined;

  /** Runs it and pulls the plug when it has reached the step. */
  async killAt(step: string, ...args: string[]): Promise<boolean> {
    // A group of its own, so that SIGKILL reaches what it started, as a power cut would.
    const child = spawn(this.path('scripts/upgrade.sh'), args, { env: this.env(), detached: true, stdio: 'ignore' });
    const ended = once(child, 'exit');
    while (child.exitCode === null && this.step() !== step) await sleep(15);
    await sleep(Math.random() * 400);
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
    return child.signalCode === 'SIGKILL';
  }

  async remove(): Promise<void> {
    await run('docker', ['compose', '--profile', 'restore', 'down', '--volumes', '--timeout', '1', '--rmi', 'local'], {
      cwd: this.folder,
    });
    const filter = `label=com.docker.compose.project=${this.project}`;
    for (const id of (await output('docker', ['ps', '-aq', '--filter', filter])).split('\n').filter(Boolean))
      await run('docker', ['rm', '-f', '-v', id]);
    const sets = join(this.folder, '.bastide/upgrade/sets');
    const held = existsSync(sets)
      ? (await output('bash', ['-c', `cat ${sets}/* | cut -f1,3 | sort -u; ls ${sets}`])).split('\n')
      : [];
    const tags = (await output('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}', 'bastide/rollback'])).split(
      '\n',
    );
    for (const tag of tags.filter((one) => held.some((id) => id !== '' && one.includes(`:${id}-`))))
      await run('docker', ['rmi', tag]);
    for (const name of ['app', 'tools'])
      await run('docker', ['rmi', '-f', `bastide-upgrade-test/${name}:${this.project}`]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function installed(t: ExecutionContext): Promise<Installation> {
  const one = new Installation();
  t.teardown(() => one.remove());
  await one.install();
  return one;
}

test('goes to the newest release, keeps the data and the settings, and back again on request', async (t) => {
  const one = await installed(t);
  await one.release2();
  const before = await one.containers();

  const check = await one.upgrade('--check');
  t.is(check.code, 0, check.output);
  const plan = await one.upgrade('--dry-run');
  t.is(plan.code, 0, plan.output);
  for (const promised of ['002.ts', 'new: VOLUME', '## 2.0.0', 'Louder'])
    t.true(plan.output.includes(promised), plan.output);
  t.deepEqual(await one.containers(), before);
  t.is(one.step(), undefined);

  const { code, output: said } = await one.upgrade();
  t.is(code, 0, said);
  t.is((await one.data('schema')).trim(), '2');
  t.regex(await one.health(), /healthy/);
  const settings = readFileSync(one.path('.env'), 'utf8');
  for (const line of ['GREETING=salut', 'VOLUME=11', 'BASTIDE_VERSION=2.0.0'])
    t.true(settings.includes(line), settings);
  t.is((await one.upgrade('--check')).code, 3);

  const back = await one.upgrade('--rollback');
  t.is(back.code, 0, back.output);
  t.is((await one.data('schema')).trim(), '1');
  t.regex(await one.health(), /healthy/);
  t.is((await one.git('rev-parse', 'HEAD')).trim(), (await one.git('rev-parse', 'v1.0.0')).trim());
});

const FAILURES: [string, (one: Installation) => void][] = [
  [
    'a migration that changes the data and then fails',
    (one) => one.replace('services/app/app', 'echo "$RELEASE" >/data/schema', '{ echo broken >/data/schema; exit 1; }'),
  ],
  [
    'a service that does not become healthy',
    (one) => one.replace('services/app/app', 'healthy) ', 'healthy) false && '),
  ],
  [
    'a script of the target that does not run',
    (one) => writeFileSync(one.path('scripts/upgrade.sh'), '#!/bin/bash\nexit 7\n'),
  ],
];
for (const [what, change] of FAILURES)
  test(`${what}: the old release runs again with the data of before`, async (t) => {
    const one = await installed(t);
    await one.release2(() => change(one));
    const image = await one.image('api');
    // One of them never becomes healthy.
    one.patienceS = '30';
    const { code, output: said } = await one.upgrade();
    t.is(code, 80, said);
    t.is((await one.data('schema')).trim(), '1');
    t.is((await one.data('log')).split('\n').filter((line) => line === 'bootstrap 2').length, 0);
    t.is(await one.image('api'), image);
    t.regex(await one.health(), /healthy/);
    t.is((await one.git('rev-parse', 'HEAD')).trim(), (await one.git('rev-parse', 'v1.0.0')).trim());
    t.false(readFileSync(one.path('.env'), 'utf8').includes('VOLUME'));
    t.is(one.step(), undefined);
  });

test('an image that cannot be built stops it while everything runs on, and so do changed files', async (t) => {
  const one = await installed(t);
  await one.release2(() => writeFileSync(one.path('services/app/Dockerfile'), 'FROM scratch\nCOPY nowhere /\n'));
  const before = await one.containers();
  const image = await one.image('api');
  const { code, output: said } = await one.upgrade();
  t.is(code, 30, said);
  t.deepEqual(await one.containers(), before);
  t.is(await one.image('api'), image);
  t.is(one.step(), undefined);

  writeFileSync(one.path('CHANGELOG.md'), 'mine');
  const dirty = await one.upgrade();
  t.is(dirty.code, 20, dirty.output);
  t.regex(dirty.output, /CHANGELOG\.md/);
});

test('killed at each step and resumed, it comes to the end', async (t) => {
  const one = await installed(t);
  await one.release2();
  const steps = [
    'prechecks',
    'prefetch',
    'validate',
    'stop',
    'back_up',
    'switch',
    'stores',
    'migrate',
    'bootstrap',
    'up',
    'smoke',
    'commit',
  ];
  let args: string[] = [];
  let killed = 0;
  for (const step of steps) {
    if (await one.killAt(step, ...args)) killed += 1;
    if (one.step() !== undefined) args = ['--resume'];
  }
  t.log(`killed ${killed} times`);
  t.true(killed >= steps.length - 4);
  const { code, output: said } = await one.upgrade('--resume');
  t.is(code, 0, said);
  t.is((await one.data('schema')).trim(), '2');
  t.regex(await one.health(), /healthy/);
  t.is((await one.git('rev-parse', 'HEAD')).trim(), (await one.git('rev-parse', 'v2.0.0')).trim());
});

test('killed at each step of a rollback and resumed, the data is that of before', async (t) => {
  const one = await installed(t);
  await one.release2(() => FAILURES[0]?.[1](one));
  let args: string[] = [];
  for (const step of ['back_stop', 'back_files', 'back_images', 'back_data', 'back_up_again', 'back_smoke']) {
    await one.killAt(step, ...args);
    if (one.step() !== undefined) args = ['--resume'];
  }
  const { output: said } = await one.upgrade('--resume');
  t.is((await one.data('schema')).trim(), '1', said);
  t.regex(await one.health(), /healthy/);
  t.is(one.step(), undefined);
  t.is((await one.git('rev-parse', 'HEAD')).trim(), (await one.git('rev-parse', 'v1.0.0')).trim());
});
