import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { sandbox } from './sandbox.ts';

const printable = fc.string({ unit: fc.constantFrom(...'aZ09 _-.,:;#=\'"`$\\{}()!%&*?<>|/@~éß€'), maxLength: 24 });

test('what is written to .env is read back as it was, by us and by docker compose', async (t) => {
  const box = sandbox(t);
  const values = fc.sample(printable, { numRuns: 150, seed: 7 });
  values.push(
    "it's",
    '"quoted"',
    '$HOME',
    '${HOME}',
    '$(touch pwned)',
    '`touch pwned`',
    'a # b',
    ' spaces ',
    '\\',
    '\'"',
    '$$',
    '\\$x',
  );
  const pairs = values.flatMap((value, i) => [`V${i}`, value]);
  const names = values.map((_, i) => `V${i}`);
  box.write('values', pairs.map((part) => `${part}\0`).join(''));
  const wrote = await box.bash(
    'mapfile -t -d "" pairs <values; env_write .env "${pairs[@]}"; env_load .env; for ((i = 0; i < ${#pairs[@]}; i += 2)); do printf "%s\\0" "${ENV_VALUES[${pairs[$i]}]}"; done',
  );
  t.is(wrote.code, 0, wrote.out);
  t.deepEqual(wrote.out.split('\0').slice(0, -1), values);
  t.false(existsSync(box.path('pwned')));

  const read = askCompose(box.path(), names);
  if (read === undefined) t.log('docker compose is not here: its reading of .env was not compared');
  else t.deepEqual(read, values);
});

/** The values as the real Compose sees them; needs its program and no engine. */
function askCompose(folder: string, names: string[]): string[] | undefined {
  const project = `${folder}/compose`;
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  mkdirSync(project);
  const services = { a: { image: 'x', environment: Object.fromEntries(names.map((name) => [name, `\${${name}}`])) } };
  const config = execFileSync(
    'docker',
    ['compose', '--env-file', `${folder}/.env`, '-f', '-', 'config', '--format', 'json'],
    {
      cwd: project,
      input: JSON.stringify({ services }),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    },
  );
  const { environment } = (JSON.parse(config) as { services: { a: { environment: Record<string, string> } } }).services
    .a;
  // In its output a dollar is doubled.
  return names.map((name) => (environment[name] ?? '').replaceAll('$$', '$'));
}

test('reads the forms that people write', async (t) => {
  const box = sandbox(t);
  box.write(
    '.env',
    `# comment\nA=plain # comment\nB='single $A "x" #' # comment\nC="double \\"x\\" \\$A $A"\nexport D = spaced \nE=\${A}-$B\nF=a#b\n\nG=\nH=$$5 $\nI="\${A}"\n`,
  );
  const { out } = await box.bash('env_load .env; for k in A B C D E F G H I; do echo "$k|${ENV_VALUES[$k]}|"; done');
  t.is(
    out,
    'A|plain|\nB|single $A "x" #|\nC|double "x" $A plain|\nD|spaced|\nE|plain-single $A "x" #|\nF|a#b|\nG||\nH|$5 $|\nI|plain|\n',
  );
});

test('names each line that cannot be read', async (t) => {
  const box = sandbox(t);
  box.write('.env', "A=1\nnonsense\nB=\"open\nC='x' y\nD=${X:-y}\n");
  const { out } = await box.bash('env_load .env; printf "%s\\n" "${ENV_PROBLEMS[@]}"');
  for (const line of ['line 2', 'line 3: B', 'line 4: C', 'line 5: D']) t.true(out.includes(line), out);
});

test('fills what is missing, keeps what is there, comments and order', async (t) => {
  const box = sandbox(t);
  box.write('.env', '# one\nA=mine\n\n# two\nB=\n# C=default\nZ=1\n');
  const { code, out } = await box.bash('env_fill .env A other B filled C new SMTP x SMTP_HOST y');
  t.is(code, 0, out);
  t.is(box.read('.env'), '# one\nA=mine\n\n# two\nB=filled\n# C=default\nC=new\nZ=1\nSMTP=x\nSMTP_HOST=y\n');
});

test('brings the variables of a newer release with their comments', async (t) => {
  const box = sandbox(t);
  box.write('.env', 'A=1\n');
  box.write('example', '# ---- group\n# about A\nA=\n# about B,\n# at length\nB=2\n# about C\n# C=3\nD=4\n');
  await box.bash('env_adopt .env example; env_adopt .env example');
  t.is(box.read('.env'), 'A=1\n\n# about B,\n# at length\nB=2\n\nD=4\n');
});

test('refuses a value with a line break instead of writing half of it', async (t) => {
  const box = sandbox(t);
  box.write('.env', 'A=1\n');
  const { code, out } = await box.bash(`catch_errors t; env_write .env A $'x\\nB=2'`);
  t.is(code, 20, out);
  t.is(box.read('.env'), 'A=1\n');
});
