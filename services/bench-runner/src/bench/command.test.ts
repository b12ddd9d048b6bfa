import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { asShown, runCommand } from './command.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'bench-runner-command-'));
test.after.always(() => rmSync(directory, { recursive: true }));
const sh = (script: string) => ({ command: '/bin/sh', args: ['-c', script], directory, environment: {} });
/** A zombie is dead: whether somebody collects it is up to the machine's process 1. */
const isAlive = (pid: string): boolean => {
  const stat = `/proc/${pid.trim()}/stat`;
  return existsSync(stat) && !readFileSync(stat, 'utf8').includes(') Z ');
};
const never = new AbortController().signal;

test('tells what was printed so far and how it ended', async (t) => {
  const seen: string[] = [];
  const outcome = await runCommand(sh('echo one; sleep 0.2; echo two >&2; exit 3'), never, (text) =>
    seen.push(text.trim()),
  );
  t.deepEqual(outcome, { returncode: 3, output: 'one\ntwo' });
  t.is(seen[0], 'one');
});

test('ends with 127 when there is no such command', async (t) => {
  const outcome = await runCommand({ ...sh(''), command: '/no/such/command' }, never);
  t.is(outcome.returncode, 127);
  t.regex(outcome.output, /ENOENT/);
});

test('an abort ends the whole process group, also one that will not listen', async (t) => {
  const abort = new AbortController();
  const pidFile = path.join(directory, 'pid');
  const running = runCommand(sh(`trap '' TERM; sleep 100 & echo $! > ${pidFile}; wait; sleep 100`), abort.signal);
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await sleep(10);
  abort.abort();
  const outcome = await running;
  t.is(outcome.returncode, -9);
  await sleep(50);
  t.false(isAlive(readFileSync(pidFile, 'utf8')));
});

test('ends what a command left behind', async (t) => {
  const outcome = await runCommand(sh('sleep 100 & echo $!'), never);
  await sleep(50);
  t.false(isAlive(outcome.output));
});

test('keeps the newest output of a command that never stops talking, from a line on', async (t) => {
  const { output } = await runCommand(sh('yes 0123456789 | head -n 50000; echo end'), never);
  t.true(output.length < 210_000);
  t.true(output.startsWith('0123456789\n') && output.endsWith('\nend'));
});

test('ends with 127 when the arguments are more than the system takes', async (t) => {
  const outcome = await runCommand(sh(`: ${'x'.repeat(3_000_000)}`), never);
  t.is(outcome.returncode, 127);
});

test('shows of a redrawn line what a terminal would', (t) => {
  t.is(asShown('\nInstalling\n\rbar 25%\rbar 50%'), '\nInstalling\nbar 50%');
  t.is(asShown('a\r\nb\r\n'), 'a\nb');
  t.is(asShown('\u001B[32mgreen\u001B[0m'), 'green');
});
