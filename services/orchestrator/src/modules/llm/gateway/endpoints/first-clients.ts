import { isObject } from '../../body/request-body.ts';
import type { Call } from '../call.ts';
import { invalidJson } from '../errors.ts';
import type { Facts } from '../facts.ts';
import type { ServingParts } from '../parts.ts';
import { Refused } from '../refused.ts';
import { sendJson, usd } from '../respond.ts';
import { invalid, missing } from '../surfaces/envelope.ts';
import { CHAT } from '../surfaces/surfaces.ts';
import { complete } from './complete.ts';
import { modelsFor } from './models.ts';

const MAX_PROMPT_CHARACTERS = 1_000_000;

/** `{prompt, model?}` → `{answer, provider, model, cost, fallback, budget_fallback}`: what the first clients speak. */
export function chatV2(parts: ServingParts, call: Call): Promise<void> {
  return complete(parts, call, CHAT, {
    translate: (rawBody, { limits }) => toChat(parts.router.defaultModel(limits.tier), rawBody),
    present: fromChat,
  });
}

export async function modelsV2(parts: ServingParts, call: Call): Promise<void> {
  const models = await modelsFor(parts, call);
  sendJson(call.response, call.headers, { models: models.map(({ id }) => id) });
}

function toChat(defaultModel: string | undefined, rawBody: Buffer): Buffer {
  const body = parse(rawBody);
  if (!isObject(body)) throw new Refused(invalidJson);
  const { prompt, model } = body;
  if (prompt === undefined) throw new Refused(missing('prompt'));
  if (typeof prompt !== 'string' || prompt === '' || prompt.length > MAX_PROMPT_CHARACTERS)
    throw new Refused(invalid('prompt', `a text of 1 to ${MAX_PROMPT_CHARACTERS} characters`));
  const chosen = model ?? defaultModel;
  if (chosen === undefined) throw new Refused(missing('model'));
  return Buffer.from(JSON.stringify({ model: chosen, messages: [{ role: 'user', content: prompt }] }));
}

function fromChat(body: Buffer, { provider, costNanoUsd, isFallback, isBudgetFallback }: Facts): Buffer {
  const { model, choices } = parse(body) as { model?: unknown; choices?: { message?: { content?: unknown } }[] };
  const answer = choices?.[0]?.message?.content;
  const fields = [
    `"answer":${JSON.stringify(typeof answer === 'string' ? answer : '')}`,
    `"provider":${JSON.stringify(provider)}`,
    `"model":${JSON.stringify(typeof model === 'string' ? model : null)}`,
    `"cost":${usd(costNanoUsd)}`,
    `"fallback":${isFallback}`,
    `"budget_fallback":${isBudgetFallback}`,
  ];
  return Buffer.from(`{${fields.join(',')}}`);
}

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    throw new Refused(invalidJson);
  }
}
