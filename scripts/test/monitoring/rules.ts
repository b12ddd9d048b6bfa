import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../../..');
export const PROMETHEUS = join(ROOT, 'services/prometheus');

export interface Rule {
  file: string;
  alert?: string;
  record?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

const yaml = (path: string): unknown => parse(readFileSync(path, 'utf8'));

export function rules(): Rule[] {
  return readdirSync(join(PROMETHEUS, 'rules')).flatMap((file) => {
    const { groups } = yaml(join(PROMETHEUS, 'rules', file)) as { groups: { rules: Omit<Rule, 'file'>[] }[] };
    return groups.flatMap((group) => group.rules.map((rule) => ({ ...rule, file })));
  });
}

export interface RuleTest {
  name: string;
  promql_expr_test: { expr: string; exp_samples: unknown[] }[];
}

export function ruleTests(): RuleTest[] {
  return readdirSync(join(PROMETHEUS, 'tests')).flatMap(
    (file) => (yaml(join(PROMETHEUS, 'tests', file)) as { tests: RuleTest[] }).tests,
  );
}

interface ScrapeConfig {
  job_name: string;
  metrics_path?: string;
  sample_limit?: number;
  metric_relabel_configs?: { source_labels?: string[]; regex?: string; action?: string }[];
}

export function scrapes(): ScrapeConfig[] {
  const { scrape_configs } = yaml(join(PROMETHEUS, 'prometheus.yml')) as { scrape_configs: ScrapeConfig[] };
  return scrape_configs;
}

/** What a job keeps of what it reads, by its first `keep`. */
export function keeps(job: string): (metric: string) => boolean {
  const scrape = scrapes().find(({ job_name }) => job_name === job);
  const keep = scrape?.metric_relabel_configs?.find(({ action }) => action === 'keep')?.regex;
  const pattern = keep === undefined ? /^/ : new RegExp(`^(?:${keep})$`);
  return (metric) => pattern.test(metric);
}
