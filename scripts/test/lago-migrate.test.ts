import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const SCRIPT = fileURLToPath(new URL('../../services/lago/migrate.sh', import.meta.url));

/** Lago's script, before and after it asks for the database only when there is none. */
const UPSTREAM = {
  '1.51': '#!/bin/bash\nset -e\n  bundle exec rake db:create\n  bundle exec rails db:migrate\n',
  '1.53':
    '#!/bin/bash\nset -e\n  if ! false; then\n    bundle exec rake db:create\n  fi\n  bundle exec rails db:migrate\n',
};
const SEED = 'if [ "$LAGO_CREATE_ORG" == "true" ]; then bundle exec rails signup:seed_organization; fi\n';

interface World {
  upstream: string;
  hasTable?: boolean;
  keys?: readonly string[];
}

/** The commands of Lago that were run, with a `psql` that knows these keys. */
function migrate(t: ExecutionContext, { upstream, hasTable = true, keys = [] }: World): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'lago-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'scripts'));
  const program = (path: string, text: string) => {
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  };
  program('scripts/migrate.sh', upstream + SEED);
  program('bin/bundle', '#!/bin/sh\necho "$*" >>ran\n');
  program(
    'bin/psql',
    `#!/bin/sh
read -r question
echo "$PGUSER $PGPASSWORD $PGHOST $PGDATABASE $*" >>logins
case $question in
  *to_regclass*) echo ${hasTable ? 't' : 'f'} ;;
  ${keys.map((key) => `*"'${key}'"*) echo 1 ;;`).join('\n  ')}
  *) echo 0 ;;
esac
`,
  );
  const env = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    TMPDIR: folder,
    DATABASE_URL: 'postgresql://lago:s3cret@postgres:5432/lago?search_path=public',
    LAGO_CREATE_ORG: 'true',
    LAGO_ORG_API_KEY: 'ourKey',
  };
  return new Promise((resolve, reject) => {
    execFile('sh', [SCRIPT], { cwd: folder, env }, (error) => {
      if (error) {
        reject(new Error(error.message));
        return;
      }
      const logins = new Set(readFileSync(join(folder, 'logins'), 'utf8').trim().split('\n'));
      t.true([...logins].every((login) => login.startsWith('lago s3cret postgres lago --no-psqlrc')));
      resolve(readFileSync(join(folder, 'ran'), 'utf8'));
    });
  });
}

const MIGRATED = 'exec rails db:migrate\n';
const SEEDED = 'exec rails signup:seed_organization\n';

for (const [version, upstream] of Object.entries(UPSTREAM)) {
  test(`${version}: never asks for the database to be made, which its role may not`, async (t) => {
    t.is(await migrate(t, { upstream, hasTable: false }), MIGRATED + SEEDED);
  });

  test(`${version}: makes the organisation when none has our key`, async (t) => {
    t.is(await migrate(t, { upstream, keys: ['another'] }), MIGRATED + SEEDED);
  });

  test(`${version}: makes no second organisation, whatever the brand is called now`, async (t) => {
    t.is(await migrate(t, { upstream, keys: ['ourKey'] }), MIGRATED);
  });
}
