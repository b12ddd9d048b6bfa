import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type TestApp, atEnd, createTestApp } from '#test/support/stack.ts';
import { usageRecord } from '#test/support/usage.ts';
import { PriceTable } from '../prices/prices.ts';
import { Journal } from './journal.ts';
import { JournalKeeper } from './journal-keeper.ts';
import { UsageRecord } from './record.ts';
import { storeUsage } from './service.ts';

interface Own {
  app: TestApp;
  journal: Journal;
  /** Says what a request used, after its start if it had one. */
  used: (record: UsageRecord, began?: ReturnType<Journal['start']>) => void;
  round: () => Promise<void>;
  /** What it handed to the stream. */
  sent: string[];
  segments: () => string[];
}

async function own(t: ExecutionContext, options: { maxKeptIds?: number } = {}): Promise<Own> {
  const app = await createTestApp(atEnd(t));
  const root = mkdtempSync(join(tmpdir(), 'bastide-journal-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const journal = new Journal(join(root, 'own'), app.ctx.log, options);
  const sent: string[] = [];
  const keeper = new JournalKeeper(app.ctx, {
    folder: root,
    journal,
    prices: PriceTable.load(),
    limiter: {
      addUsage: (usages) => {
        sent.push(...usages.map((json) => UsageRecord.parse(JSON.parse(json)).requestId));
        return Promise.resolve();
      },
      giveBackAllOf: () => Promise.resolve(0),
      oldestUsageMs: () => Promise.resolve(null),
    },
    times: { patienceMs: 0 },
  });
  return {
    app,
    journal,
    used: (record, began) => journal.usage(record.requestId, JSON.stringify(record), began),
    round: () => keeper.round(),
    sent,
    segments: () => readdirSync(journal.folder).filter((name) => name.endsWith('.jsonl')),
  };
}

const line = (record: UsageRecord) => `{"usage":${JSON.stringify(record)}}\n`;

test('what has arrived is dropped without being read', async (t) => {
  const { app, journal, used, round, sent, segments } = await own(t);
  const records = Array.from({ length: 3 }, () => usageRecord('ten_a'));
  for (const record of records) used(record);
  await storeUsage(app.ctx, records);
  journal.rotate();
  // Whoever read it would find this, and miss it in the database.
  appendFileSync(join(journal.folder, segments()[0] ?? ''), line(usageRecord('ten_a')));
  await round();
  t.deepEqual([sent, segments(), journal.closed], [[], [], []]);
});

test('what is missing is sent again, and no more than that', async (t) => {
  const { app, used, round, sent, segments } = await own(t);
  const [arrived, lost] = [usageRecord('ten_a'), usageRecord('ten_a')];
  for (const record of [arrived, lost]) used(record);
  await storeUsage(app.ctx, [arrived]);
  await round();
  t.deepEqual(sent, [lost.requestId]);
  t.is(segments().length, 1);
  await storeUsage(app.ctx, [lost]);
  await round();
  t.deepEqual([sent.length, segments()], [1, []]);
});

test('an estimate of somebody who took us for dead does not stand for what was used', async (t) => {
  const { app, used, round, sent, segments } = await own(t);
  const record = usageRecord('ten_a');
  used(record);
  await storeUsage(app.ctx, [{ ...record, outcome: 'interrupted', completionTokens: 1 }]);
  await round();
  t.deepEqual(sent, [record.requestId]);
  await storeUsage(app.ctx, [record]);
  await round();
  t.deepEqual(segments(), []);
});

test('what is too much to remember is read', async (t) => {
  const { app, journal, used, round, sent, segments } = await own(t, { maxKeptIds: 2 });
  const [kept, read] = [[usageRecord('ten_a')], [usageRecord('ten_a'), usageRecord('ten_a')]];
  for (const record of kept) used(record);
  journal.rotate();
  for (const record of read) used(record);
  journal.rotate();
  t.deepEqual(
    journal.closed.map(({ requestIds }) => requestIds?.length),
    [1, undefined],
  );
  await storeUsage(app.ctx, kept);
  await round();
  t.deepEqual(
    sent.sort(),
    read.map(({ requestId }) => requestId),
  );
  await storeUsage(app.ctx, read);
  await round();
  t.deepEqual(segments(), []);
  for (const record of read) used(record);
  journal.rotate();
  t.is(journal.closed[0]?.requestIds?.length, 2, 'there is room again');
});

test('a segment stays as long as a request is under way that began in it, and only there', async (t) => {
  const { app, journal, used, round, segments } = await own(t);
  const [once, twice, failed] = [usageRecord('ten_a'), usageRecord('ten_a'), usageRecord('ten_a')];
  const start = ({ requestId }: UsageRecord) => JSON.stringify({ requestId });
  const began = journal.start(start(once));
  const first = journal.start(start(twice));
  const voided = journal.start(start(failed));
  await round();
  t.is(segments().length, 1);
  // Another provider is asked.
  const second = journal.start(start(twice), first);
  journal.void(failed.requestId, voided);
  await round();
  t.is(segments().length, 2);
  used(once, began);
  await storeUsage(app.ctx, [once]);
  await round();
  t.deepEqual(segments(), [second.name]);
  used(twice, second);
  await storeUsage(app.ctx, [twice]);
  await round();
  t.deepEqual(segments(), []);
  t.true(existsSync(join(journal.folder, 'alive')));
});
