import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ADMIN_PASSWORD, TOKEN, USER_PASSWORD } from './support/runner.ts';
import { ROOT_PASSWORD, serialTests, SITES } from './support/world.ts';

const test = serialTests();
const SITE = 'acme.example.test';
const SECRETS = [ROOT_PASSWORD, ADMIN_PASSWORD, USER_PASSWORD, 'mail-Secret-4713', TOKEN];
const user = { email: 'owner@acme.example', first_name: 'O', last_name: 'W', password: USER_PASSWORD };

for (const name of [
  '../evil',
  '..',
  '.creating',
  'a/b',
  'a b',
  '--force',
  '-x.example.test',
  'x-.example.test',
  'UPPER.example.test',
  'a..b',
  'a.example.test;reboot',
  '$(reboot)',
  '`reboot`',
  'a\nb',
  'a\0b',
  'assets',
  'apps.txt',
  'x'.repeat(64),
  '',
  7,
  null,
])
  test.serial(`refuses to make a site named ${JSON.stringify(name)}`, async (t) => {
    const { runner } = t.context;
    const answer = await runner.client.post<{ error: string[] }>(SITES, runner.newSiteRequest(name as string));
    t.is(answer.status, 400);
    t.regex(answer.body.error.join(), /^name: /);
    t.deepEqual((await runner.client.get('/jobs')).body, []);
  });

test.serial('refuses bad names in the address, apps, users and values that no process can be given', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  for (const site of ['..%2f..%2fetc', '--all', 'A.example.test', '%00'])
    t.is((await runner.client.post(`${SITES}/${site}/migrate`)).status, 400, site);
  for (const app of ['--force', '../x', 'a;b', 'Frappe', ''])
    t.is((await runner.client.post(`${SITES}/${SITE}/apps`, { name: app })).status, 400, app);
  t.is((await runner.client.request('DELETE', `${SITES}/${SITE}/apps/--yes`, { body: {} })).status, 400);
  for (const wrong of [
    { create_user: { ...user, email: '--role=x' } },
    { create_user: { ...user, password: 'a\0b' } },
    { admin_password: '' },
    { apps: ['frappe; reboot'] },
    { config: { db_name: 'mysql' } },
  ])
    t.is((await runner.client.post(SITES, runner.newSiteRequest('b.example.test', wrong))).status, 400);
  const config = { config: { db_host: 'elsewhere' }, remove: [] };
  t.is((await runner.client.post(`${SITES}/${SITE}/config`, config)).status, 400);
  t.is((await runner.client.post(`${SITES}/${SITE}/config`, '{"config":', {})).status, 400);
});

test.serial('hands values to bench as they are, however they look', async (t) => {
  const { runner } = t.context;
  const awkward = { ...user, first_name: '--role "x" $(id) \'', last_name: '; rm -rf /', password: '--p $(id)`"\'' };
  const job = await runner.client.run(
    SITES,
    runner.newSiteRequest(SITE, { create_user: awkward, admin_password: '-starts --with=dashes' }),
  );
  t.is(job.status, 'Success', JSON.stringify(job.data));
  const rows = await t.context.database.query<{ name: string }>(
    'select full_name as name from ??.tabUser where name = ?',
    [runner.siteConfig(SITE)['db_name'], user.email],
  );
  t.is(rows[0]?.name, `${awkward.first_name} ${awkward.last_name}`);
});

test.serial('keeps no password: not in answers, not in its database, not in its log', async (t) => {
  const { runner } = t.context;
  const config = { host_name: 'http://acme', mail_password: 'mail-Secret-4713' };
  const request = (name: string) => runner.newSiteRequest(name, { create_user: user, config });
  runner.setFault({ hangAt: 'install-app:erpnext', times: 1 });
  const hanging = await runner.client.enqueue(SITES, request('slow.example.test'));
  const waiting = await runner.client.enqueue(SITES, request(SITE));
  await runner.hangs();
  const answers = [await runner.client.job(hanging), await runner.client.job(waiting)];
  const whileRunning = runner.databaseBytes();
  await runner.client.post(`/jobs/${hanging}/cancel`);
  answers.push(await runner.client.until(hanging), await runner.client.until(waiting));
  t.is(answers.at(-1)?.status, 'Success');
  answers.push(
    await runner.client.run(SITES, { ...request('b.example.test'), mariadb_root_password: 'Wrong-Secret-1' }),
  );
  const info = await runner.client.get(`${SITES}/${SITE}/info`);
  await runner.client.run(`${SITES}/${SITE}/archive`, { mariadb_root_password: ROOT_PASSWORD });
  const places = {
    answers: JSON.stringify([answers, info.body]),
    databaseWhileRunning: whileRunning,
    database: runner.databaseBytes(),
    log: runner.log,
  };
  for (const [place, text] of Object.entries(places))
    for (const secret of [...SECRETS, 'Wrong-Secret-1']) t.false(text.includes(secret), `${secret} is in ${place}`);
  t.true(places.answers.includes('--db-root-password=********'));
});

test.serial('masks the site’s own secrets and keeps them on disk', async (t) => {
  const { runner } = t.context;
  await runner.client.run(SITES, runner.newSiteRequest(SITE, { apps: ['frappe'] }));
  const { db_password: databasePassword, encryption_key: encryptionKey } = runner.siteConfig(SITE);
  const text = JSON.stringify((await runner.client.get(`${SITES}/${SITE}/info`)).body);
  t.false(text.includes(String(databasePassword)) || text.includes(String(encryptionKey)));
});

test.serial('does not hand its own token to bench', async (t) => {
  const { runner } = t.context;
  runner.setFault({ hangAt: 'new-site', times: 1 });
  await runner.client.enqueue(SITES, runner.newSiteRequest(SITE));
  await runner.hangs();
  const environments = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && existsSync(path.join('/proc', pid, 'environ')))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1');
      } catch {
        return '';
      }
    })
    .filter((environment) => environment.includes('BASTIDE_BENCH_JOB='));
  t.true(environments.length > 0);
  t.true(environments.every((environment) => !environment.includes(TOKEN)));
});

test.serial('answers health without a token and the wire under /agent too', async (t) => {
  const { runner } = t.context;
  const health = await fetch(`${runner.url}/healthz`);
  t.is(health.status, 200);
  t.like(await health.json(), { status: 'ok', bench: 'bench-0001' });
  t.deepEqual((await runner.client.get('/agent/ping')).body, { message: 'pong' });
  t.deepEqual((await runner.client.get('/agent/agent-jobs/none')).body, []);
  t.is((await runner.client.get('/ping', { headers: { authorization: 'bearer x' } })).status, 401);
});

test.serial('refuses a body that is too large, and one that is no object', async (t) => {
  const { runner } = t.context;
  t.is((await runner.client.post(SITES, { name: SITE, filler: 'x'.repeat(2_000_000) })).status, 413);
  for (const body of ['[]', '"x"', '7', 'null']) t.is((await runner.client.post(SITES, body)).status, 400);
});
