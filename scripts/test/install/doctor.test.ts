import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isRoot, sandbox } from './sandbox.ts';

const asRoot = isRoot ? test.serial : test.skip;

interface Finding {
  severity: 'ok' | 'warning' | 'failure';
  check: string;
  what: string;
  why: string;
  fix: string;
}

asRoot('says what, why and how to fix it, for people and as JSON, and changes nothing', async (t) => {
  const box = sandbox(t);
  const none = await box.run('doctor.sh');
  t.is(none.code, 2);
  t.regex(none.out, /There is no installation here/);
  t.is((await box.run('install.sh', ['--yes', '--mode', 'local', '--size', 's'])).code, 0);

  const checks = ['settings', 'secrets', 'containers', 'restarts', 'images', 'swap'].flatMap((name) => [
    '--only',
    name,
  ]);
  const well = await box.run('doctor.sh', ['--json', ...checks]);
  t.is(well.code, 0, well.out);
  t.true((JSON.parse(well.out) as Finding[]).every(({ severity }) => severity === 'ok'));

  box.write('.env', `${box.read('.env')}DOMIAN=typo.example.com\n`);
  chmodSync(box.path('secrets/lago_api_key'), 0o644);
  await box.bash('printf changeme | put_secret grafana_admin_password');
  writeFileSync(join(box.folder, 'docker/red-mariadb'), '');
  const before = box.snapshot();
  const ill = await box.run('doctor.sh', ['--json', ...checks]);
  t.is(ill.code, 2);
  const findings = (JSON.parse(ill.out) as Finding[]).filter(({ severity }) => severity !== 'ok');
  for (const text of [
    'DOMIAN',
    'secrets/lago_api_key',
    'secrets/grafana_admin_password is short or guessable',
    'its log: Error: cannot open the tablespace',
  ])
    t.true(
      findings.some(({ what }) => what.includes(text)),
      text,
    );
  for (const { why, fix } of findings) t.true(why !== '' && fix !== '');
  const told = await box.run('doctor.sh', checks);
  t.regex(told.out, /✖ containers/);
  t.deepEqual(box.snapshot(), before);
});

asRoot('a service that was stopped by hand is red, although it ended well', async (t) => {
  const box = sandbox(t);
  t.is((await box.run('install.sh', ['--yes', '--mode', 'local', '--size', 's'])).code, 0);
  writeFileSync(join(box.folder, 'docker/stopped-api'), '');
  const { code, out } = await box.run('doctor.sh', ['--only', 'containers']);
  t.is(code, 2, out);
  t.regex(out, /The dashboard does not work/);
});

asRoot('warnings alone are exit code 1', async (t) => {
  const box = sandbox(t);
  t.is((await box.run('install.sh', ['--yes', '--mode', 'local', '--size', 's'])).code, 0);
  box.write('.env', `${box.read('.env')}UNKNOWN=1\n`);
  const { code, out } = await box.run('doctor.sh', ['--only', 'settings']);
  t.is(code, 1, out);
});
