import type { z } from 'zod';
import { digest } from './answer.ts';
import { answerEmbeddings, countInputTokens } from './embeddings.ts';
import { type Engine, type LlmCall, type Route, entryOf, knows, openTurn, readJson } from './engine.ts';
import { invalidRequest, sendError, sendJson, unknownModel, unreadableBody } from './errors.ts';
import { answerPlain } from './plain.ts';
import { ResponsesRequest, answerResponse, asChat } from './responses.ts';
import { ChatRequest, EmbeddingsRequest } from './schemas.ts';
import { answerStream } from './stream.ts';
import { takeStrikes } from './strikes.ts';

const LISTED_MODELS = ['sandbox-small', 'sandbox-large', 'sandbox-embedding'];

export const routes: Record<string, Route> = {
  'GET /v1/models': listModels,
  'POST /v1/chat/completions': completeChat,
  'POST /v1/responses': respond,
  'POST /v1/embeddings': embed,
};

function listModels({ settings }: Engine, { response }: LlmCall): void {
  const data = (settings.models ?? LISTED_MODELS).map((id) => ({
    id,
    object: 'model',
    created: 1_700_000_000,
    owned_by: 'sandbox',
  }));
  sendJson(response, 200, { object: 'list', data });
}

async function completeChat(engine: Engine, call: LlmCall): Promise<void> {
  const request = await parse(engine, call, ChatRequest);
  if (!request) return;
  const isStream = request.stream === true;
  const turn = openTurn(engine, call, { id: idOf(call), request, shape: isStream ? 'stream' : 'plain' });
  engine.ledger.close(turn.entry, await (isStream ? answerStream(turn) : answerPlain(turn)));
}

async function respond(engine: Engine, call: LlmCall): Promise<void> {
  const request = await parse(engine, call, ResponsesRequest);
  if (!request) return;
  const isStream = request.stream === true;
  const chat = { ...asChat(request), stream: isStream };
  const turn = openTurn(engine, call, { id: idOf(call), request: chat, shape: isStream ? 'stream' : 'plain' });
  engine.ledger.close(turn.entry, await answerResponse(turn, isStream));
}

const idOf = ({ requestId }: LlmCall) => `chatcmpl-${digest(requestId).toString('base64url').slice(0, 29)}`;

async function embed(engine: Engine, call: LlmCall): Promise<void> {
  const request = await parse(engine, call, EmbeddingsRequest);
  if (!request) return;
  const strikes = takeStrikes(engine.world, call, 'embeddings', engine.name);
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

/** Answers the error itself and gives back nothing when the request is not one that can be served. */
async function parse<T extends { model: string }>(
  engine: Engine,
  call: LlmCall,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const body = await readJson(call);
  const parsed = schema.safeParse(body);
  if (body === undefined) sendError(call.response, unreadableBody);
  else if (!parsed.success) sendError(call.response, invalidRequest(parsed.error));
  else if (!knows(engine, parsed.data.model)) sendError(call.response, unknownModel(parsed.data.model));
  else return parsed.data;
  return undefined;
}
