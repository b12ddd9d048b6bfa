import type { RedisNames } from './names.ts';
import { type ScriptedRedis, lines } from './scripted-redis.ts';
import { correctionOf, readRecord } from './stake.ts';

const DEAD_MS = 15_000;
const BATCH = 200;
/** What the script needs to know only when something is reserved. */
const HEADER = ['', '', '', '', '', ''];
const NOTHING_ASKED = ['', '', 0, 0, 0, 0, 0];

interface SweeperOptions {
  gatewayId: string;
  zone: string;
  /** A gateway whose heart has not beaten for this long is dead. */
  deadMs?: number;
}

/**
 * Gives back what gateways hold that do not live any more. A gateway is dead when its count of beats has stood still for
 * `deadMs` by our own clock, so that clocks may differ and jump. Several may sweep at once: each reservation is given
 * back by whoever removes it.
 */
export class Sweeper {
  readonly #redis: ScriptedRedis;
  readonly #names: RedisNames;
  readonly #gatewayId: string;
  readonly #zone: string;
  readonly #deadMs: number;
  readonly #seen = new Map<string, { beats: string; atMs: number }>();
  #hasBeaten = false;

  constructor(redis: ScriptedRedis, names: RedisNames, options: SweeperOptions) {
    this.#redis = redis;
    this.#names = names;
    this.#gatewayId = options.gatewayId;
    this.#zone = options.zone;
    this.#deadMs = options.deadMs ?? DEAD_MS;
  }

  /** Resolves to how many reservations this gateway has in Redis. */
  async beat(): Promise<number> {
    const { gateways, reserved, zone, epoch } = this.#names;
    const keys = [gateways, reserved(this.#gatewayId), zone, epoch(this.#zone)];
    const count = await this.#redis.llmBeat(keys.length, ...keys, this.#gatewayId, this.#hasBeaten ? '' : this.#zone);
    this.#hasBeaten = true;
    return count;
  }

  async sweep(): Promise<number> {
    const gateways = Object.entries(await this.#beats());
    const nowMs = performance.now();
    let swept = 0;
    for (const [gatewayId, beats] of gateways) {
      if (gatewayId === this.#gatewayId || !this.#isDead(gatewayId, beats, nowMs)) continue;
      swept += await this.giveBackUnless(gatewayId, () => false);
      await this.#redis.llmBury(2, this.#names.gateways, this.#names.reserved(gatewayId), gatewayId, beats);
    }
    const alive = new Set(gateways.map(([gatewayId]) => gatewayId));
    for (const gatewayId of this.#seen.keys()) if (!alive.has(gatewayId)) this.#seen.delete(gatewayId);
    return swept;
  }

  /** What these requests really used comes from a journal, if it comes. */
  async giveBackUnless(gatewayId: string, isHeld: (requestId: string) => boolean): Promise<number> {
    const reserved = this.#names.reserved(gatewayId);
    let [cursor, given] = ['0', 0];
    do {
      const [next, found] = await this.#redis.hscan(reserved, cursor, 'COUNT', BATCH);
      cursor = next;
      for (let at = 0; at + 1 < found.length; at += 2) {
        const [requestId = '', record = ''] = found.slice(at, at + 2);
        if (!isHeld(requestId)) given += await this.#giveBack(gatewayId, requestId, record);
      }
    } while (cursor !== '0');
    return given;
  }

  /** A heart cannot be heard while Redis is away: then all of them are listened to anew. */
  async #beats(): Promise<Record<string, string>> {
    try {
      return await this.#redis.hgetall(this.#names.gateways);
    } catch (error) {
      this.#seen.clear();
      throw error;
    }
  }

  #isDead(gatewayId: string, beats: string, nowMs: number): boolean {
    const seen = this.#seen.get(gatewayId);
    if (seen?.beats === beats) return nowMs - seen.atMs >= this.#deadMs;
    this.#seen.set(gatewayId, { beats, atMs: nowMs });
    return false;
  }

  async #giveBack(gatewayId: string, requestId: string, record: string): Promise<number> {
    const names = this.#names;
    const reserved = names.reserved(gatewayId);
    const stake = readRecord(names, requestId, record);
    if (!stake) return this.#redis.hdel(reserved, requestId);
    const { layout, keys, amounts } = correctionOf(names, stake, null);
    const answer = await this.#redis.llmTurn(
      0,
      lines(...HEADER.slice(0, 3), reserved, names.gateways, names.usage) + keys + lines(names.late(requestId)),
      lines(1, 0, ...NOTHING_ASKED, requestId, `${layout}o`, '') + amounts,
    );
    return answer.endsWith('\n1') ? 1 : 0;
  }
}
