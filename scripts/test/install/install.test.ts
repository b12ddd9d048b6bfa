import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { isRoot, sandbox } from './sandbox.ts';

const asRoot = isRoot ? test.serial : test.skip;
const LOCAL = ['--yes', '--mode', 'local', '--size', 's'];

asRoot('installs, says where to go on, and the second run changes nothing', async (t) => {
  const box = sandbox(t);
  const first = await box.run('install.sh', LOCAL);
  t.is(first.code, 0, first.out);
  const password = box.read('secrets/first_admin_password');
  for (const text of [
    'https://app.bastide.localhost/auth/login',
    'operator@bastide.localhost',
    password,
    'secrets/backup_repository_password',
  ])
    t.true(first.out.includes(text), text);
  const [log] = readdirSync(box.path('logs'));
  t.false(box.read(join('logs', log ?? '')).includes(password));
  const env = box.read('.env');
  t.regex(env, /^DOMAIN=bastide\.localhost$/m);
  t.regex(env, /^COMPOSE_FILE=docker-compose\.yml:docker-compose\.local\.yml$/m);

  const before = box.snapshot();
  const second = await box.run('install.sh', ['--yes']);
  t.is(second.code, 0, second.out);
  t.regex(second.out, /Nothing to do/);
  t.false(second.out.includes(password));
  t.deepEqual(box.snapshot(), before);
});

asRoot('databases come before migrations, migrations before settings, settings before everything', async (t) => {
  const box = sandbox(t);
  t.is((await box.run('install.sh', LOCAL)).code, 0);
  const ups = readFileSync(join(box.folder, 'docker/calls'), 'utf8')
    .split('\n')
    .filter((call) => call.includes(' up '))
    .map((call) => call.replace(/.*--quiet-pull /, ''));
  t.deepEqual(ups, [
    'mariadb',
    '--force-recreate --no-deps migrate',
    '--force-recreate --no-deps bootstrap',
    '--remove-orphans',
  ]);
});

asRoot('a dry run changes not one byte, before and after the installation', async (t) => {
  const box = sandbox(t);
  const untouched = box.snapshot();
  const plan = await box.run('install.sh', [...LOCAL, '--dry-run']);
  t.is(plan.code, 0, plan.out);
  t.regex(plan.out, /would: write \.env/);
  t.regex(plan.out, /none of them was made/);
  t.deepEqual(box.snapshot(), untouched);
  t.false(existsSync(box.path('logs')));

  t.is((await box.run('install.sh', LOCAL)).code, 0);
  const installed = box.snapshot();
  const again = await box.run('install.sh', [...LOCAL, '--dry-run']);
  t.regex(again.out, /Nothing to do/);
  const resize = await box.run('install.sh', ['--yes', '--dry-run', '--size', 'm', '--skip-check', 'memory']);
  t.regex(resize.out, /would: write \.env: MARIADB_MEMORY added/);
  t.deepEqual(box.snapshot(), installed);
});

asRoot('killed again and again at any point, it ends as if nothing had happened', async (t) => {
  t.timeout(300_000);
  const box = sandbox(t);
  const kept = new Map<string, string>();
  const look = () => {
    if (!existsSync(box.path('secrets'))) return;
    for (const name of readdirSync(box.path('secrets')).filter((name) => !name.startsWith('.') && name !== 'tls')) {
      const value = box.read(`secrets/${name}`);
      // Whatever a person or a database has seen stays; only what is derived follows its parts.
      if (kept.get(name) && !/_url$|_users$/.test(name)) t.true(value === kept.get(name), name);
      kept.set(name, value);
    }
    if (existsSync(box.path('.env'))) t.regex(box.read('.env'), /^DOMAIN=bastide\.localhost$/m);
  };
  let kills = 0;
  for (let wait = 100; ; wait *= 1.25 + Math.random() / 5) {
    const { code, out } = await box.killAfter(wait, 'install.sh', LOCAL);
    look();
    if (code !== null) {
      t.is(code, 0, out);
      break;
    }
    kills += 1;
  }
  t.log(`killed ${kills} times`);
  t.true(kills >= 5);
  const last = await box.run('install.sh', ['--yes']);
  t.regex(last.out, /Nothing to do/, last.out);
  const left = Object.keys(box.snapshot()).filter((file) => file.includes('.tmp.'));
  t.deepEqual(left, []);
});

asRoot('what a killed run was writing is swept by the next one', async (t) => {
  const box = sandbox(t);
  const left = ['.bastide/appliance/.tmp.0123abcd', '.bastide/upgrade/sets/.tmp.89ef4567'];
  for (const file of left) {
    mkdirSync(dirname(box.path(file)), { recursive: true });
    box.write(file, 'half of it');
  }
  t.is((await box.run('install.sh', LOCAL)).code, 0);
  for (const file of left) t.false(existsSync(box.path(file)), file);
});

asRoot('what is built anew after a change of the sources is also started anew', async (t) => {
  const box = sandbox(t);
  t.is((await box.run('install.sh', LOCAL)).code, 0);
  box.write('services/api.ts', 'changed');
  const plan = await box.run('install.sh', ['--yes', '--dry-run']);
  t.regex(plan.out, /would: build the images of: migrate bootstrap api/);
  const after = await box.run('install.sh', ['--yes']);
  t.is(after.code, 0, after.out);
  t.regex(after.out, /5 services are healthy/);
  t.regex((await box.run('install.sh', ['--yes'])).out, /Nothing to do/);
});

asRoot('two at once: the second waits, then says who is at work', async (t) => {
  const box = sandbox(t);
  const holder = box.bash('take_lock first; sleep 4');
  while (!existsSync(box.path('.bastide/appliance/lock-holder')))
    await new Promise((resolve) => setTimeout(resolve, 50));
  const second = await box.run('install.sh', LOCAL, { BASTIDE_LOCK_WAIT: '1' });
  t.is(second.code, 1, second.out);
  t.regex(second.out, /Another run is changing this installation/);
  t.regex(second.out, /first \(process \d+/);
  await holder;
});

asRoot('after a run was killed, the next one waits for what it left at work', async (t) => {
  const box = sandbox(t);
  await box.bash('take_lock scripts/install.sh; sleep 4 >/dev/null 2>&1 & kill -9 $$');
  const from = Date.now();
  const { code, out } = await box.bash('take_lock scripts/install.sh; echo taken', { BASTIDE_LOCK_WAIT: '0' });
  t.is(code, 0, out);
  t.regex(out, /still at work: waiting for it/);
  t.true(Date.now() - from > 500);
});
