import type { z } from 'zod';
import type { StandIn, World } from '../kernel/stand-in.ts';
import { countTokens, digest } from '../llm/answer.ts';
import { vectorOf } from '../llm/embeddings.ts';
import {
  type Engine,
  type LlmCall,
  type Route,
  createProvider,
  entryOf,
  isKey,
  knows,
  openTurn,
  readJson,
} from '../llm/engine.ts';
import { sendJson } from '../llm/errors.ts';
import { producePlain, produceStream } from '../llm/produce.ts';
import { takeStrikes } from '../llm/strikes.ts';
import { asChat } from './as-chat.ts';
import { refusal, sayWrong, sendError, sendInvalidKey } from './errors.ts';
import { brokenRule } from './rules.ts';
import { BatchEmbedRequest, GenerateContentRequest } from './schemas.ts';
import { type ContentTurn, THOUGHTS, headersOf, responseOf, wordsOf } from './words.ts';

const LISTED_MODELS = ['gemini-sandbox', 'gemini-embedding-sandbox'];
const DEFAULT_DIMENSIONS = 256;
/** Both versions take what is asked here. */
const LIST = /^\/v1(?:beta)?\/models$/;
const PATH = /^\/v1(?:beta)?\/models\/([^/:]+):(\w+)$/;

/**
 * A provider that speaks the Gemini API, as strictly as Google. Answers, books, faults and `configure` are those of the
 * stand-in `llm`: the same question gets the same answer. It thinks, for six tokens, when told to.
 */
export function createGemini(world: World, { apiKey }: { apiKey: string }): StandIn {
  return createProvider(world, 'gemini', { find: (call) => find(call, apiKey), refusal });
}

const METHODS: Record<string, (model: string) => Route> = {
  generateContent: (model) => (engine, call) => generate(engine, call, model, false),
  streamGenerateContent: (model) => (engine, call) => generate(engine, call, model, true),
  batchEmbedContents: (model) => (engine, call) => embed(engine, call, model),
};

function find(call: LlmCall, apiKey: string): Route | undefined {
  const { request, response, method, path, query } = call;
  const [, model = '', verb = ''] = PATH.exec(path) ?? [];
  const isList = method === 'GET' && LIST.test(path);
  const route = isList ? listModels : METHODS[verb]?.(decodeURIComponent(model));
  if (!isKey(request.headers['x-goog-api-key'], apiKey)) sendInvalidKey(response);
  else if (!route) sendError(response, 404);
  // Without it the stream is one JSON list.
  else if (verb === 'streamGenerateContent' && query.get('alt') !== 'sse')
    sendError(response, 400, 'alt=sse is missing');
  else return route;
  return undefined;
}

function listModels({ settings }: Engine, { response }: LlmCall): void {
  const models = (settings.models ?? LISTED_MODELS).map((name) => ({ name: `models/${name}`, displayName: name }));
  sendJson(response, 200, { models });
}

async function generate(engine: Engine, call: LlmCall, model: string, isStream: boolean): Promise<void> {
  const request = await readRequest(engine, call, model, GenerateContentRequest);
  if (!request) return;
  const wrong = brokenRule(model, request);
  if (wrong !== undefined) return sendError(call.response, 400, wrong);
  const turn = open(engine, call, { model, request, isStream });
  const tokens = turn.strikes.refuse ? 0 : (turn.thoughts?.length ?? 0) + turn.answer.pieces.length;
  const produced = isStream
    ? produceStream(turn, wordsOf(turn))
    : producePlain(turn, { tokens, headers: headersOf(), body: () => responseOf(turn) });
  engine.ledger.close(turn.entry, await produced);
}

async function embed(engine: Engine, call: LlmCall, model: string): Promise<void> {
  const request = await readRequest(engine, call, model, BatchEmbedRequest);
  if (!request) return;
  const strikes = takeStrikes(engine.world, call, 'embeddings', engine.name);
  const texts = request.requests.map(({ content }) => content.parts.map(({ text }) => text).join(''));
  const promptTokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  const entry = { ...entryOf(engine, call, model, strikes), isStream: false, promptTokens, cachedTokens: 0 };
  const embeddings = request.requests.map(({ outputDimensionality }, index) => ({
    // Not of length one, as Gemini's are not when they are cut.
    values: vectorOf(texts[index] ?? '', outputDimensionality ?? DEFAULT_DIMENSIONS).map((value) => 2 * value),
  }));
  sendJson(call.response, 200, {
    embeddings,
    ...(!strikes.no_usage && { usageMetadata: { promptTokenCount: promptTokens } }),
  });
  engine.ledger.close(engine.ledger.open(entry), 'complete');
}

async function readRequest<T>(
  engine: Engine,
  call: LlmCall,
  model: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const parsed = schema.safeParse(await readJson(call));
  if (!parsed.success) sendError(call.response, 400, sayWrong(parsed.error));
  else if (!knows(engine, model)) sendError(call.response, 404, `models/${model} is not found for API version v1beta.`);
  else return parsed.data;
  return undefined;
}

interface Asked {
  model: string;
  request: GenerateContentRequest;
  isStream: boolean;
}

function open(engine: Engine, call: LlmCall, { model, request, isStream }: Asked): ContentTurn {
  const chat = { ...asChat(model, request), stream: isStream };
  const id = digest(call.requestId).toString('base64url').slice(0, 23);
  const { thinkingLevel, thinkingBudget, includeThoughts } = request.generationConfig?.thinkingConfig ?? {};
  const isThinking = thinkingLevel !== undefined || (thinkingBudget !== undefined && thinkingBudget !== 0);
  return {
    ...openTurn(engine, call, { id, request: chat, shape: isStream ? 'stream' : 'plain' }),
    thoughts: isThinking ? THOUGHTS : null,
    tellsThoughts: includeThoughts === true,
  };
}
