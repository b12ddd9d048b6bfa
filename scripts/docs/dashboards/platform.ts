import { type Section, alertList, chart, dashboard, logChart, stat, table } from './panels.ts';
import { orangeRed, red } from './thresholds.ts';

const now: Section = [
  'Now',
  [
    stat('Alerts', 'count(ALERTS{alertstate="firing",severity!="none"}) or vector(0)', { thresholds: red(1) }),
    stat('Targets down', 'count(up == 0) or vector(0)', { thresholds: red(1) }),
    stat('API errors', 'sum(bastide:http_errors:ratio5m{process="api"})', {
      unit: 'percentunit',
      thresholds: orangeRed(0.01, 0.05),
    }),
    stat('API p95', 'max(bastide:http_latency_p95:5m{process="api"})', { unit: 's', thresholds: orangeRed(0.8, 1.5) }),
    stat('Oldest due job', 'max(bastide_outbox_oldest_due_seconds)', { unit: 's', thresholds: orangeRed(60, 300) }),
    stat('Last backup', 'time() - max(backup_last_success_timestamp_seconds{part="run"})', {
      unit: 's',
      thresholds: orangeRed(90_000, 93_600),
    }),
  ],
];

export const overview = dashboard({
  uid: 'overview',
  title: 'Overview',
  about: 'Is everything well? Start here.',
  sections: [
    now,
    [
      'Business',
      [
        stat('Tenants', 'max(bastide_tenants)'),
        stat('Sign-ups, 24 h', 'max(bastide_signups_day)'),
        stat('Purchases, 24 h', 'sum(max by (currency) (bastide_purchases_day)) or vector(0)'),
        stat('Sites', 'sum(max by (status) (bastide_sites{status="active"})) or vector(0)'),
        stat('LLM cost today', 'max(bastide_llm_cost_today_nano_usd) / 1e9', { unit: 'currencyUSD', decimals: 2 }),
        stat('Refunds due', 'max(bastide_payments_refund_due)', { thresholds: orangeRed(1, 5) }),
      ],
    ],
    [
      'What is wrong',
      [
        alertList('Firing alerts', { width: 12, height: 9 }),
        chart(
          'Requests a second',
          [{ expr: 'sum by (status) (bastide:http_requests:rate5m{process="api"})', legend: '{{status}}' }],
          { unit: 'reqps', isStacked: true, height: 9 },
        ),
        chart(
          'CPU, memory, fullest disk',
          [
            { expr: 'host:cpu_busy:ratio5m', legend: 'CPU busy' },
            { expr: '1 - host:memory_available:ratio', legend: 'memory used' },
            { expr: '1 - min(host:disk_available:ratio)', legend: 'disk used' },
          ],
          { unit: 'percentunit', min: 0, max: 1 },
        ),
        logChart(
          'Errors in the logs',
          'sum by (service) (count_over_time({level=~"error|fatal"}[$__auto]))',
          '{{service}}',
        ),
      ],
    ],
  ],
});

export const api = dashboard({
  uid: 'api',
  title: 'API',
  about: 'Requests, errors and latency of the API, by route.',
  sections: [
    [
      'Requests',
      [
        chart(
          'Requests a second, by status',
          [{ expr: 'sum by (status) (bastide:http_requests:rate5m{process="api"})', legend: '{{status}}' }],
          { unit: 'reqps', isStacked: true },
        ),
        chart(
          'Latency',
          [
            { expr: 'bastide:http_latency_p50:5m{process="api"}', legend: 'p50' },
            { expr: 'bastide:http_latency_p95:5m{process="api"}', legend: 'p95' },
            { expr: 'bastide:http_latency_p99:5m{process="api"}', legend: 'p99' },
          ],
          { unit: 's', thresholds: red(1.5) },
        ),
        chart('Errors of ours', [{ expr: 'bastide:http_errors:ratio5m{process="api"}', legend: '5xx' }], {
          unit: 'percentunit',
          min: 0,
          thresholds: red(0.05),
        }),
        chart(
          'Refused (4xx), by route',
          [
            {
              expr: 'topk(8, sum by (route, status) (bastide:http_requests:rate5m{process="api",status=~"4.."}))',
              legend: '{{status}} {{route}}',
            },
          ],
          { unit: 'reqps' },
        ),
      ],
    ],
    [
      'Routes',
      [
        table(
          'Slowest routes (p95 of an hour)',
          'topk(15, histogram_quantile(0.95, sum by (route, method, le) (rate(bastide_http_request_duration_seconds_bucket{process="api"}[1h]))))',
          { method: 'Method', route: 'Route', Value: 'p95' },
          { unit: 's', height: 10 },
        ),
        table(
          'Routes with errors (last hour)',
          'topk(15, sum by (route, method, status) (increase(bastide_http_request_duration_seconds_count{process="api",status=~"5.."}[1h])) > 0)',
          { method: 'Method', route: 'Route', status: 'Status', Value: 'Errors' },
          { decimals: 0, height: 10 },
        ),
      ],
    ],
    [
      'Process',
      [
        chart(
          'Event loop lag (p99)',
          [{ expr: 'nodejs_eventloop_lag_p99_seconds{job=~"api|worker|gateway"}', legend: '{{job}}' }],
          { unit: 's', thresholds: red(0.5) },
        ),
        chart(
          'Memory',
          [{ expr: 'process_resident_memory_bytes{job=~"api|worker|gateway|bench-runner"}', legend: '{{job}}' }],
          { unit: 'bytes' },
        ),
        chart('Database connections of the pool', [
          { expr: 'sum by (process) (bastide_database_pool_connections{state="used"})', legend: '{{process}} used' },
          { expr: 'sum by (process) (bastide_database_pool_waiting)', legend: '{{process}} waiting' },
        ]),
        chart('CPU', [{ expr: 'rate(process_cpu_seconds_total{job=~"api|worker|gateway"}[5m])', legend: '{{job}}' }], {
          unit: 'percentunit',
        }),
      ],
    ],
  ],
});
