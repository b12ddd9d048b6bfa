import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { repositoryPath } from '#test/support/processes.ts';

const root = repositoryPath('');
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((name) => name !== '')
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

test('every link in the documents leads somewhere', (t) => {
  t.true(documents.length > 5);
  for (const { name, text } of documents)
    for (const link of matches(text, /\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      t.true(existsSync(join(root, dirname(name), link)), `${name} → ${link}`);
    }
});

test('every script and npm command that the documents name exists', (t) => {
  const scriptsOf = (folder: string) => {
    const file = join(root, folder, 'package.json');
    return existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as { scripts: Record<string, string> }).scripts
      : {};
  };
  for (const { name, text } of documents) {
    for (const script of matches(text, /(?<![\w/-])(scripts\/[\w-]+\.sh)/g))
      t.true(existsSync(join(root, script)), `${name}: ${script}`);
    for (const command of matches(text, /`npm run ([\w:-]+)`/g))
      t.true(command in { ...scriptsOf('.'), ...scriptsOf(dirname(name)) }, `${name}: npm run ${command}`);
  }
});

test('the options that the guide lists are those that the scripts take', (t) => {
  for (const script of ['scripts/quickstart.sh', 'scripts/test.sh']) {
    const help = execFileSync(join(root, script), ['--help'], { encoding: 'utf8' });
    const guide = documents.map(({ text }) => text).join('\n');
    for (const option of matches(help, /^\s+(--[a-z-]+)/gm)) t.true(guide.includes(option), `${script} ${option}`);
    t.throws(() => execFileSync(join(root, script), ['--no-such-option'], { stdio: 'pipe' }), {
      message: /unknown option --no-such-option/,
    });
  }
});

test('every variable that the quick start sets is one that the configuration knows', (t) => {
  const script = readFileSync(join(root, 'scripts/quickstart.sh'), 'utf8');
  const reference = readFileSync(join(root, 'docs/reference/configuration.md'), 'utf8');
  const start = script.indexOf('export NODE_ENV=');
  const assigned = matches(script.slice(start, script.indexOf('\n}', start)), /(?:^|\s)([A-Z][A-Z0-9_]+)(?==|\s)/g);
  t.true(assigned.length > 20);
  for (const name of new Set(assigned)) t.true(reference.includes(`\`${name}\``), name);
});
