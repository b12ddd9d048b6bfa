import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './stand-in.ts';

export interface Delivery {
  url: string;
  body: string;
  /** Made anew for every attempt: a signature may carry the time. */
  headers: () => Record<string, string>;
  /** Told the answer to every attempt; null = none came. */
  onAttempt?: (status: number | null) => void;
}

interface Policy {
  standIn: string;
  /** Waits before the second, third … attempt; real milliseconds. */
  retryMs: readonly number[];
  isAccepted: (status: number) => boolean;
}

/**
 * Sends webhooks as a vendor does: later, retried, perhaps twice, perhaps never, perhaps in another order.
 * `webhook_lose` drops it for good, `webhook_duplicate` sends it twice, `webhook_delay` waits `ms`,
 * `webhook_reorder` holds it back until the next one was sent.
 */
export class WebhookSender {
  readonly #world: World;
  readonly #policy: Policy;
  readonly #held: Delivery[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #stopped = false;

  constructor(world: World, policy: Policy) {
    this.#world = world;
    this.#policy = policy;
  }

  send(delivery: Delivery): void {
    const strikes = (kind: string) =>
      this.#world.faults.take(this.#policy.standIn, [kind], { method: 'POST', path: delivery.body });
    if (strikes('webhook_lose')) return this.#record(delivery, null, 'webhook_lose');
    if (strikes('webhook_reorder')) {
      this.#held.push(delivery);
      this.#record(delivery, null, 'webhook_reorder');
      this.#start(sleep(3000).then(() => this.#release()));
      return;
    }
    const delayMs = strikes('webhook_delay')?.ms ?? 0;
    const copies = strikes('webhook_duplicate') ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.#start(
        sleep(delayMs)
          .then(() => this.#attempt(delivery))
          .then(() => this.#release()),
      );
    }
  }

  /** Waits until nothing is under way, retries included. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
  }

  stop(): void {
    this.#stopped = true;
  }

  #release(): void {
    for (const delivery of this.#held.splice(0)) this.#start(this.#attempt(delivery));
  }

  #start(work: Promise<void>): void {
    this.#inFlight.add(work);
    void work.finally(() => this.#inFlight.delete(work));
  }

  async #attempt(delivery: Delivery): Promise<void> {
    for (const waitMs of [0, ...this.#policy.retryMs]) {
      if (this.#stopped) return;
      if (waitMs > 0) await sleep(waitMs);
      const status = await this.#post(delivery);
      this.#record(delivery, status);
      delivery.onAttempt?.(status);
      if (status !== null && this.#policy.isAccepted(status)) return;
    }
  }

  async #post(delivery: Delivery): Promise<number | null> {
    try {
      const response = await fetch(delivery.url, {
        method: 'POST',
        body: delivery.body,
        headers: { 'content-type': 'application/json', ...delivery.headers() },
        signal: AbortSignal.timeout(30_000),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return null;
    }
  }

  #record(delivery: Delivery, status: number | null, fault?: string): void {
    this.#world.log.record({
      at: this.#world.clock.now().toISOString(),
      standIn: this.#policy.standIn,
      direction: 'out',
      method: 'POST',
      path: delivery.url,
      status,
      body: delivery.body,
      ...(fault && { fault }),
    });
  }
}
