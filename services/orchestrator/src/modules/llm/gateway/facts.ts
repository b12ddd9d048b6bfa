import { usd } from './respond.ts';

/** What the gateway adds to an answer, outside the fields of the API that it speaks. */
export interface Facts {
  provider: string;
  costNanoUsd: number;
  isFallback: boolean;
  isBudgetFallback: boolean;
}

const CLOSING_BRACE = 0x7d;

/** Puts `bastide` into a JSON object, which may be wrapped in an event, without reading it again. */
export function annotated(json: Buffer, facts: Facts): Buffer {
  const end = json.lastIndexOf(CLOSING_BRACE);
  if (end < 0) return json;
  return Buffer.concat([json.subarray(0, end), Buffer.from(`,"bastide":${factsJson(facts)}`), json.subarray(end)]);
}

function factsJson({ provider, costNanoUsd, isFallback, isBudgetFallback }: Facts): string {
  return `{"provider":"${provider}","cost_usd":${usd(costNanoUsd)},"fallback":${isFallback},"budget_fallback":${isBudgetFallback}}`;
}
