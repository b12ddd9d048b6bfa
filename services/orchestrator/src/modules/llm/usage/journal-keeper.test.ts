import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { newId } from '#core/ids.ts';
import { type TestApp, atEnd, createTestApp, eventually } from '#test/support/stack.ts';
import { PriceTable } from '../prices/prices.ts';
import { Journal } from './journal.ts';
import { JournalKeeper } from './journal-keeper.ts';
import { UsageRecord } from './record.ts';
import { storeUsage } from './service.ts';

const KEY = { tenantId: 'ten_a', keyId: 'llmk_1', at: '2026-03-10T12:00:00.000Z', isStream: true, promptTokens: 1000 };

interface Left {
  app: TestApp;
  keeper: JournalKeeper;
  /** What it handed to the stream. */
  sent: UsageRecord[];
  /** Of the gateway that is gone. */
  folder: string;
}

/** A gateway that is gone left these lines. */
async function left(t: ExecutionContext, lines: readonly object[]): Promise<Left> {
  const app = await createTestApp(atEnd(t));
  const root = mkdtempSync(join(tmpdir(), 'bastide-journal-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'gone');
  mkdirSync(folder);
  writeFileSync(join(folder, '00000001.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const sent: UsageRecord[] = [];
  const keeper = new JournalKeeper(app.ctx, {
    folder: root,
    journal: new Journal(join(root, 'own'), app.ctx.log),
    prices: PriceTable.load(),
    limiter: {
      addUsage: (usages) => {
        sent.push(...usages.map((json) => UsageRecord.parse(JSON.parse(json))));
        return Promise.resolve();
      },
      giveBackAllOf: () => Promise.resolve(0),
      oldestUsageMs: () => Promise.resolve(null),
    },
    times: { patienceMs: 10 },
  });
  return { app, keeper, sent, folder };
}

const start = (change: object) => {
  const requestId = newId('request');
  return { requestId, line: { start: { requestId, ...KEY, ...change } } };
};
const progress = ({ requestId }: { requestId: string }, characters: number) => ({
  progress: [[requestId, characters]],
});

test('what was interrupted costs what its provider takes for what is known to be delivered', async (t) => {
  const paid = start({
    provider: 'openai',
    model: 'best',
    upstreamModel: 'gpt-4o-mini',
    userId: 'usr_1',
    isFallback: true,
  });
  const free = start({ provider: 'groq', model: 'best', upstreamModel: 'llama-3.1-8b-instant', isFree: true });
  const unpriced = start({ provider: 'custom', model: 'nobody-knows', upstreamModel: 'nobody-knows' });
  // Written by a version that knew one provider and none of the newer fields.
  const former = start({ provider: 'upstream', model: 'gpt-4o-mini' });
  const all = [paid, free, unpriced, former];
  const { keeper, sent } = await left(t, [...all.map(({ line }) => line), ...all.map((one) => progress(one, 400))]);
  await keeper.round();
  const costOf = ({ requestId }: { requestId: string }) => sent.find((record) => record.requestId === requestId);
  const mini = 1000 * 150 + 100 * 600;
  t.like(costOf(paid), {
    ...{ outcome: 'interrupted', isEstimated: true, promptTokens: 1000, completionTokens: 100, costNanoUsd: mini },
    ...{ model: 'best', upstreamModel: 'gpt-4o-mini', userId: 'usr_1', isFallback: true },
  });
  t.regex(costOf(paid)?.price ?? '', /^openai\/gpt-4o-mini@/);
  t.like(costOf(free), { costNanoUsd: 0, price: 'free', completionTokens: 100 });
  t.like(costOf(unpriced), { costNanoUsd: 0, price: null, isEstimated: true });
  t.like(costOf(former), { costNanoUsd: mini, provider: 'upstream', userId: null, surface: 'chat' });
});

test('what does not arrive is sent again and shown, until it does', async (t) => {
  const one = start({ provider: 'groq', model: 'm', upstreamModel: 'm', isFree: true });
  const { app, keeper, sent, folder } = await left(t, [one.line, progress(one, 40)]);
  const missing = async () => {
    const text = await app.ctx.metrics.registry.getSingleMetricAsString('bastide_llm_journal_missing_seconds');
    return Number(/ (\S+)$/.exec(text)?.[1]);
  };
  await eventually('the second sending', async () => {
    await keeper.round();
    return sent.length >= 2;
  });
  t.true((await missing()) > 0);
  await storeUsage(app.ctx, sent);
  await eventually('the end of the journal', async () => {
    await keeper.round();
    return !existsSync(folder);
  });
  t.is(await missing(), 0);
});

test('what another gateway took over is not missed', async (t) => {
  const one = start({ provider: 'groq', model: 'm', upstreamModel: 'm', isFree: true });
  const { app, keeper, folder } = await left(t, [one.line]);
  await keeper.round();
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await keeper.round();
  const text = await app.ctx.metrics.registry.getSingleMetricAsString('bastide_llm_journal_missing_seconds');
  t.regex(text, / 0$/m);
});
