import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Gauge } from 'prom-client';
import type { Context } from '#core/context.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { PriceTable } from '../prices/prices.ts';
import { estimatedUsage } from './estimate.ts';
import { Hearts } from './hearts.ts';
import type { Journal } from './journal.ts';
import {
  type Journalled,
  type Segment,
  readSegment,
  removeSegment,
  segmentsOf,
  startedRequest,
  writtenAt,
} from './journal-reader.ts';
import type { OwnSegment } from './own-segment.ts';
import type { StartedRequest, UsageRecord } from './record.ts';
import { areStored, storedRequestIds } from './service.ts';

export interface KeeperTimes {
  roundMs: number;
  /** How long usage may be on its way before it is looked for; more than clocks differ. */
  patienceMs: number;
  /** A gateway whose heart has not beaten for this long is dead. */
  deadMs: number;
}

const KEEPER_TIMES: KeeperTimes = { roundMs: 2000, patienceMs: 5000, deadMs: 15_000 };
const BATCH = 2000;
/** Between two sendings of what never arrives. */
const MAX_PAUSE_MS = 10 * 60_000;
/** What the one provider was called when there was only one: in a journal that a gateway of that time left. */
const FORMER_CUSTOM = 'upstream';

type Counts = Pick<Limiter, 'addUsage' | 'giveBackAllOf' | 'oldestUsageMs'>;

interface KeeperParts {
  /** Folder of the journals of all gateways. */
  folder: string;
  journal: Journal;
  prices: PriceTable;
  limiter: Counts;
  times?: Partial<KeeperTimes>;
}

/**
 * Sees to it that everything in the journals reaches the database: drops what has arrived, sends again what the stream
 * lost, and settles what dead gateways left. Doing any of it twice, or by two gateways at once, is harmless.
 */
export class JournalKeeper {
  readonly #ctx: Context;
  readonly #parts: KeeperParts;
  readonly #times: KeeperTimes;
  /** What was sent again, by where it is kept: since when it is missing, when it was sent last, and how often. */
  readonly #sentAgain = new Map<string, { since: number; at: number; times: number }>();
  readonly #missing: Gauge;
  readonly #hearts: Hearts;
  /** Folders of dead gateways whose interrupted requests are stored. */
  readonly #settled = new Set<string>();
  #oldestMs: number | null = null;

