/** scripts/support-bundle.sh beside real databases: it is made, only its owner may read it, and it opens nothing. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Stores } from './backup-stack.ts';
import { output } from './support/shell.ts';

const stores = new Stores();
test.before('databases', () => stores.start());
test.after.always('nothing is left', () => stores.remove());

test.serial('a dry run lists what would go in and makes nothing', async (t) => {
  const { code, output: said } = await stores.script('scripts/support-bundle.sh', '--dry-run');
  t.is(code, 0, said);
  for (const part of ['doctor.json', 'settings/compose.yml', 'logs/mariadb.log']) t.true(said.includes(part), said);
  t.is(await output('find', [stores.path('logs'), '-name', '*.tar.gz']).catch(() => ''), '');
});

test.serial('no piece of any secret is in it, though a log and the settings held some', async (t) => {
  // What a careless operator might have done.
  const password = readFileSync(stores.path('secrets/database_password'), 'utf8');
  await stores.script(
    '-c',
    `echo "# the password is ${password}" >>.env; mkdir -p logs; echo "tried $(printf %s ${password} | base64)" >logs/install-1.log`,
  );
  const bundle = stores.path('bundle.tar.gz');
  const { code, output: said } = await stores.script('scripts/support-bundle.sh', '--output', bundle);
  t.is(code, 0, said);
  t.is(statSync(bundle).mode & 0o777, 0o600);

  const folder = stores.path('unpacked');
  mkdirSync(folder);
  await output('tar', ['-xzf', bundle, '-C', folder, '--strip-components=1']);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const text = files.map((one) => readFileSync(join(one.parentPath, one.name), 'utf8')).join('\n');
  for (const part of ['about.txt', 'compose.yml', 'mariadb.log', 'doctor.json', 'disk.txt', 'install-1.log'])
    t.true(
      files.some(({ name }) => name === part),
      part,
    );
  t.regex(text, /mariadb:/);
  t.notRegex(text, /operator@stores/);

  const secrets = readdirSync(stores.path('secrets')).filter((name) => !/url$|users$|^tls$|\.env$/.test(name));
  for (const name of secrets) {
    const value = readFileSync(stores.path('secrets', name), 'utf8').replace(/-----[^-]+-----/g, '');
    for (const form of [
      value,
      ...['', 'a', 'ab'].map((before) =>
        Buffer.from(before + value)
          .toString('base64')
          .slice(4, -4),
      ),
    ])
      for (let at = 0; at + 12 <= form.length; at += 1)
        if (text.includes(form.slice(at, at + 12)) && form.slice(at, at + 12).trim().length === 12)
          t.fail(`${name} at ${at}`);
  }
  t.pass();
});
