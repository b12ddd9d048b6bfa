import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Context } from '../context.ts';
import { acquireLock, isLockHeld } from '../db/lock.ts';
import { newId } from '../ids.ts';
import type { LiveListener } from '../live/listen.ts';
import { connectBlockingRedis } from '../redis.ts';
import type { JobHandler, Schedule } from './define.ts';
import { WAKE_TOPIC } from './enqueue.ts';
import { recover, workerLock } from './recover.ts';
import { type Dispatch, relay } from './relay.ts';
import { JobRunner } from './run.ts';
import { runDueSchedules } from './schedules.ts';

const QUEUE = 'jobs';
const RELAY_MS = 250;
const RECOVER_MS = 1000;
const SILENT_S = 30;
const STALLED_MS = 6000;

interface WorkerParts {
  handlers: readonly JobHandler[];
  schedules: readonly Schedule[];
  live: LiveListener;
}

/** Relay, queue consumer, recovery and schedules of one worker process. */
export class JobWorker {
  readonly id = newId('worker');
  readonly #ctx: Context;
  readonly #parts: WorkerParts;
  readonly #runner: JobRunner;
  readonly #queue: Queue<Dispatch>;
  readonly #consumer: Worker<Dispatch>;
  readonly #blocking: Redis;
  readonly #stopping = new AbortController();
  #loops: Promise<void>[] = [];
  #lastBeat = Date.now();
  #releaseLock: (() => Promise<void>) | undefined;

  constructor(ctx: Context, parts: WorkerParts) {
    this.#ctx = ctx;
    this.#parts = parts;
    this.#runner = new JobRunner(parts.handlers, this.id);
    const prefix = ctx.config.REDIS_PREFIX;
    this.#queue = new Queue(QUEUE, { connection: ctx.redis, prefix, skipWaitingForReady: true });
    this.#queue.on('error', (error) => ctx.log.debug({ err: error }, 'queue'));
    this.#blocking = connectBlockingRedis(ctx.config, ctx.log);
    this.#consumer = new Worker<Dispatch>(QUEUE, (job) => this.#runner.run(ctx, job.data), {
      connection: this.#blocking,
      prefix,
      concurrency: ctx.config.WORKER_CONCURRENCY,
      autorun: false,
      // A worker that was killed between taking a dispatch and claiming its row is noticed by BullMQ alone: soon. One
      // that only seemed dead does no harm, since a dispatch is claimed once.
      lockDuration: STALLED_MS,
      stalledInterval: STALLED_MS / 2,
      maxStalledCount: 1000,
    });
    this.#consumer.on('error', (error) => ctx.log.debug({ err: error }, 'queue consumer'));
    this.#consumer.on('failed', (_job, error) => ctx.log.warn({ err: error }, 'a dispatch could not be run'));
  }

  start(): void {
    this.#loops = [
      this.#loop('relay', RELAY_MS, () => this.#relayAll(), WAKE_TOPIC),
      this.#loop('recover', RECOVER_MS, () => this.#recover()),
      this.#loop('schedules', RECOVER_MS, () => runDueSchedules(this.#ctx, this.#parts.schedules)),
    ];
  }

  /** The heartbeat: why this worker is not getting on, or undefined. */
  problem(): string | undefined {
    const silentS = Math.round((Date.now() - this.#lastBeat) / 1000);
    return silentS > SILENT_S ? `no successful round for ${silentS} s` : undefined;
  }

  /** Stops taking work, waits for what is running, then lets go of the lock that says we are alive. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
    await this.#consumer.close();
    this.#blocking.disconnect();
    await this.#queue.close();
    await this.#releaseLock?.();
  }

  async #relayAll(): Promise<void> {
    while ((await relay(this.#ctx, this.#queue)) > 0 && !this.#stopping.signal.aborted);
  }

  async #recover(): Promise<void> {
    await this.#holdLock();
    // Not before the lock says that we are alive: others would take what we run for a dead worker's.
    if (this.#releaseLock && !this.#consumer.isRunning() && !this.#stopping.signal.aborted) void this.#consumer.run();
    await recover(this.#ctx, { workerId: this.id, active: this.#runner.active, queue: this.#queue });
    await this.#measure();
    this.#lastBeat = Date.now();
  }

  async #holdLock(): Promise<void> {
    if (this.#releaseLock && (await isLockHeld(this.#ctx.db, workerLock(this.id)))) return;
    await this.#releaseLock?.();
    this.#releaseLock = await acquireLock(this.#ctx.db, workerLock(this.id), 1);
  }

  async #measure(): Promise<void> {
    const { outboxDepth, outboxOldestSeconds } = this.#ctx.metrics;
    const rows = await this.#ctx
      .db('outbox')
      .select<{ state: string; count: number }[]>('state', this.#ctx.db.raw('count(*) as count'))
      .whereNot('state', 'done')
      .groupBy('state');
    outboxDepth.reset();
    for (const { state, count } of rows) outboxDepth.set({ state }, count);
    const oldest = await this.#ctx
      .db('outbox')
      .where('state', 'pending')
      .select<{ waitS: number | null }[]>(this.#ctx.db.raw('timestampdiff(second, min(run_at), now(3)) as waitS'));
    outboxOldestSeconds.set(Math.max(0, oldest[0]?.waitS ?? 0));
  }

  async #loop(name: string, everyMs: number, work: () => Promise<void>, topic?: string): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await work();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) this.#ctx.log.warn({ err: error, loop: name }, 'loop failed, goes on');
      }
      const pauseMs = Math.min(everyMs * 2 ** Math.min(failures, 4), 5000);
      if (topic !== undefined && failures === 0) await this.#parts.live.next(topic, pauseMs, signal);
      else await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
