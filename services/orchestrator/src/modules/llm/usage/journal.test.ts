import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { Journal } from './journal.ts';
import { readSegment, segmentsOf } from './journal-reader.ts';

const log = pino({ level: 'silent' });

function folderOf(t: ExecutionContext): string {
  const root = mkdtempSync(join(tmpdir(), 'bastide-journal-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  return join(root, 'own');
}

const usageIn = async (folder: string) => {
  const segments = await Promise.all((await segmentsOf(folder)).map((name) => readSegment(folder, name)));
  return segments.flatMap(({ used }) => used.map(({ requestId }) => requestId));
};
const record = (requestId: string, model = 'm') => JSON.stringify({ requestId, model });
const written = (journal: Journal) => new Promise<void>((resolve) => journal.written(resolve));

test('usage is read back whatever the model is called', async (t) => {
  const journal = new Journal(folderOf(t), log);
  const models = ['\u2028', '\u2029', '\n', '\r', '"}}', '\ud800', '{"usage":'];
  models.forEach((model, index) => journal.usage(`req_${index}`, record(`req_${index}`, model)));
  await written(journal);
  t.deepEqual(
    await usageIn(journal.folder),
    models.map((_, index) => `req_${index}`),
  );
});

test('a gateway that was asleep while another took its journal over begins a new one', async (t) => {
  const journal = new Journal(folderOf(t), log);
  journal.usage('req_1', record('req_1'));
  await written(journal);
  rmSync(journal.folder, { recursive: true });
  journal.beat();
  journal.usage('req_2', record('req_2'));
  await written(journal);
  journal.rotate();
  t.is(journal.problem(), undefined);
  t.deepEqual(await usageIn(journal.folder), ['req_2']);
  t.true(existsSync(join(journal.folder, 'alive')));
  t.notThrows(() => journal.beat());
});

test('a journal that could not be written is tried again by itself', async (t) => {
  const journal = new Journal(folderOf(t), log);
  rmSync(journal.folder, { recursive: true });
  writeFileSync(journal.folder, 'in the way');
  journal.usage('req_1', record('req_1'));
  await written(journal);
  t.regex(journal.problem() ?? '', /cannot be written/);
  rmSync(journal.folder);
  mkdirSync(journal.folder);
  journal.beat();
  await written(journal);
  t.is(journal.problem(), undefined);
});

test('a request that goes wrong when its lines are written stops no other', async (t) => {
  const journal = new Journal(folderOf(t), log);
  journal.usage('req_1', record('req_1'));
  journal.written(() => {
    throw new Error('a mistake');
  });
  await t.notThrowsAsync(written(journal));
});
