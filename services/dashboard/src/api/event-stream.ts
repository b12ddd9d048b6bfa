import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** Reads server-sent events to the end of the stream. EventSource itself cannot send our headers. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Leaving early must also close the connection, not only stop reading it.
    await reader.cancel().catch(() => undefined);
  }
}

export interface EventFollower {
  url: string;
  headers: () => Record<string, string>;
  signal: AbortSignal;
  /** Return true when this was the last event worth waiting for. */
  onEvent: (event: EventSourceMessage) => boolean;
  onConnected: (isConnected: boolean) => void;
}

/** Follows a stream until its last event, reconnecting with growing pauses. A refusal (4xx) ends it: asking again would not help. */
export async function followEvents(follower: EventFollower): Promise<void> {
  const { signal } = follower;
  let failures = 0;
  while (!signal.aborted) {
    const outcome = await connect(follower).catch(() => 'lost' as const);
    follower.onConnected(false);
    if (outcome === 'finished' || outcome === 'refused') return;
    failures = outcome === 'delivered' ? 0 : failures + 1;
    await pause(retryDelayMs(failures), signal);
  }
}

export function retryDelayMs(failures: number, random = Math.random()): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) * (0.75 + random / 2);
}

type Outcome = 'finished' | 'refused' | 'delivered' | 'lost';

async function connect({ url, headers, signal, onEvent, onConnected }: EventFollower): Promise<Outcome> {
  const response = await fetch(url, { headers: { ...headers(), accept: 'text/event-stream' }, signal });
  if (response.status >= 400 && response.status < 500) return 'refused';
  if (!response.ok || !response.body) return 'lost';
  onConnected(true);
  let outcome: Outcome = 'lost';
  try {
    for await (const event of readEvents(response.body)) {
      if (onEvent(event)) return 'finished';
      outcome = 'delivered';
    }
  } catch {
    // A cut connection ends like a closed one; what was delivered counts.
  }
  return outcome;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