  constructor(ctx: Context, parts: KeeperParts) {
    this.#ctx = ctx;
    this.#parts = parts;
    this.#times = { ...KEEPER_TIMES, ...parts.times };
    this.#hearts = new Hearts(this.#times.deadMs);
    this.#missing = new Gauge({
      name: 'bastide_llm_journal_missing_seconds',
      help: 'How long usage of the journals is missing in the database although it was handed over; should stay 0.',
      registers: [ctx.metrics.registry],
    });
  }

  get roundMs(): number {
    return this.#times.roundMs;
  }

  async round(): Promise<void> {
    const { journal, folder, limiter } = this.#parts;
    journal.rotate();
    this.#oldestMs = await limiter.oldestUsageMs();
    for (const segment of journal.closed) await this.#keepOwn(journal, segment);
    const journals = (await readdir(folder)).map((name) => join(folder, name));
    for (const neighbour of journals) {
      if (neighbour === journal.folder) continue;
      if (await this.#hearts.isDead(neighbour)) await this.#takeOver(neighbour);
      // What it has begun since is not settled, should it die yet.
      else this.#settled.delete(neighbour);
    }
    this.#hearts.keep(journals);
    this.#showMissing(journals);
  }

  /** What another gateway has finished meanwhile is missing no more. */
  #showMissing(journals: readonly string[]): void {
    for (const place of this.#sentAgain.keys())
      if (!journals.some((journal) => place.startsWith(journal))) this.#sentAgain.delete(place);
    const since = [...this.#sentAgain.values()].map((sent) => sent.since);
    this.#missing.set(Math.max(0, (Date.now() - Math.min(...since)) / 1000));
  }

  /** A start whose request is no longer under way has its end in a segment of its own: each can be judged by itself. */
  async #keepOwn(journal: Journal, segment: OwnSegment): Promise<void> {
    segment.isStored ||= await this.#isOwnStored(join(journal.folder, segment.name), segment);
    if (!segment.isStored || segment.open > 0) return;
    await removeSegment(journal.folder, segment.name);
    journal.forget(segment);
  }

  /** The segment itself is read when something is missing, and when it had too much to remember. */
  async #isOwnStored(place: string, { name, writtenMs, requestIds }: OwnSegment): Promise<boolean> {
    if (!this.#isDue(place, writtenMs)) return false;
    if (requestIds && (await this.#areStored(requestIds))) {
      this.#sentAgain.delete(place);
      return true;
    }
    const { used } = await readSegment(this.#parts.journal.folder, name);
    return this.#ensureStored(place, used);
  }

  async #areStored(requestIds: readonly string[]): Promise<boolean> {
    for (let at = 0; at < requestIds.length; at += BATCH)
      if (!(await areStored(this.#ctx, requestIds.slice(at, at + BATCH)))) return false;
    return true;
  }

  /**
   * What is interrupted must be stored before the segments that say so may go. The owner may only have been asleep: what
   * it says afterwards takes the place of what is found here (usage/service.ts, limits/scripts.ts).
   */
  async #takeOver(folder: string): Promise<void> {
    if (!this.#settled.has(folder)) {
      if (!this.#isDue(folder, 0)) return;
      await this.#parts.limiter.giveBackAllOf(basename(folder));
      if (!(await this.#ensureStored(folder, await this.#interruptedIn(folder), { isEstimate: true }))) return;
      this.#settled.add(folder);
    }
    for (const name of await segmentsOf(folder)) {
      const segment = await this.#usedIfDue(folder, name);
      if (!segment || !(await this.#ensureStored(join(folder, name), segment.used))) return;
      await removeSegment(folder, name);
    }
    await rm(folder, { recursive: true, force: true });
    this.#settled.delete(folder);
    this.#ctx.log.info({ folder }, 'took over from a gateway that is gone');
  }

  async #usedIfDue(folder: string, name: string): Promise<Segment | undefined> {
    const isDue = this.#isDue(join(folder, name), await writtenAt(folder, name));
    return isDue ? readSegment(folder, name) : undefined;
  }

  /** Bills what a dead gateway is known to have delivered; what it delivered in its last second is not known. */
  async #interruptedIn(folder: string): Promise<Journalled[]> {
    const open = new Map<string, StartedRequest>();
    const delivered = new Map<string, number>();
    for (const name of await segmentsOf(folder)) noteOpen(await readSegment(folder, name), open, delivered);
    return [...open.values()].map((request) => {
      const usage = interruptedUsage(request, delivered.get(request.requestId) ?? 0, this.#parts.prices);
      return { requestId: request.requestId, json: JSON.stringify(usage) };
    });
  }

  /** Not while it may still wait in the stream: a consumer that is behind has lost nothing. */
  #isDue(place: string, writtenMs: number): boolean {
    const { patienceMs } = this.#times;
    const again = this.#sentAgain.get(place);
    const handedMs = Math.max(writtenMs, again?.at ?? 0);
    const pauseMs = Math.min(patienceMs * 2 ** (again?.times ?? 0), MAX_PAUSE_MS);
    if (Date.now() - handedMs < pauseMs) return false;
    return this.#oldestMs === null || this.#oldestMs > handedMs + patienceMs;
  }

  async #ensureStored(place: string, usages: readonly Journalled[], { isEstimate = false } = {}): Promise<boolean> {
    const missing = await this.#notStored(usages, isEstimate);
    if (missing.length === 0) {
      this.#sentAgain.delete(place);
      return true;
    }
    await this.#parts.limiter.addUsage(missing.map(({ json }) => json));
    const { since = Date.now(), times = 0 } = this.#sentAgain.get(place) ?? {};
    this.#sentAgain.set(place, { since, at: Date.now(), times: times + 1 });
    this.#ctx.log.warn({ count: missing.length }, 'usage had not arrived in the database and was sent again');
    return false;
  }

  /** An estimate stands for nothing but itself; whatever is stored stands for it. */
  async #notStored(usages: readonly Journalled[], isEstimate: boolean): Promise<Journalled[]> {
    const missing: Journalled[] = [];
    for (let at = 0; at < usages.length; at += BATCH) {
      const batch = usages.slice(at, at + BATCH);
      const ids = batch.map(({ requestId }) => requestId);
      const stored = await storedRequestIds(this.#ctx, ids, { orEstimated: isEstimate });
      missing.push(...batch.filter(({ requestId }) => !stored.has(requestId)));
    }
    return missing;
  }
}

function noteOpen(
  { started, progress, used, voided }: Segment,
  open: Map<string, StartedRequest>,
  delivered: Map<string, number>,
): void {
  for (const start of started) {
    const request = startedRequest(start);
    if (request) open.set(request.requestId, request);
  }
  for (const [requestId, characters] of progress) delivered.set(requestId, characters);
  for (const requestId of [...voided, ...used.map((usage) => usage.requestId)]) {
    open.delete(requestId);
    delivered.delete(requestId);
  }
}

function interruptedUsage(started: StartedRequest, characters: number, prices: PriceTable): UsageRecord {
  const { isFree, ...request } = started;
  const used = estimatedUsage(request.promptTokens, characters);
  const provider = request.provider === FORMER_CUSTOM ? 'custom' : request.provider;
  const price = prices.find(provider, request.upstreamModel ?? request.model) ?? null;
  return {
    ...request,
    ...prices.cost(price, isFree, used),
    outcome: 'interrupted',
    cachedTokens: 0,
    cacheWriteTokens: 0,
    completionTokens: used.completionTokens,
    reasoningTokens: 0,
    audioTokens: 0,
    isEstimated: true,
    isCacheHit: false,
    firstByteMs: null,
    durationMs: 0,
  };
}

export async function openJournalFolder(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'llm-usage');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
