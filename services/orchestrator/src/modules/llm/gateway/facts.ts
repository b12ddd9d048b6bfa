import { type Headers, type Latin1, ONE_WRITE_BYTES, usd } from './respond.ts';

/** What the gateway adds to an answer, outside the fields of the API that it speaks. */
export interface Facts {
  provider: string;
  costNanoUsd: number;
  isFallback: boolean;
  isBudgetFallback: boolean;
}

const NOT_IN_HEADERS = /[^\x20-\x7e]/g;
const CLOSING_BRACE = 0x7d;

/** Puts `bastide` into a JSON object, which may be wrapped in an event, without reading it again. */
export function annotated(json: Buffer, facts: Facts): Buffer {
  const end = json.lastIndexOf(CLOSING_BRACE);
  if (end < 0) return json;
  return Buffer.concat([json.subarray(0, end), Buffer.from(`,"bastide":${factsJson(facts)}`), json.subarray(end)]);
}

/** The same, as it is sent: what goes out in one write need not be put together twice. */
export function annotatedForOneWrite(json: Buffer, facts: Facts): Buffer | Latin1 {
  const end = json.lastIndexOf(CLOSING_BRACE);
  if (end < 0 || json.length > ONE_WRITE_BYTES) return annotated(json, facts);
  return `${json.toString('latin1', 0, end)},"bastide":${factsJson(facts)}${json.toString('latin1', end)}`;
}

/** ASCII, whatever the names: those of providers are ours. */
function factsJson({ provider, costNanoUsd, isFallback, isBudgetFallback }: Facts): string {
  return `{"provider":"${provider}","cost_usd":${usd(costNanoUsd)},"fallback":${isFallback},"budget_fallback":${isBudgetFallback}}`;
}

interface Described extends Facts {
  /** As the provider calls it. */
  model: string;
  /** Null when the cache was not asked. */
  isCached: boolean | null;
}

/** The same, but for the cost, which a stream does not know yet. */
export function describe(headers: Headers, facts: Described): void {
  headers['x-gateway-provider'] = facts.provider;
  headers['x-gateway-model'] = facts.model.replace(NOT_IN_HEADERS, '?');
  if (facts.isBudgetFallback) headers['x-gateway-fallback'] = 'budget_fallback';
  else if (facts.isFallback) headers['x-gateway-fallback'] = 'provider_error';
  if (facts.isCached !== null) headers['x-gateway-cache'] = facts.isCached ? 'hit' : 'miss';
}
