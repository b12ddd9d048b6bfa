import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { liveChannel } from './announce.ts';

/** One Redis subscription per process, shared by everything in it that waits for a topic. */
export class LiveListener {
  readonly #subscriber: Redis;
  readonly #waiting = new Map<string, Set<() => void>>();

  private constructor(subscriber: Redis) {
    this.#subscriber = subscriber;
  }

  static start(redis: Redis, prefix: string, log: Logger): LiveListener {
    // The subscription must survive a restart of Redis, so this connection retries for ever.
    const subscriber = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
    subscriber.on('error', (error) => log.debug({ err: error }, 'live subscription lost'));
    const listener = new LiveListener(subscriber);
    subscriber.on('message', (_channel: string, topic: string) => listener.#wake(topic));
    subscriber.subscribe(liveChannel(prefix)).catch((error: unknown) => {
      log.warn({ err: error }, 'could not subscribe; falling back to polling');
    });
    return listener;
  }

  on(topic: string, listener: () => void): () => void {
    const listeners = this.#waiting.get(topic) ?? new Set();
    listeners.add(listener);
    this.#waiting.set(topic, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#waiting.delete(topic);
    };
  }

  /** Resolves at the next announcement of `topic`, after `timeoutMs`, or when `signal` fires. */
  next(topic: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        off();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      const off = this.on(topic, done);
      if (signal?.aborted) done();
      else signal?.addEventListener('abort', done);
    });
  }

  #wake(topic: string): void {
    for (const listener of this.#waiting.get(topic) ?? []) listener();
  }

  async stop(): Promise<void> {
    for (const listeners of this.#waiting.values()) for (const listener of listeners) listener();
    this.#subscriber.disconnect();
    await Promise.resolve();
  }
}
