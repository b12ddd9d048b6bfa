import { type Look, chart, dashboard, stat, table } from './panels.ts';
import { lowIsBad, orangeRed, red } from './thresholds.ts';

const USD: Look = { unit: 'currencyUSD', decimals: 2 };
const SMALL_USD: Look = { unit: 'currencyUSD', decimals: 4 };

/** Today's figure of each `label`, which one worker counts and the others do not. */
const today = (figure: string, label: string) => `max by (${label}) (bastide_llm_${figure}_today)`;
const usd = (expr: string) => `${expr} / 1e9`;
const cost = 'max(bastide_llm_cost_today_nano_usd)';
const budget = 'max(bastide_llm_budget_nano_usd)';

const quantile = (of: number, histogram: string, by: string) =>
  `histogram_quantile(${of}, sum by (${by}, le) (rate(${histogram}_bucket[10m])))`;
const percentiles = (histogram: string) =>
  [0.5, 0.95, 0.99].map((of) => ({
    expr: quantile(of, histogram, 'provider'),
    legend: `{{provider}} p${of * 100}`,
  }));

export const gateway = dashboard({
  uid: 'gateway',
  title: 'LLM gateway',
  about: 'Budget, requests, latency, providers, tokens, cost. Days are the operator’s (LLM_TIME_ZONE).',
  sections: [
    [
      'Today',
      [
        stat('Cost', usd(cost), USD),
        stat('Budget', usd(budget), {
          ...USD,
          about: 'LLM_DAILY_BUDGET_USD; once it is spent, free providers answer.',
        }),
        stat('Left', usd('max(bastide_llm_budget_remaining_nano_usd)'), USD),
        stat('Spent', `${cost} / (${budget} > 0)`, { unit: 'percentunit', thresholds: orangeRed(0.7, 0.9) }),
        stat(
          'Spent in',
          'max(bastide_llm_budget_remaining_nano_usd) / (sum(rate(bastide_llm_cost_nano_usd_total[30m])) > 0)',
          {
            unit: 's',
            thresholds: lowIsBad(3600, 4 * 3600),
            about: 'How long what is left lasts if it goes on as in the last half hour.',
          },
        ),
        stat('Switched to free', 'sum(increase(bastide_llm_budget_fallbacks_total[10m])) or vector(0)', {
          thresholds: red(1),
          about: 'Requests of the last ten minutes that the free provider answered because the budget was spent.',
        }),
        stat('Active tenants', `sum(${today('active_tenants', 'plan')}) or vector(0)`),
        stat('Active users', 'max(bastide_llm_active_users_today)'),
        stat('Cost per user', usd(`${cost} / (max(bastide_llm_active_users_today) > 0)`), SMALL_USD),
        stat('Over 300 messages', 'max(bastide_llm_abusive_users_today)', { thresholds: orangeRed(1, 5) }),
        stat(
          'Estimated',
          `sum(${today('estimated_requests', 'provider')}) / (sum(${today('provider_requests', 'provider')}) > 0)`,
          {
            unit: 'percentunit',
            thresholds: orangeRed(0.05, 0.1),
            about: 'Usage that we counted ourselves, or that has no price.',
          },
        ),
        stat('Usage waits', 'max(bastide_llm_usage_lag_seconds)', { unit: 's', thresholds: orangeRed(30, 120) }),
        chart(
          'Budget burn',
          [
            { expr: usd(cost), legend: 'cost' },
            { expr: usd(budget), legend: 'budget' },
          ],
          { ...USD, width: 24 },
        ),
        table(
          'Dearest tenants',
          usd('max by (tenant, tenant_id) (bastide_llm_tenant_cost_today_nano_usd)'),
          {
            ...{ tenant: 'Tenant', tenant_id: 'Id', Value: 'Cost' },
          },
          { ...SMALL_USD, width: 8 },
        ),
        table(
          'Dearest models',
          usd('max by (model) (bastide_llm_model_cost_today_nano_usd)'),
          { model: 'Model', Value: 'Cost' },
          {
            ...SMALL_USD,
            width: 8,
          },
        ),
        table(
          'Providers',
          usd('max by (provider) (bastide_llm_provider_cost_today_nano_usd)'),
          { provider: 'Provider', Value: 'Cost' },
          {
            ...SMALL_USD,
            width: 8,
          },
        ),
        table(
          'Requests by provider',
          today('provider_requests', 'provider'),
          { provider: 'Provider', Value: 'Requests' },
          { width: 8 },
        ),
        table('Messages by plan', today('messages', 'plan'), { plan: 'Plan', Value: 'Messages' }, { width: 8 }),
        table(
          'Cost by plan',
          usd('max by (plan) (bastide_llm_plan_cost_today_nano_usd)'),
          { plan: 'Plan', Value: 'Cost' },
          {
            ...SMALL_USD,
            width: 8,
          },
        ),
      ],
    ],
    [
      'Providers',
      [
        chart('Circuit breakers', [{ expr: 'max by (provider) (bastide_llm_breaker_state)', legend: '{{provider}}' }], {
          min: 0,
          max: 2,
          thresholds: red(2),
          about: '0 closed: asked as usual. 1 half open: one probe is under way. 2 open: not asked.',
        }),
        chart('Errors of the provider', [{ expr: 'bastide:llm_provider_errors:ratio10m', legend: '{{provider}}' }], {
          unit: 'percentunit',
          min: 0,
          thresholds: red(0.1),
        }),
        chart('First byte, by provider', percentiles('bastide_llm_first_byte_seconds'), {
          unit: 's',
          thresholds: red(15),
        }),
        chart('Whole answer, by provider', percentiles('bastide_llm_request_seconds'), { unit: 's' }),
        chart(
          'Whole answer, slowest models',
          [
            {
              expr: `topk(10, ${quantile(0.95, 'bastide_llm_request_seconds', 'provider, model')})`,
              legend: '{{provider}} {{model}} p95',
            },
          ],
          { unit: 's' },
        ),
        chart(
          'Fallbacks a minute',
          [
            { expr: 'sum by (from, to) (rate(bastide_llm_fallbacks_total[5m])) * 60', legend: '{{from}} → {{to}}' },
            { expr: 'sum(rate(bastide_llm_budget_fallbacks_total[5m])) * 60', legend: 'budget spent' },
          ],
          { isStacked: true },
        ),
        chart('Fallbacks, of all requests', [{ expr: 'bastide:llm_fallbacks:ratio10m', legend: 'fallbacks' }], {
          unit: 'percentunit',
          min: 0,
          thresholds: red(0.2),
        }),
        chart(
          'Failed attempts a minute',
          [
            {
              expr: 'sum by (provider, outcome) (rate(bastide_llm_failed_attempts_total[5m])) * 60',
              legend: '{{provider}} {{outcome}}',
            },
          ],
          { isStacked: true },
        ),
        table(
          'Switched on',
          'max by (provider) (bastide_llm_providers_on)',
          { provider: 'Provider', Value: 'On' },
          { width: 8 },
        ),
        table(
          'Our key was refused',
          'sum by (provider) (bastide_llm_provider_refused_total) > 0',
          { provider: 'Provider', Value: 'Times' },
          { width: 8 },
        ),
        table(
          'Estimated requests, today',
          `${today('estimated_requests', 'provider')} > 0`,
          { provider: 'Provider', Value: 'Requests' },
          { width: 8 },
        ),
      ],
    ],
    [
      'Requests',
      [
        chart(
          'Requests a second, by outcome',
          [{ expr: 'sum by (outcome) (bastide:llm_requests:rate5m)', legend: '{{outcome}}' }],
          { unit: 'reqps', isStacked: true },
        ),
        chart(
          'Refused, by status',
          [
            { expr: 'sum by (status) (rate(bastide_llm_refused_total[5m]))', legend: '{{status}}' },
            { expr: 'sum(rate(bastide_llm_shed_total[5m]))', legend: 'too much at once' },
          ],
          { unit: 'reqps' },
        ),
        chart('Under way', [{ expr: 'sum(bastide_llm_live_requests)', legend: 'live' }]),
        chart(
          'Response cache',
          [{ expr: 'sum by (result) (rate(bastide_llm_cache_total[5m])) * 60', legend: '{{result}} a minute' }],
          { isStacked: true },
        ),
        chart(
          'Tokens a minute',
          [
            {
              expr: 'sum by (provider, kind) (rate(bastide_llm_tokens_total[5m])) * 60',
              legend: '{{provider}} {{kind}}',
            },
          ],
          { isStacked: true },
        ),
        chart(
          'Cost an hour',
          [
            {
              expr: 'sum by (provider) (rate(bastide_llm_cost_nano_usd_total[15m])) * 3600 / 1e9',
              legend: '{{provider}}',
            },
          ],
          USD,
        ),
        chart('Usage that is not stored yet', [{ expr: 'max(redis_stream_length)', legend: 'records' }], {
          thresholds: red(20_000),
        }),
        chart(
          'How late usage is',
          [
            { expr: 'max(bastide_llm_usage_lag_seconds)', legend: 'in the stream' },
            { expr: 'max(bastide_llm_journal_missing_seconds)', legend: 'missing though sent' },
          ],
          { unit: 's', thresholds: red(120) },
        ),
      ],
    ],
  ],
});
