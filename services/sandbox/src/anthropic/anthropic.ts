import type { StandIn, World } from '../kernel/stand-in.ts';
import { digest } from '../llm/answer.ts';
import {
  type LlmCall,
  type Engine,
  type Route,
  createProvider,
  openTurn,
  isKey,
  knows,
  readJson,
} from '../llm/engine.ts';
import { sendJson } from '../llm/errors.ts';
import { producePlain, produceStream } from '../llm/produce.ts';
import { asChat, isMarked } from './as-chat.ts';
import { refusal, sayWrong, sendError } from './errors.ts';
import { brokenRule } from './rules.ts';
import { MessagesRequest } from './schemas.ts';
import { type MessageTurn, THOUGHTS, headersOf, messageOf, wordsOf } from './words.ts';

const LISTED_MODELS = ['claude-sandbox'];
const MIN_CACHED_TOKENS = 1024;

/**
 * A provider that speaks Anthropic's Messages API, as strictly as Anthropic. Answers, books, faults and `configure` are
 * those of the stand-in `llm`: the same question gets the same answer. It thinks, for six tokens, when told to.
 */
export function createAnthropic(world: World, { apiKey }: { apiKey: string }): StandIn {
  return createProvider(world, 'anthropic', { find: (call) => find(call, apiKey), refusal });
}

const ROUTES: Record<string, Route> = { 'GET /v1/models': listModels, 'POST /v1/messages': createMessage };

function find({ request, response, method, path }: LlmCall, apiKey: string): Route | undefined {
  const { 'x-api-key': own, authorization, 'anthropic-version': version } = request.headers;
  // Its own clients send the second.
  const key = own ?? /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  const route = ROUTES[`${method} ${path}`];
  if (!isKey(key, apiKey)) sendError(response, 401);
  else if (version === undefined) sendError(response, 400, 'anthropic-version: header is required');
  else if (!route) sendError(response, 404);
  else return route;
  return undefined;
}

function listModels({ settings }: Engine, { response }: LlmCall): void {
  const data = (settings.models ?? LISTED_MODELS).map((id) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
  }));
  sendJson(response, 200, { data, has_more: false, first_id: data[0]?.id, last_id: data.at(-1)?.id });
}

async function createMessage(engine: Engine, call: LlmCall): Promise<void> {
  const request = await readRequest(engine, call);
  if (!request) return;
  const turn = open(engine, call, request);
  const produced = request.stream
    ? produceStream(turn, wordsOf(turn))
    : producePlain(turn, { tokens: tokensOf(turn), headers: headersOf(turn), body: () => messageOf(turn) });
  engine.ledger.close(turn.entry, await produced);
}

const tokensOf = ({ strikes, thoughts, answer: { pieces } }: MessageTurn): number =>
  strikes.refuse ? 0 : (thoughts?.length ?? 0) + pieces.length;

async function readRequest(engine: Engine, call: LlmCall): Promise<MessagesRequest | undefined> {
  const body = await readJson(call);
  const parsed = MessagesRequest.safeParse(body);
  const wrong = parsed.success ? brokenRule(parsed.data) : sayWrong(parsed.error);
  if (wrong !== undefined)
    sendError(call.response, 400, body === undefined ? 'The request body is not valid JSON' : wrong);
  else if (parsed.data && !knows(engine, parsed.data.model))
    sendError(call.response, 404, `model: ${parsed.data.model}`);
  else return parsed.data;
  return undefined;
}

function open(engine: Engine, call: LlmCall, request: MessagesRequest): MessageTurn {
  const { thinking } = request;
  const chat = asChat(request);
  const cachedTokens = isMarked(request) ? engine.cache.hit(chat) : 0;
  const id = `msg_${digest(call.requestId).toString('base64url').slice(0, 24)}`;
  const turn = openTurn(engine, call, { id, request: chat, shape: chat.stream ? 'stream' : 'plain', cachedTokens });
  const { promptTokens } = turn.entry;
  const isThinking = thinking !== undefined && thinking.type !== 'disabled';
  return {
    ...turn,
    thoughts: isThinking ? THOUGHTS : null,
    hidesThoughts: isThinking && thinking.display === 'omitted',
    cacheWriteTokens: isMarked(request) && promptTokens >= MIN_CACHED_TOKENS ? promptTokens - cachedTokens : 0,
  };
}
