import type { Config } from '#core/config/variables.ts';
import type { Context } from '#core/context.ts';
import { type Component, probesOf, within } from './probes.ts';
import type { State, Status } from './schemas.ts';

/** However many look, each part is asked once in this time. */
const FRESH_MS = 15_000;
/** What is older is not told any more: whoever asks waits for the look, which takes three seconds at most. */
const STALE_MS = 60_000;
/** Without these nobody can do anything. */
const VITAL: ReadonlySet<Component> = new Set(['api', 'database', 'login']);

interface Known {
  status?: Status;
  checkedAtMs: number;
  checking?: Promise<Status>;
}
const known = new WeakMap<Config, Known>();

/**
 * What the last look found. When that is a while ago, a look begins behind the answer, and whoever asks next is told.
 */
export async function currentStatus(ctx: Context): Promise<Status> {
  const entry: Known = known.get(ctx.config) ?? { checkedAtMs: -Infinity };
  known.set(ctx.config, entry);
  const ageMs = performance.now() - entry.checkedAtMs;
  if (ageMs > FRESH_MS)
    entry.checking ??= look(ctx).then((status) => {
      Object.assign(entry, { status, checkedAtMs: performance.now(), checking: undefined });
      return status;
    });
  if (entry.status && ageMs <= STALE_MS) return entry.status;
  return entry.checking ?? look(ctx);
}

async function look(ctx: Context): Promise<Status> {
  const probes = Object.entries(probesOf(ctx)) as [Component, () => Promise<State>][];
  const components = await Promise.all(probes.map(async ([name, probe]) => ({ name, state: await within(probe) })));
  return { status: overall(components), components, checkedAt: new Date().toISOString() };
}

function overall(components: Status['components']): State {
  if (components.some(({ name, state }) => state === 'down' && VITAL.has(name))) return 'down';
  return components.every(({ state }) => state === 'up') ? 'up' : 'degraded';
}
