import type { StandIn, World } from '../kernel/stand-in.ts';
import { type LlmCall, type Route, createProvider, isKey } from './engine.ts';
import { invalidKey, refusal, sendError, unknownUrl } from './errors.ts';
import { routes } from './routes.ts';

/**
 * A provider that speaks OpenAI's API. The answer is a function of the messages; the rule of counting tokens is in
 * answer.ts, the faults are in strikes.ts. `state().requests` is what it would bill, by `x-request-id`.
 * Actions: `configure {chunkDelayMs?, completionTokens?, models?}` (see Settings).
 */
export function createLlm(world: World, { apiKey }: { apiKey: string }): StandIn {
  return createProvider(world, 'llm', { find: (call) => find(call, apiKey), refusal });
}

function find({ request, response, method, path }: LlmCall, apiKey: string): Route | undefined {
  const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const route = routes[`${method} ${path}`];
  if (!isKey(key, apiKey)) sendError(response, invalidKey);
  else if (!route) sendError(response, unknownUrl(method, path));
  else return route;
  return undefined;
}
