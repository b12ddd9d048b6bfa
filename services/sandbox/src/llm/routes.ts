import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { readBody } from '../kernel/read-body.ts';
import type { World } from '../kernel/stand-in.ts';
import { answer, countPromptTokens, digest } from './answer.ts';
import { answerEmbeddings, countInputTokens } from './embeddings.ts';
import { invalidRequest, sendError, sendJson, unknownModel, unreadableBody } from './errors.ts';
import type { Ledger } from './ledger.ts';
import { answerPlain } from './plain.ts';
import type { PromptCache } from './prompt-cache.ts';
import { ResponsesRequest, answerResponse, asChat } from './responses.ts';
import { ChatRequest, EmbeddingsRequest, type Settings } from './schemas.ts';
import { answerStream } from './stream.ts';
import { type Strikes, takeStrikes } from './strikes.ts';
import type { Turn } from './turn.ts';

const BODY_LIMIT_BYTES = 32 * 1024 * 1024;
const LISTED_MODELS = ['sandbox-small', 'sandbox-large', 'sandbox-embedding'];

export interface Engine {
  world: World;
  ledger: Ledger;
  cache: PromptCache;
  settings: Settings;
}

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  path: string;
  requestId: string;
  gone: AbortSignal;
}

type Route = (engine: Engine, call: Call) => void | Promise<void>;

export const routes: Record<string, Route> = {
  'GET /v1/models': listModels,
  'POST /v1/chat/completions': completeChat,
  'POST /v1/responses': respond,
  'POST /v1/embeddings': embed,
};

function listModels({ settings }: Engine, { response }: Call): void {
  const data = (settings.models ?? LISTED_MODELS).map((id) => ({
    id,
    object: 'model',
    created: 1_700_000_000,
    owned_by: 'sandbox',
  }));
  sendJson(response, 200, { object: 'list', data });
}

async function completeChat(engine: Engine, call: Call): Promise<void> {
  const request = await parse(engine, call, ChatRequest);
  if (!request) return;
  const isStream = request.stream === true;
  const turn = takeTurn(engine, call, request, isStream ? 'stream' : 'plain');
  engine.ledger.close(turn.entry, await (isStream ? answerStream(turn) : answerPlain(turn)));
}

async function respond(engine: Engine, call: Call): Promise<void> {
  const request = await parse(engine, call, ResponsesRequest);
  if (!request) return;
  const isStream = request.stream === true;
  const turn = takeTurn(engine, call, { ...asChat(request), stream: isStream }, 'responses');
  engine.ledger.close(turn.entry, await answerResponse(turn, isStream));
}

function takeTurn(engine: Engine, call: Call, request: ChatRequest, shape: Parameters<typeof takeStrikes>[2]): Turn {
  const { world, ledger, cache, settings } = engine;
  const strikes = takeStrikes(world, { method: 'POST', path: call.path }, shape);
  const entry = ledger.open({
    ...entryOf(engine, call, request.model, strikes),
    isStream: request.stream === true,
    promptTokens: countPromptTokens(request.messages),
    cachedTokens: cache.hit(request),
  });
  return {
    id: `chatcmpl-${digest(call.requestId).toString('base64url').slice(0, 29)}`,
    createdAt: world.clock.now(),
    request,
    answer: answer(request, settings.completionTokens),
    entry,
    strikes,
    chunkDelayMs: settings.chunkDelayMs,
    response: call.response,
    gone: call.gone,
  };
}

async function embed(engine: Engine, call: Call): Promise<void> {
  const request = await parse(engine, call, EmbeddingsRequest);
  if (!request) return;
  const strikes = takeStrikes(engine.world, { method: 'POST', path: call.path }, 'embeddings');
  const promptTokens = countInputTokens(request);
  const entry = engine.ledger.open({
    ...entryOf(engine, call, request.model, strikes),
    isStream: false,
    promptTokens,
    cachedTokens: 0,
  });
  call.response.setHeader('x-request-id', call.requestId);
  answerEmbeddings(request, promptTokens, Boolean(strikes.no_usage), call.response);
  engine.ledger.close(entry, 'complete');
}

function entryOf({ world }: Engine, { requestId, path }: Call, model: string, strikes: Strikes) {
  return { requestId, path, model, at: world.clock.now().toISOString(), faults: Object.keys(strikes) };
}

/** Answers the error itself and gives back nothing when the request is not one that can be served. */
async function parse<T extends { model: string }>(
  { settings }: Engine,
  { request, response }: Call,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const body = parseJson(await readBody(request, BODY_LIMIT_BYTES));
  if (body === undefined) {
    sendError(response, unreadableBody);
    return undefined;
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    sendError(response, invalidRequest(parsed.error));
    return undefined;
  }
  if (settings.models !== null && !settings.models.includes(parsed.data.model)) {
    sendError(response, unknownModel(parsed.data.model));
    return undefined;
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
