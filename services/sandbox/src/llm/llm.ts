import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerBug } from '../kernel/misbehave.ts';
import type { StandIn, World } from '../kernel/stand-in.ts';
import { invalidKey, refusal, sendError, unknownUrl } from './errors.ts';
import { Ledger } from './ledger.ts';
import { PromptCache } from './prompt-cache.ts';
import { type Engine, routes } from './routes.ts';
import { Settings } from './schemas.ts';
import { takesProxyPage } from './strikes.ts';
import { watchClient } from './turn.ts';

const DEFAULTS: Settings = { chunkDelayMs: 0, completionTokens: null, models: null };

const BAD_GATEWAY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n' +
  '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';

/**
 * A provider that speaks OpenAI's API. The answer is a function of the messages; the rule of counting tokens is in
 * answer.ts, the faults are in strikes.ts. `state().requests` is what it would bill, by `x-request-id`.
 * Actions: `configure {chunkDelayMs?, completionTokens?, models?}` (see Settings).
 */
export function createLlm(world: World, { apiKey }: { apiKey: string }): StandIn {
  const engine: Engine = { world, ledger: new Ledger(), cache: new PromptCache(), settings: DEFAULTS };
  return {
    name: 'llm',
    handler: (request, response) => {
      handle(engine, apiKey, request, response).catch((error: unknown) => answerBug(error, request, response));
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

async function handle(
  engine: Engine,
  apiKey: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = watchClient(response);
  const method = request.method ?? 'GET';
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (!hasKey(request, apiKey)) return sendError(response, invalidKey);
  const route = routes[`${method} ${path}`];
  if (!route) return sendError(response, unknownUrl(method, path));
  if (takesProxyPage(engine.world, { method, path })) {
    response.writeHead(502, { 'content-type': 'text/html' });
    response.end(BAD_GATEWAY_PAGE);
    return;
  }
  await route(engine, { request, response, path, requestId: requestIdOf(request), gone });
}

function hasKey(request: IncomingMessage, apiKey: string): boolean {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(apiKey));
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && given !== '' ? given : `req_${randomUUID().replaceAll('-', '')}`;
}
