import { chart, dashboard, logChart, logs, stat, table } from './panels.ts';
import { orangeRed, red } from './thresholds.ts';

export const queues = dashboard({
  uid: 'queues',
  title: 'Queues and jobs',
  about: 'What waits, what runs, what has failed.',
  sections: [
    [
      'Now',
      [
        stat('Oldest due job', 'max(bastide_outbox_oldest_due_seconds)', { unit: 's', thresholds: orangeRed(60, 300) }),
        stat('Waiting', 'sum(max by (state) (bastide_outbox_rows{state="pending"})) or vector(0)'),
        stat('Failed for good', 'sum(max by (state) (bastide_outbox_rows{state="failed"})) or vector(0)', {
          thresholds: orangeRed(1, 10),
        }),
        stat('Operations stuck', 'max(bastide_operations_stuck)', { thresholds: red(1) }),
        stat('Webhooks waiting', 'sum(max by (source) (bastide_inbox_waiting))', { thresholds: orangeRed(20, 200) }),
        stat('Mails waiting', 'max(bastide_mails_waiting)', { thresholds: orangeRed(20, 200) }),
      ],
    ],
    [
      'Jobs',
      [
        chart('Not finished, by state', [{ expr: 'max by (state) (bastide_outbox_rows)', legend: '{{state}}' }]),
        chart('Oldest due', [{ expr: 'max(bastide_outbox_oldest_due_seconds)', legend: 'waits' }], {
          unit: 's',
          thresholds: red(300),
        }),
        chart(
          'Runs a minute, by outcome',
          [{ expr: 'sum by (outcome) (bastide:jobs:rate5m) * 60', legend: '{{outcome}}' }],
          { isStacked: true },
        ),
        chart(
          'How long they take (p95)',
          [
            {
              expr: 'topk(8, histogram_quantile(0.95, sum by (task, le) (rate(bastide_job_duration_seconds_bucket[15m]))))',
              legend: '{{task}}',
            },
          ],
          { unit: 's' },
        ),
        table(
          'Failed for good (24 h)',
          'topk(20, sum by (task) (increase(bastide_job_duration_seconds_count{outcome="failed"}[24h])) > 0)',
          { task: 'Job', Value: 'Failed' },
          { decimals: 0 },
        ),
        chart('Sent again, because a worker died or the queue lost them', [
          { expr: 'sum by (reason) (increase(bastide_recovered_jobs_total[5m]))', legend: '{{reason}}' },
        ]),
      ],
    ],
    [
      'Operations, webhooks, mails',
      [
        chart('Operations that ended', [
          { expr: 'sum by (kind, outcome) (increase(bastide_operations_total[15m]))', legend: '{{kind}} {{outcome}}' },
        ]),
        chart('Operations that have not succeeded', [
          { expr: 'max by (state) (bastide_operations_open)', legend: '{{state}}' },
        ]),
        chart(
          'Webhooks: oldest that waits',
          [{ expr: 'max by (source) (bastide_inbox_oldest_waiting_seconds)', legend: '{{source}}' }],
          { unit: 's', thresholds: red(900) },
        ),
        chart(
          'Repairs of the reconcilers',
          [{ expr: 'sum by (reconciler) (increase(bastide_reconciler_repairs_total[1h]))', legend: '{{reconciler}}' }],
          { about: 'Should stay 0: each is a webhook that did not come.' },
        ),
        chart('Mails', [
          { expr: 'max(bastide_mails_waiting)', legend: 'waiting' },
          { expr: 'max(bastide_mails_failed_day)', legend: 'given up within 24 h' },
        ]),
        chart('Usage for Lago', [{ expr: 'max by (state) (bastide_usage_events)', legend: '{{state}}' }]),
      ],
    ],
    [
      'Lago',
      [
        chart('Sidekiq: jobs done a minute', [
          { expr: 'rate(redis_key_value{key="stat:processed"}[10m]) * 60', legend: 'done' },
        ]),
        chart('Sidekiq: queues', [{ expr: 'redis_key_size{key=~"queue:.+|retry|dead|schedule"}', legend: '{{key}}' }]),
      ],
    ],
  ],
});

export const logsDashboard = dashboard({
  uid: 'logs',
  title: 'Logs',
  about: 'Every container’s lines; by tenant or request as well.',
  from: 'now-1h',
  variables: [
    {
      name: 'service',
      type: 'query',
      label: 'Service',
      datasource: { type: 'loki', uid: 'loki' },
      query: { type: 1, label: 'service', refId: 'service' },
      includeAll: true,
      allValue: '.+',
      multi: true,
      current: { text: 'All', value: '$__all' },
      refresh: 2,
      sort: 1,
    },
    {
      name: 'level',
      type: 'custom',
      label: 'Level',
      query: 'fatal,error,warn,info,debug',
      includeAll: true,
      allValue: '.+',
      multi: true,
      current: { text: 'All', value: '$__all' },
    },
    { name: 'tenant', type: 'textbox', label: 'Tenant id', query: '', current: { text: '', value: '' } },
    { name: 'request', type: 'textbox', label: 'Request id', query: '', current: { text: '', value: '' } },
    { name: 'contains', type: 'textbox', label: 'Contains', query: '', current: { text: '', value: '' } },
  ],
  sections: [
    [
      'Lines',
      [
        logChart(
          'Lines by level',
          'sum by (level) (count_over_time({service=~"$service",level=~"$level"} | tenant_id=~"$tenant.*" | request_id=~"$request.*" |= `$contains` [$__auto]))',
          '{{level}}',
          { width: 24, height: 6 },
        ),
        logs(
          'Lines',
          '{service=~"$service",level=~"$level"} | tenant_id=~"$tenant.*" | request_id=~"$request.*" |= `$contains`',
        ),
      ],
    ],
    [
      'Ingestion',
      [
        chart('Lines a second that Loki stores', [
          { expr: 'sum(rate(loki_distributor_lines_received_total[5m]))', legend: 'lines' },
        ]),
        chart('Lines that were lost', [
          { expr: 'sum(rate(loki_discarded_samples_total[5m])) or vector(0)', legend: 'refused by Loki' },
          { expr: 'sum(rate(loki_write_dropped_entries_total[5m])) or vector(0)', legend: 'given up by Alloy' },
        ]),
      ],
    ],
  ],
});
