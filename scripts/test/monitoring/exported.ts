import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, keeps, rules } from './rules.ts';

const FIXTURES = join(ROOT, 'scripts/test/fixtures/metrics');

/** job → file of names that were read from the real exporter (Debian's, or the vendor's own program). */
const SEEN: Record<string, string> = {
  host: 'host',
  mariadb: 'mariadb',
  postgres: 'postgres',
  'valkey-queue': 'valkey',
  'valkey-cache': 'valkey',
  traefik: 'traefik',
  keycloak: 'keycloak',
  objectstore: 'objectstore',
  public: 'probes',
  services: 'probes',
  sites: 'probes',
  prometheus: 'prometheus',
  alertmanager: 'alertmanager',
  loki: 'loki',
};

/** Not seen here, from the vendors' documentation or source, or made by another part of the project. */
const KNOWN: Record<string, readonly string[]> = {
  alloy: ['loki_write_dropped_entries_total', 'alloy_config_last_load_successful'],
  host: ['restore_drill_last_success_timestamp_seconds', 'restore_drill_duration_seconds', 'restore_drill_rpo_seconds'],
  loki: ['loki_discarded_samples_total'],
  // Only of an https address.
  public: ['probe_ssl_earliest_cert_expiry'],
};

const PROCESS = ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds'];

function sources(folder: string): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'))
    .join('\n');
}

/** Our own, as the code names them. */
function ours(): string[] {
  const orchestrator = sources('services/orchestrator/src');
  const histograms = [...orchestrator.matchAll(/new (?:Spread)?Histogram\(\s*\{\s*name: '(\w+)'/g)].map(
    ([, name = '']) => name,
  );
  const others = [...orchestrator.matchAll(/name: '(bastide_\w+)'/g)].map(([, name = '']) => name);
  const figures = /const GAUGES = \{([\s\S]+?)\n\} as const/.exec(
    sources('services/orchestrator/src/modules/admin/figures'),
  );
  const figureNames = [...(figures?.[1] ?? '').matchAll(/^ {2}(\w+): \[/gm)].map(([, name]) => `bastide_${name}`);
  const runner = [...sources('services/bench-runner/src').matchAll(/gauge\(\s*'(\w+)'/g)].map(
    ([, name]) => `bench_runner_${name}`,
  );
  return [
    ...histograms.flatMap((name) => [`${name}_bucket`, `${name}_sum`, `${name}_count`]),
    ...others,
    ...figureNames,
    ...runner,
    ...PROCESS,
    'nodejs_eventloop_lag_p99_seconds',
  ];
}

/** What the backup container leaves for the exporter of the host, as its scripts name it. */
function backups(): string[] {
  const folder = join(ROOT, 'services/backup/lib');
  const scripts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  return [...scripts.join('\n').matchAll(/\bmetric (backup_\w+)/g)].map(([, name = '']) => name);
}

/** Every metric that Prometheus will hold: exported by something, and not dropped on its way. */
export function exported(): Set<string> {
  const seen = Object.entries(SEEN).flatMap(([job, file]) =>
    readFileSync(join(FIXTURES, `${file}.txt`), 'utf8')
      .split('\n')
      .filter((name) => name !== '' && keeps(job)(name)),
  );
  const known = Object.entries(KNOWN).flatMap(([job, names]) => names.filter(keeps(job)));
  const own = ours().filter((name) => name.startsWith('bench_runner_') || keeps('api')(name));
  const recorded = rules().flatMap(({ record }) => record ?? []);
  const backup = backups().filter(keeps('host'));
  return new Set([
    ...seen,
    ...known,
    ...own,
    ...backup,
    ...recorded,
    'up',
    'ALERTS',
    'scrape_samples_post_metric_relabeling',
  ]);
}
