import { chart, dashboard, stat, table } from './panels.ts';
import { orangeRed, red } from './thresholds.ts';

const money = 'max by (currency) (sum by (currency, instance) (bastide_mrr_minor)) / 100';

export const business = dashboard({
  uid: 'business',
  title: 'Business',
  about: 'Sign-ups, purchases, subscriptions, revenue. Amounts in the currency that was paid.',
  from: 'now-7d',
  sections: [
    [
      'Now',
      [
        stat('People', 'max(bastide_users)'),
        stat('Tenants', 'max(bastide_tenants)'),
        stat('Sign-ups, 24 h', 'max(bastide_signups_day)'),
        stat('Purchases, 24 h', 'sum(max by (currency) (bastide_purchases_day)) or vector(0)'),
        stat('Invoices overdue', 'max(bastide_invoices_overdue)', { thresholds: orangeRed(1, 20) }),
        stat('Refunds due', 'max(bastide_payments_refund_due)', { thresholds: orangeRed(1, 5) }),
      ],
    ],
    [
      'Revenue',
      [
        table(
          'Monthly recurring revenue',
          money,
          { currency: 'Currency', Value: 'MRR' },
          { decimals: 2, width: 8, about: 'What is paid; a yearly price counts by its twelfth.' },
        ),
        table(
          'Yearly recurring revenue',
          `12 * (${money})`,
          { currency: 'Currency', Value: 'ARR' },
          { decimals: 2, width: 8 },
        ),
        table(
          'Received within 24 h',
          'max by (currency) (bastide_revenue_day_minor) / 100',
          { currency: 'Currency', Value: 'Received' },
          { decimals: 2, width: 8 },
        ),
        chart('MRR', [{ expr: money, legend: '{{currency}}' }], { decimals: 2 }),
        chart(
          'MRR by line',
          [{ expr: 'max by (currency, line) (bastide_mrr_minor) / 100', legend: '{{line}} {{currency}}' }],
          { decimals: 2, isStacked: true },
        ),
      ],
    ],
    [
      'Subscriptions',
      [
        table(
          'Active, by plan',
          'max by (line, plan, paid) (bastide_active_subscriptions)',
          { line: 'Line', plan: 'Plan', paid: 'Paid', Value: 'Subscriptions' },
          { height: 10 },
        ),
        chart(
          'Active and paid, by line',
          [
            {
              expr: 'sum by (line) (max by (line, plan) (bastide_active_subscriptions{paid="yes"}))',
              legend: '{{line}}',
            },
          ],
          { height: 10, isStacked: true },
        ),
        chart('Ended within 24 h', [{ expr: 'max by (line) (bastide_subscriptions_ended_day)', legend: '{{line}}' }], {
          about: 'Paid subscriptions only.',
        }),
        chart(
          'Churn: ended in 24 h, of those active',
          [
            {
              expr: 'max by (line) (bastide_subscriptions_ended_day) / sum by (line) (max by (line, plan) (bastide_active_subscriptions{paid="yes"}) > 0)',
              legend: '{{line}}',
            },
          ],
          { unit: 'percentunit' },
        ),
        chart('Sign-ups and purchases, 24 h', [
          { expr: 'max(bastide_signups_day)', legend: 'sign-ups' },
          { expr: 'sum(max by (currency) (bastide_purchases_day))', legend: 'purchases' },
          { expr: 'max(bastide_payments_failed_day)', legend: 'failed payments' },
        ]),
        chart('Invoices by state', [
          { expr: 'max by (status, payment_status) (bastide_invoices)', legend: '{{status}}, {{payment_status}}' },
        ]),
      ],
    ],
    [
      'How the figures are made',
      [
        stat('Counted', 'time() - max(bastide_figures_timestamp_seconds)', {
          unit: 's',
          thresholds: orangeRed(300, 900),
        }),
        stat('At a successor’s price', 'max(bastide_mrr_estimated_subscriptions)', {
          about: 'Subscriptions with a price that the catalogue has no more.',
          width: 6,
        }),
      ],
    ],
  ],
});

export const sites = dashboard({
  uid: 'sites',
  title: 'Sites',
  about: 'Do they answer, how fast, and what the bench is doing.',
  sections: [
    [
      'Now',
      [
        stat('Active', 'sum(max by (status) (bastide_sites{status="active"})) or vector(0)'),
        stat('Failed', 'sum(max by (status) (bastide_sites{status="failed"})) or vector(0)', { thresholds: red(1) }),
        stat('Down', 'count(probe_success{job="sites"} == 0) or vector(0)', { thresholds: red(1) }),
        stat('Slowest', 'max(probe_duration_seconds{job="sites"})', { unit: 's', thresholds: orangeRed(2, 8) }),
        stat('Bench jobs waiting', 'sum(bench_runner_jobs{state="Pending"}) or vector(0)', {
          thresholds: orangeRed(5, 20),
        }),
        stat('Oldest of them', 'max(bench_runner_queue_oldest_seconds)', {
          unit: 's',
          thresholds: orangeRed(600, 1800),
        }),
      ],
    ],
    [
      'Sites',
      [
        chart('By status', [{ expr: 'max by (status) (bastide_sites)', legend: '{{status}}' }], { isStacked: true }),
        chart(
          'Time to answer',
          [
            { expr: 'quantile(0.5, probe_duration_seconds{job="sites"})', legend: 'median' },
            { expr: 'quantile(0.95, probe_duration_seconds{job="sites"})', legend: 'p95' },
            { expr: 'max(probe_duration_seconds{job="sites"})', legend: 'slowest' },
          ],
          { unit: 's' },
        ),
        table('Down', 'probe_success{job="sites"} == 0', { instance: 'Site' }),
        table(
          'Slowest',
          'topk(15, probe_duration_seconds{job="sites"})',
          { instance: 'Site', Value: 'Seconds' },
          { unit: 's' },
        ),
      ],
    ],
    [
      'Bench',
      [
        chart('Jobs, by state', [
          { expr: 'sum by (state) (bench_runner_jobs{state=~"Pending|Running"})', legend: '{{state}}' },
        ]),
        chart('Failed within an hour', [{ expr: 'bench_runner_jobs_failed_hour', legend: '{{kind}}' }]),
        chart('The job at hand', [{ expr: 'bench_runner_running_job_seconds', legend: '{{kind}}' }], {
          unit: 's',
          thresholds: red(3600),
        }),
        chart('Frappe’s queues', [{ expr: 'redis_key_size{key=~"rq:queue:.+"}', legend: '{{key}}' }]),
        chart(
          'Bench, dashboard, Lago: do they answer?',
          [{ expr: 'probe_success{job="services"}', legend: '{{instance}}' }],
          { min: 0, max: 1 },
        ),
      ],
    ],
  ],
});
