import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerBug } from '../kernel/misbehave.ts';
import { readBody } from '../kernel/read-body.ts';
import type { StandIn, World } from '../kernel/stand-in.ts';
import { answer, countPromptTokens } from './answer.ts';
import { Ledger } from './ledger.ts';
import { PromptCache } from './prompt-cache.ts';
import { type ChatRequest, Settings } from './schemas.ts';
import { type Strikes, takeStrikes, takesProxyPage } from './strikes.ts';
import { type Turn, watchClient } from './turn.ts';

const BODY_LIMIT_BYTES = 32 * 1024 * 1024;
const DEFAULTS: Settings = { chunkDelayMs: 0, completionTokens: null, models: null };

const BAD_GATEWAY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n' +
  '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';

/** What makes and counts tokens, whatever API it is spoken to in. */
export interface Engine {
  /** Its name, which is also what faults aim at. */
  name: string;
  world: World;
  ledger: Ledger;
  cache: PromptCache;
  settings: Settings;
}

/** One request on its way to be answered. */
export interface LlmCall {
  request: IncomingMessage;
  response: ServerResponse;
  method: string;
  path: string;
  query: URLSearchParams;
  requestId: string;
  gone: AbortSignal;
}

export type Route = (engine: Engine, call: LlmCall) => void | Promise<void>;

/** A provider. `find` gives back who answers a request; undefined = it has answered what may not pass itself. */
export function createProvider(
  world: World,
  name: string,
  { find, refusal }: { find: (call: LlmCall) => Route | undefined; refusal: NonNullable<StandIn['refusal']> },
): StandIn {
  const engine: Engine = { name, world, ledger: new Ledger(), cache: new PromptCache(), settings: DEFAULTS };
  return {
    name,
    handler: (request, response) => {
      const call = callOf(request, response);
      const route = find(call);
      if (!route) return;
      if (takesProxyPage(world, { method: call.method, path: call.path }, name)) return sendProxyPage(response);
      Promise.resolve(route(engine, call)).catch((error: unknown) => answerBug(error, request, response));
    },
    refusal,
    state: () => ({ settings: engine.settings, totals: engine.ledger.totals, requests: engine.ledger.list() }),
    reset: () => {
      engine.ledger.clear();
      engine.cache.clear();
      engine.settings = DEFAULTS;
    },
    actions: {
      configure: (input) => {
        engine.settings = { ...engine.settings, ...Settings.parse(input) };
        return engine.settings;
      },
    },
  };
}

function callOf(request: IncomingMessage, response: ServerResponse): LlmCall {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && given !== '' ? given : `req_${randomUUID().replaceAll('-', '')}`;
  const method = request.method ?? 'GET';
  return { request, response, method, path: pathname, query: searchParams, requestId, gone: watchClient(response) };
}

function sendProxyPage(response: ServerResponse): void {
  response.writeHead(502, { 'content-type': 'text/html' });
  response.end(BAD_GATEWAY_PAGE);
}

export function isKey(given: unknown, apiKey: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(typeof given === 'string' ? given : ''), hash(apiKey));
}

/** Undefined when the body is not JSON. */
export async function readJson({ request }: LlmCall): Promise<unknown> {
  const text = await readBody(request, BODY_LIMIT_BYTES);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export const knows = ({ settings }: Engine, model: string): boolean =>
  settings.models === null || settings.models.includes(model);

/** What every entry of the books begins with. */
export function entryOf({ world }: Engine, { requestId, path }: LlmCall, model: string, strikes: Strikes) {
  return { requestId, path, model, at: world.clock.now().toISOString(), faults: Object.keys(strikes) };
}

interface Opened {
  id: string;
  request: ChatRequest;
  shape: Parameters<typeof takeStrikes>[2];
  /** Left out = by OpenAI's rule. */
  cachedTokens?: number;
}

/** Opens the books, and takes the faults that strike. */
export function openTurn(engine: Engine, call: LlmCall, { id, request, shape, cachedTokens }: Opened): Turn {
  const { world, ledger, cache, settings, name } = engine;
  const strikes = takeStrikes(world, call, shape, name);
  return {
    id,
    createdAt: world.clock.now(),
    request,
    answer: answer(request, settings.completionTokens),
    entry: ledger.open({
      ...entryOf(engine, call, request.model, strikes),
      isStream: request.stream === true,
      promptTokens: countPromptTokens(request.messages),
      cachedTokens: cachedTokens ?? cache.hit(request),
    }),
    strikes,
    chunkDelayMs: settings.chunkDelayMs,
    response: call.response,
    gone: call.gone,
  };
}
