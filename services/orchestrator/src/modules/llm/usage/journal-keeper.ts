import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '#core/context.ts';
import type { PriceTable } from '../prices/prices.ts';
import { tokensOf } from './estimate.ts';
import type { Journal } from './journal.ts';
import { type JournalContent, readSegments, removeSegments, segmentsOf, silentMs } from './journal-reader.ts';
import type { StartedRequest, UsageRecord } from './record.ts';
import { storedRequestIds } from './service.ts';

export interface KeeperTimes {
  roundMs: number;
  /** Usage that is not in the database after this long is given to the stream again, and again after as long. */
  resendMs: number;
  /** A gateway whose heart has not beaten for this long is dead. */
  deadMs: number;
}

export const KEEPER_TIMES: KeeperTimes = { roundMs: 2000, resendMs: 10_000, deadMs: 15_000 };
const BATCH = 500;

interface KeeperParts {
  /** Folder of the journals of all gateways. */
  folder: string;
  journal: Journal;
  prices: PriceTable;
  addUsage: (usages: readonly string[]) => Promise<void>;
  times?: Partial<KeeperTimes>;
}

/**
 * Sees to it that everything in the journals reaches the database: drops what has arrived, sends again what has not,
 * and settles what dead gateways left. Doing any of it twice, or by two gateways at once, is harmless.
 */
export class JournalKeeper {
  readonly #ctx: Context;
  readonly #parts: KeeperParts;
  readonly #times: KeeperTimes;
  /** By segment: when it was first seen closed, or last sent again. */
  readonly #waitingSince = new Map<string, number>();

  constructor(ctx: Context, parts: KeeperParts) {
    this.#ctx = ctx;
    this.#parts = parts;
    this.#times = { ...KEEPER_TIMES, ...parts.times };
  }

  get roundMs(): number {
    return this.#times.roundMs;
  }

  async round(): Promise<void> {
    const { journal, folder } = this.#parts;
    journal.rotate();
    await this.#keepOwn(journal);
    for (const name of await readdir(folder)) {
      const neighbour = join(folder, name);
      if (neighbour === journal.folder) continue;
      const silent = await silentMs(neighbour);
      if (silent === null || silent > this.#times.deadMs) await this.#takeOver(neighbour);
    }
  }

  /** Each segment by itself: a start whose request is no longer live has its end in a segment of its own. */
  async #keepOwn(journal: Journal): Promise<void> {
    for (const name of await segmentsOf(journal.folder)) {
      if (name === journal.current) continue;
      const content = await readSegments(journal.folder, [name]);
      const isUnderWay = [...content.started.keys()].some((requestId) => journal.isLive(requestId));
      const isStored = await this.#ensureStored(join(journal.folder, name), [...content.used.values()]);
      if (isStored && !isUnderWay) await removeSegments(journal.folder, [name]);
    }
  }

  async #takeOver(folder: string): Promise<void> {
    const names = await segmentsOf(folder);
    const content = await readSegments(folder, names);
    const records = [...content.used.values(), ...this.#interrupted(content)];
    if (!(await this.#ensureStored(folder, records))) return;
    await removeSegments(folder, names);
    await rm(folder, { recursive: true, force: true });
    this.#ctx.log.info({ folder, records: records.length }, 'took over the usage of a gateway that is gone');
  }

  /** Bills what a dead gateway is known to have delivered; what it delivered in its last second is not known. */
  #interrupted({ started, used, voided, progress }: JournalContent): UsageRecord[] {
    return [...started.values()]
      .filter(({ requestId }) => !used.has(requestId) && !voided.has(requestId))
      .map((request) => interruptedUsage(request, progress.get(request.requestId) ?? 0, this.#parts.prices));
  }

  async #ensureStored(name: string, records: readonly UsageRecord[]): Promise<boolean> {
    const missing = await this.#notStored(records);
    if (missing.length === 0) {
      this.#waitingSince.delete(name);
      return true;
    }
    const since = this.#waitingSince.get(name);
    // Somebody else's leftovers are not on their way by themselves.
    if (since === undefined && name.endsWith('.jsonl')) this.#waitingSince.set(name, Date.now());
    else if (since === undefined || Date.now() - since >= this.#times.resendMs) {
      await this.#parts.addUsage(missing.map((record) => JSON.stringify(record)));
      this.#waitingSince.set(name, Date.now());
      this.#ctx.log.warn({ count: missing.length }, 'usage had not arrived in the database and was sent again');
    }
    return false;
  }

  async #notStored(records: readonly UsageRecord[]): Promise<UsageRecord[]> {
    const missing: UsageRecord[] = [];
    for (let at = 0; at < records.length; at += BATCH) {
      const batch = records.slice(at, at + BATCH);
      const stored = await storedRequestIds(
        this.#ctx,
        batch.map(({ requestId }) => requestId),
      );
      missing.push(...batch.filter(({ requestId }) => !stored.has(requestId)));
    }
    return missing;
  }
}

function interruptedUsage(request: StartedRequest, characters: number, prices: PriceTable): UsageRecord {
  const tokens = { promptTokens: request.promptTokens, cachedTokens: 0, completionTokens: tokensOf(characters) };
  return {
    ...request,
    ...tokens,
    ...prices.cost(request.model, tokens),
    outcome: 'interrupted',
    isEstimated: true,
    firstByteMs: null,
    durationMs: 0,
  };
}

export async function openJournalFolder(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'llm-usage');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
