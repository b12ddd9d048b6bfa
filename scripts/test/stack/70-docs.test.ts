import test from 'ava';
import { OPERATORS_GUIDES, blocks } from '../documents.ts';
import { ensureInstalled } from './support/installation.ts';
import { healthy } from './support/docker.ts';
import { folder } from './support/setting.ts';
import { run } from './support/shell.ts';

const commands = OPERATORS_GUIDES.flatMap(blocks).filter(({ language }) => language === 'sh');

test.before('a stack', async () => {
  await ensureInstalled();
});

for (const { document, line, text, notRun } of commands) {
  const title = `${document}:${line} ${text.split('\n')[0] ?? ''}`;
  if (notRun !== undefined) {
    test.serial(`${title} — not run: ${notRun}`, (t) => t.pass());
    continue;
  }
  test.serial(title, async (t) => {
    // As typed: each line may depend on the ones before it, and the first that fails ends it. root has no need of sudo.
    const script = `set -euo pipefail\nsudo() { "$@"; }\n${text}`;
    const result = await run('bash', ['-c', script], { cwd: folder, env: { ...process.env, PAGER: 'cat' } });
    t.is(result.code, 0, result.output.slice(-3000));
  });
}

test.serial('after all that was typed, the stack is well', async (t) => {
  t.true((await healthy('after the documents’ commands', 300_000)) >= 0);
});
