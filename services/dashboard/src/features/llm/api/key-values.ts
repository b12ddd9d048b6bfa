import type { LlmKey, NewLlmKey } from './keys.ts';

export const SCOPES: readonly LlmKey['scopes'][number][] = ['chat', 'embeddings', 'models', 'usage'];

const NANO = 1e9;

export const usdOf = (nanoUsd: number): string => String(nanoUsd / NANO);

/** What a form of a key says it may do and use; an empty field is no limit. Fields are named as the API names them. */
export function restrictionsIn(
  values: FormData,
): Required<Pick<NewLlmKey, 'scopes' | 'models' | 'usesCache' | 'limits'>> {
  const granted = new Set(values.getAll('scopes'));
  const models = lineIn(values, 'models')
    .split(/[\s,]+/)
    .filter((model) => model !== '');
  return {
    scopes: SCOPES.filter((scope) => granted.has(scope)),
    models: models.length === 0 ? null : models,
    usesCache: values.has('usesCache'),
    limits: {
      requestsPerMinute: numberIn(values, 'limits.requestsPerMinute'),
      tokensPerMinute: numberIn(values, 'limits.tokensPerMinute'),
      messagesPerDay: numberIn(values, 'limits.messagesPerDay'),
      concurrency: numberIn(values, 'limits.concurrency'),
      budget: budgetIn(values, 'limits.budget'),
    },
  };
}

export interface Budget {
  nanoUsd: number;
  period: 'day' | 'month';
}

/** The fields of a budget that is called so; null without an amount. */
export function budgetIn(values: FormData, name: string): Budget | null {
  const usd = numberIn(values, `${name}.nanoUsd`);
  if (usd === null) return null;
  return { nanoUsd: Math.round(usd * NANO), period: lineIn(values, `${name}.period`) === 'day' ? 'day' : 'month' };
}

/** Whether a key may do less than the whole tenant. */
export const isRestricted = ({ scopes, models, limits }: Pick<LlmKey, 'scopes' | 'models' | 'limits'>): boolean =>
  scopes.length < SCOPES.length || models !== null || Object.values(limits).some((limit) => limit !== null);

function lineIn(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function numberIn(values: FormData, name: string): number | null {
  const line = lineIn(values, name);
  return line === '' ? null : Number(line);
}
