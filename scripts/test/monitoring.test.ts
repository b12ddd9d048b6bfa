import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { dashboards } from '../docs/dashboards.ts';
import { exported } from './monitoring/exported.ts';
import { metricsOf } from './monitoring/promql.ts';
import { PROMETHEUS, ROOT, keeps, ruleTests, rules, scrapes } from './monitoring/rules.ts';

const allRules = rules();
const allTests = ruleTests();
const alerts = allRules.filter(({ alert }) => alert !== undefined);
const runbook = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8');

/** Its output; throws with it when it fails. */
function promtool(...args: string[]): string {
  return execFileSync('promtool', args, { cwd: join(PROMETHEUS, 'tests'), encoding: 'utf8', stdio: 'pipe' });
}

interface Panel {
  title: string;
  type: string;
  datasource?: { uid: string };
  targets?: { expr: string; datasource: { uid: string } }[];
}
const boards = Object.entries(dashboards()).map(([file, json]) => ({
  file,
  json,
  board: JSON.parse(json) as { uid: string; panels: Panel[]; links: { url?: string }[] },
}));
const queries = boards.flatMap(({ file, board }) =>
  board.panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => ({ ...target, where: `${file}: ${title}` })),
  ),
);
const promql = queries.filter(({ datasource }) => datasource.uid === 'prometheus');

test('Prometheus’ configuration and rules are valid', (t) => {
  t.notThrows(() => promtool('check', 'config', '../prometheus.yml'));
});

test('the rules fire and stay quiet as their tests say', (t) => {
  t.timeout(300_000);
  const files = readdirSync(join(PROMETHEUS, 'tests'));
  t.notThrows(() => promtool('test', 'rules', ...files));
  t.log(`${alerts.length} alerts, ${allTests.length} tests`);
});

test('every alert has a test that it fires and one that it does not', (t) => {
  const outcomes = (alert: string) =>
    allTests
      .flatMap((one) => one.promql_expr_test)
      .filter(({ expr }) => expr.includes(`alertname="${alert}"`))
      .map(({ exp_samples }) => exp_samples.length > 0);
  const untested = alerts.flatMap(({ alert = '' }) => {
    const found = outcomes(alert);
    const isComplete = found.includes(true) && (found.includes(false) || alert === 'Watchdog');
    return isComplete ? [] : [alert];
  });
  t.deepEqual(untested, []);
});

test('every alert says what is wrong, what to do, how bad it is, and has its entry in the runbook', (t) => {
  for (const { alert = '', labels = {}, annotations = {} } of alerts) {
    for (const name of ['summary', 'description', 'action'])
      t.true((annotations[name] ?? '').length > 5, `${alert}: ${name}`);
    t.regex(labels['severity'] ?? '', /^(critical|warning|none)$/, alert);
    t.truthy(labels['area'], alert);
    t.is(annotations['runbook'], `docs/runbook.md#${alert.toLowerCase()}`);
    t.true(runbook.includes(`\n### ${alert}\n`), `${alert} is not in docs/runbook.md`);
  }
  const names = alerts.map(({ alert }) => alert);
  t.is(new Set(names).size, names.length, 'two alerts share a name');
  const entries = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, entry]) => entry);
  t.deepEqual(
    entries.filter((entry) => !names.includes(entry)),
    [],
    'entries of alerts that are no more',
  );
});

test('every metric that a rule or a dashboard reads is exported by something, and kept', (t) => {
  const known = exported();
  const unknown = [
    ...allRules.map(({ expr, alert, record }) => ({ expr, where: alert ?? record ?? '' })),
    ...promql,
  ].flatMap(({ expr, where }) => metricsOf(expr).flatMap((name) => (known.has(name) ? [] : [`${where}: ${name}`])));
  t.deepEqual(unknown, []);
});

test('every job has a limit of samples, and takes only what is named', (t) => {
  for (const { job_name, sample_limit } of scrapes()) {
    t.true((sample_limit ?? 0) > 0, job_name);
    if (job_name !== 'bench-runner') t.false(keeps(job_name)('go_gc_duration_seconds'), job_name);
  }
});

test('the dashboards are as their source says', (t) => {
  const folder = join(ROOT, 'grafana/dashboards');
  t.deepEqual(readdirSync(folder).sort(), boards.map(({ file }) => file).sort());
  for (const { file, json } of boards)
    t.is(readFileSync(join(folder, file), 'utf8'), json, `${file}: run npm run docs:generate`);
});

test('every query of a dashboard can be parsed by Prometheus', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bastide-promql.'));
  const groups = promql.map(({ expr, where }, index) => ({
    name: `${index} ${where}`,
    rules: [{ record: `query:${index}`, expr: expr.replaceAll('$__rate_interval', '5m') }],
  }));
  const file = join(folder, 'queries.yml');
  writeFileSync(file, JSON.stringify({ groups }));
  t.notThrows(() => promtool('check', 'rules', file));
  t.log(`${promql.length} queries in ${boards.length} dashboards`);
});

test('dashboards ask the provisioned data sources, and lead to the runbook', (t) => {
  const { datasources } = parse(
    readFileSync(join(ROOT, 'grafana/provisioning/datasources/datasources.yml'), 'utf8'),
  ) as { datasources: { uid: string }[] };
  const uids = datasources.map(({ uid }) => uid);
  for (const { datasource, where } of queries) t.true(uids.includes(datasource.uid), where);
  t.is(new Set(boards.map(({ board }) => board.uid)).size, boards.length);
  for (const { board } of boards) t.true(board.links.some(({ url }) => url === '/d/bastide-runbook'));
});

test('Prometheus reads the exporters that Alloy runs, and no others', (t) => {
  const alloy = readFileSync(join(ROOT, 'services/alloy/config.alloy'), 'utf8');
  const run = [...alloy.matchAll(/^(prometheus\.exporter\.\w+) "(\w+)"/gm)].map(([, kind, name]) => `${kind}.${name}`);
  const read = scrapes().flatMap(({ metrics_path = '' }) => /component\/(.+)\/metrics$/.exec(metrics_path)?.[1] ?? []);
  t.deepEqual([...new Set(read)].sort(), run.sort());
});

test('nothing phones home, and logs are kept for thirty days', (t) => {
  const loki = parse(readFileSync(join(ROOT, 'services/loki/loki.yml'), 'utf8')) as {
    analytics: { reporting_enabled: boolean };
    compactor: { retention_enabled: boolean };
    limits_config: { retention_period: string };
  };
  t.false(loki.analytics.reporting_enabled);
  t.true(loki.compactor.retention_enabled);
  t.is(loki.limits_config.retention_period, `${30 * 24}h`);
  const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  for (const setting of [
    '--disable-reporting',
    "GF_ANALYTICS_REPORTING_ENABLED: 'false'",
    "GF_ANALYTICS_CHECK_FOR_UPDATES: 'false'",
  ])
    t.true(compose.replaceAll('"', "'").includes(setting), setting);
});
