import { kindNames } from '../kinds/kinds.ts';
import type { JobStore } from '../jobs/store.ts';
import { fromNaiveTime } from '../time.ts';

/** Once: a start that moved with the clock would look like restarts. */
const STARTED_AT_S = Math.round(Date.now() / 1000 - process.uptime());

type Labels = Record<string, string>;

/** A gauge in Prometheus' text format; no label of ours holds what would need escaping. */
function gauge(name: string, help: string, samples: readonly (readonly [Labels, number])[]): string {
  const lines = samples.map(([labels, value]) => {
    const inside = Object.entries(labels).map(([key, text]) => `${key}="${text}"`);
    return `bench_runner_${name}${inside.length > 0 ? `{${inside.join(',')}}` : ''} ${value}`;
  });
  return [`# HELP bench_runner_${name} ${help}`, `# TYPE bench_runner_${name} gauge`, ...lines, ''].join('\n');
}

/** What the queue looks like now. Read from an indexed table of at most a month of jobs. */
export function presentMetrics(store: JobStore, now = new Date()): string {
  const ageS = (since: string | null) =>
    since === null ? 0 : Math.max(0, (now.getTime() - fromNaiveTime(since).getTime()) / 1000);
  const running = store.running();
  const failed = store.failedSince(new Date(now.getTime() - 3_600_000));
  return [
    gauge(
      'jobs',
      'Jobs of the last thirty days, by kind and state.',
      store.counts().map(({ kind, status, count }) => [{ kind, state: status }, count] as const),
    ),
    gauge(
      'jobs_failed_hour',
      'Jobs that failed within the last hour.',
      kindNames.map((kind) => [{ kind }, failed.find((row) => row.kind === kind)?.count ?? 0] as const),
    ),
    gauge(
      'queue_oldest_seconds',
      'How long the oldest waiting job has waited.',
      (['heavy', 'short'] as const).map(
        (lane) => [{ lane }, ageS(store.nextPending(lane)?.enqueued_at ?? null)] as const,
      ),
    ),
    gauge(
      'running_job_seconds',
      'How long the job at hand has been running.',
      running.map((row) => [{ kind: row.kind, lane: row.lane }, ageS(row.started_at)] as const),
    ),
    `# HELP process_start_time_seconds When this process started.
# TYPE process_start_time_seconds gauge
process_start_time_seconds ${STARTED_AT_S}
# HELP process_resident_memory_bytes Memory of this process.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes ${process.memoryUsage.rss()}
`,
  ].join('');
}
