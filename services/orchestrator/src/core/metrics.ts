import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics(process: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    httpDuration: new Histogram({
      name: 'bastide_http_request_duration_seconds',
      help: 'Time to answer a request, by route.',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: SECONDS,
      registers,
    }),
    jobDuration: new Histogram({
      name: 'bastide_job_duration_seconds',
      help: 'Time of one run of a job, by outcome (done, retried, failed).',
      labelNames: ['job', 'outcome'] as const,
      buckets: SECONDS,
      registers,
    }),
    outboxDepth: new Gauge({
      name: 'bastide_outbox_rows',
      help: 'Jobs that are not finished, by state.',
      labelNames: ['state'] as const,
      registers,
    }),
    outboxOldestSeconds: new Gauge({
      name: 'bastide_outbox_oldest_due_seconds',
      help: 'How long the oldest due job has waited.',
      registers,
    }),
    recoveredJobs: new Counter({
      name: 'bastide_recovered_jobs_total',
      help: 'Jobs sent again because their worker died or the queue lost them.',
      labelNames: ['reason'] as const,
      registers,
    }),
    operations: new Counter({
      name: 'bastide_operations_total',
      help: 'Operations that ended, by kind and outcome.',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    reconciled: new Counter({
      name: 'bastide_reconciler_repairs_total',
      help: 'Differences that a reconciler found and repaired; should stay 0.',
      labelNames: ['reconciler'] as const,
      registers,
    }),
    ...moneyMetrics(registers),
  };
}

/** What a person has to look at. */
function moneyMetrics(registers: Registry[]) {
  return {
    refundsDue: new Counter({
      name: 'bastide_payments_refund_due_total',
      help: 'Payments that settle nothing and wait to be given back by a person; should stay 0.',
      registers,
    }),
    disputes: new Counter({
      name: 'bastide_payment_disputes_total',
      help: 'Payments that a cardholder disputes, by what has become of it; needs_response has a date by which to answer.',
      labelNames: ['status'] as const,
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
