import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Context } from '#core/context.ts';
import { isDatabaseDown } from '#core/db/connect.ts';
import { newId } from '#core/ids.ts';
import { isRedisDown } from '#core/redis.ts';
import { redisNames } from '../limits/names.ts';
import { UsageRecord } from './record.ts';
import { rollUpLeftovers, storeUsage } from './service.ts';

/** Fields are null when the entry was deleted while somebody had it. */
type Entry = [id: string, fields: string[] | null];
type Streams = [stream: string, entries: Entry[]][] | null;

const GROUP = 'billing';
const BATCH = 500;
const BLOCK_MS = 1000;
/** Lets a batch fill: ten transactions a second are enough. */
const GATHER_MS = 100;
const MAX_PAUSE_MS = 5000;
const CLAIM_EVERY_MS = 5000;
const FORGOTTEN_CONSUMER_MS = 3600_000;
const MAX_SET_ASIDE = 100_000;
const LEFTOVERS_EVERY_MS = 60_000;

/**
 * Moves usage from the stream to the database. An entry is acknowledged after its commit: killed in between, it is read
 * again and found stored. What a dead consumer had taken is claimed after `claimIdleMs`.
 */
export class UsageConsumer {
  readonly #ctx: Context;
  readonly #redis: Redis;
  readonly #stream: string;
  readonly #unreadable: string;
  readonly #name = newId('worker');
  readonly #claimIdleMs: number;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #claimAt = 0;
  #leftoversAt = 0;

  constructor(ctx: Context, options: { claimIdleMs?: number } = {}) {
    this.#ctx = ctx;
    // RESP2: under RESP3 ioredis 6 gives a command that was queued before the connection another shape of answer.
    this.#redis = ctx.redis.duplicate({ protocol: 2, enableOfflineQueue: true, maxRetriesPerRequest: null });
    this.#redis.on('error', (error: Error) => ctx.log.debug({ err: error }, 'usage connection to redis'));
    const names = redisNames(ctx.config.REDIS_PREFIX);
    this.#stream = names.usage;
    this.#unreadable = names.unreadable;
    this.#claimIdleMs = options.claimIdleMs ?? 30_000;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    // The blocking read would hold this up for a second; what it might have read stays in the stream.
    const deadline = setTimeout(() => this.#redis.disconnect(), BLOCK_MS + 500);
    await this.#loop;
    clearTimeout(deadline);
    this.#redis.disconnect();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const handled = await this.#round();
        failures = 0;
        if (handled > 0 && handled < BATCH) await sleep(GATHER_MS, undefined, { signal }).catch(() => undefined);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures === 1) this.#ctx.log.warn({ err: error }, 'usage could not be stored; it stays in the stream');
        await sleep(Math.min(100 * 2 ** failures, MAX_PAUSE_MS), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** What this consumer took and could not finish comes first. */
  async #round(): Promise<number> {
    try {
      if (Date.now() >= this.#claimAt) await this.#claim();
      if (Date.now() >= this.#leftoversAt) await this.#rollUpLeftovers();
      const unfinished = await this.#read('0');
      return await this.#handle(unfinished.length > 0 ? unfinished : await this.#read('>'));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOGROUP')) throw error;
      await this.#createGroup();
      return 0;
    }
  }

  async #createGroup(): Promise<void> {
    await this.#redis.xgroup('CREATE', this.#stream, GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('BUSYGROUP')) throw error;
    });
  }

  async #read(from: '0' | '>'): Promise<Entry[]> {
    const read = (await this.#redis.call(
      'XREADGROUP',
      ...['GROUP', GROUP, this.#name, 'COUNT', BATCH, 'BLOCK', BLOCK_MS, 'STREAMS', this.#stream, from],
    )) as Streams;
    return read?.[0]?.[1] ?? [];
  }

  async #claim(): Promise<void> {
    this.#claimAt = Date.now() + Math.min(CLAIM_EVERY_MS, this.#claimIdleMs);
    const [, claimed] = (await this.#redis.call(
      'XAUTOCLAIM',
      ...[this.#stream, GROUP, this.#name, this.#claimIdleMs, '0-0', 'COUNT', BATCH],
    )) as [string, Entry[]];
    if (claimed.length > 0) this.#ctx.log.warn({ count: claimed.length }, 'claimed usage of a consumer that is gone');
    await this.#forgetDeadConsumers();
  }

  async #rollUpLeftovers(): Promise<void> {
    this.#leftoversAt = Date.now() + LEFTOVERS_EVERY_MS;
    const count = await rollUpLeftovers(this.#ctx);
    if (count > 0) this.#ctx.log.info({ count }, 'rolled up usage that an earlier version had stored');
  }

  async #forgetDeadConsumers(): Promise<void> {
    const consumers = (await this.#redis.xinfo('CONSUMERS', this.#stream, GROUP)) as (string | number)[][];
    for (const fields of consumers) {
      const of = (name: string) => fields[fields.indexOf(name) + 1];
      const isDead = of('pending') === 0 && Number(of('idle')) > FORGOTTEN_CONSUMER_MS && of('name') !== this.#name;
      if (isDead) await this.#redis.xgroup('DELCONSUMER', this.#stream, GROUP, String(of('name')));
    }
  }

  async #handle(entries: readonly Entry[]): Promise<number> {
    if (entries.length === 0) return 0;
    const readable: { id: string; record: UsageRecord }[] = [];
    for (const [id, fields] of entries) {
      const record = decode(fields);
      if (record) readable.push({ id, record });
      else await this.#setAside(id, fields);
    }
    await this.#store(readable);
    const ids = entries.map(([id]) => id);
    await this.#redis
      .multi()
      .xack(this.#stream, GROUP, ...ids)
      .xdel(this.#stream, ...ids)
      .exec();
    return ids.length;
  }

  /** One record that the database refuses must not hold up the others; while it is in a journal it comes again. */
  async #store(entries: readonly { id: string; record: UsageRecord }[]): Promise<void> {
    try {
      await storeUsage(
        this.#ctx,
        entries.map(({ record }) => record),
      );
      return;
    } catch (error) {
      if (isPassing(error)) throw error;
      this.#ctx.log.error({ err: error, count: entries.length }, 'usage was refused as a batch; storing it one by one');
    }
    for (const { id, record } of entries) {
      try {
        await storeUsage(this.#ctx, [record]);
      } catch (error) {
        if (isPassing(error)) throw error;
        this.#ctx.log.error({ err: error, requestId: record.requestId }, 'usage was refused');
        await this.#setAside(id, ['usage', JSON.stringify(record)]);
      }
    }
  }

  async #setAside(id: string, fields: readonly string[] | null): Promise<void> {
    this.#ctx.log.error({ entry: id }, 'usage was set aside');
    if (fields) await this.#redis.xadd(this.#unreadable, 'MAXLEN', '~', MAX_SET_ASIDE, '*', ...fields);
  }
}

const PASSING = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD', 'ER_NO_SUCH_TABLE']);

/** Trouble that the records have nothing to do with. */
function isPassing(error: unknown): boolean {
  return isDatabaseDown(error) || isRedisDown(error) || PASSING.has(String((error as { code?: unknown } | null)?.code));
}

function decode(fields: readonly string[] | null): UsageRecord | undefined {
  const json = fields?.[fields.indexOf('usage') + 1];
  try {
    return UsageRecord.safeParse(JSON.parse(json ?? '')).data;
  } catch {
    return undefined;
  }
}
