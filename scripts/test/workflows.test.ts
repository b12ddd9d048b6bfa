import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';

type Permissions = Record<string, string> | string;
interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  uses?: string;
  steps?: Step[];
  permissions?: Permissions;
  container?: { image: string };
  environment?: { name: string };
  concurrency?: { group: string; 'cancel-in-progress': boolean };
  'timeout-minutes'?: number;
}
interface Workflow {
  name: string;
  permissions?: Permissions;
  jobs: Record<string, Job>;
}

const ROOT = new URL('../../', import.meta.url);
const FOLDER = new URL('.github/workflows/', ROOT);

const workflows = readdirSync(FOLDER).map((file) => {
  const text = readFileSync(new URL(file, FOLDER), 'utf8');
  return { file, text, workflow: parse(text) as Workflow };
});
const jobs = workflows.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ at: `${file}: ${name}`, file, name, job })),
);

/** What a job may do beyond reading the repository. Whoever adds a line here says why the job cannot do without. */
const WRITES: Record<string, string[]> = {
  'images.yml: build': ['packages'],
  'images.yml: publish': ['id-token', 'packages'],
  'release.yml: images': ['id-token', 'packages'],
  'release.yml: publish': ['contents', 'id-token'],
};

test('the five workflows are there', (t) => {
  t.deepEqual(workflows.map(({ workflow }) => workflow.name).sort(), [
    'checks',
    'deploy',
    'images',
    'release',
    'stack',
  ]);
});

test('every action is pinned by commit, with its version beside it', (t) => {
  const uses = workflows.flatMap(({ file, text }) =>
    text.split('\n').flatMap((line) => (/^\s*(- )?uses: /.test(line) ? [{ file, line: line.trim() }] : [])),
  );
  t.true(uses.length > 10);
  for (const { file, line } of uses) {
    const ours = /uses: \.\/\.github\/workflows\/[a-z]+\.yml$/;
    const pinned = /uses: [\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
    t.true(ours.test(line) || pinned.test(line), `${file}: ${line}`);
  }
});

test('one action has one version everywhere', (t) => {
  const versions = new Map<string, Set<string>>();
  for (const { text } of workflows) {
    for (const [, action = '', version = ''] of text.matchAll(/uses: ([\w-]+\/[\w./-]+)@(\S+ # \S+)/g)) {
      versions.set(action, (versions.get(action) ?? new Set()).add(version));
    }
  }
  for (const [action, found] of versions) t.is(found.size, 1, `${action}: ${[...found].join(', ')}`);
});

test('a workflow reads the repository, and a job writes only what is listed here', (t) => {
  for (const { file, workflow } of workflows) t.deepEqual(workflow.permissions, { contents: 'read' }, file);
  for (const { at, job } of jobs) {
    if (job.permissions === undefined) {
      t.false(at in WRITES, at);
      continue;
    }
    t.is(typeof job.permissions, 'object', at);
    const written = Object.entries(job.permissions).flatMap(([scope, access]) => (access === 'write' ? [scope] : []));
    t.deepEqual(written.sort(), WRITES[at] ?? [], at);
  }
});

test('nothing runs with rights on code that a stranger proposed', (t) => {
  for (const { file, text } of workflows) t.notRegex(text, /pull_request_target|workflow_run:/, file);
});

test('what somebody else may word never becomes part of a script', (t) => {
  for (const { at, job } of jobs) {
    for (const { run = '' } of job.steps ?? []) t.notRegex(run, /\$\{\{/, `${at}: pass it through env`);
  }
});

test('the token does not stay in the checkout', (t) => {
  for (const { at, job } of jobs) {
    for (const { uses, with: given } of job.steps ?? []) {
      if (uses?.startsWith('actions/checkout@')) t.is(given?.['persist-credentials'], false, at);
    }
  }
});

test('a job ends by itself, and its container is pinned by digest', (t) => {
  for (const { at, job } of jobs) {
    if (job.uses !== undefined) continue;
    t.is(typeof job['timeout-minutes'], 'number', at);
    if (job.container) t.regex(job.container.image, /:.+@sha256:[0-9a-f]{64}$/, at);
  }
});

test('what a workflow calls is there and can be run', (t) => {
  for (const { file, text } of workflows) {
    for (const [path] of text.matchAll(/(?:scripts\/|\.github\/workflows\/)[\w/.-]+\.(?:sh|yml)/g)) {
      t.true(existsSync(new URL(path, ROOT)), `${file}: ${path}`);
      if (path.endsWith('.sh')) t.true((statSync(new URL(path, ROOT)).mode & 0o111) !== 0, `${path} is not executable`);
    }
  }
});

test('shell that is longer than a few lines is a script that can be run anywhere', (t) => {
  for (const { at, job } of jobs) {
    for (const { run = '' } of job.steps ?? []) t.true(run.trim().split('\n').length <= 4, at);
  }
});

test('staging comes before production, one deployment at a time in each, never cut off', (t) => {
  const deploy = workflows.find(({ file }) => file === 'deploy.yml');
  t.deepEqual(Object.keys(deploy?.workflow.jobs ?? {}), ['staging', 'production']);
  t.regex(deploy?.text ?? '', /needs\.staging\.result == 'success'/);
  for (const { name, job } of jobs.filter(({ file }) => file === 'deploy.yml')) {
    t.is(job.environment?.name, name);
    t.deepEqual(job.concurrency, { group: `deploy-${name}`, 'cancel-in-progress': false });
  }
});

test('the images that CI publishes are those that docker-compose.yml takes from us', (t) => {
  const listed = readFileSync(new URL('scripts/ci/own-images.txt', ROOT), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/));
  const compose = readFileSync(new URL('docker-compose.yml', ROOT), 'utf8');
  const taken = [...compose.matchAll(/\$\{([A-Z0-9_]+_IMAGE):-bastide\/([a-z-]+):/g)].map(
    ([, variable, name]) => `${name} ${variable}`,
  );
  t.deepEqual(listed.map(([name, , variable]) => `${name} ${variable}`).sort(), [...new Set(taken)].sort());
  for (const [, dockerfile = ''] of listed) t.true(existsSync(new URL(dockerfile, ROOT)), dockerfile);
});
