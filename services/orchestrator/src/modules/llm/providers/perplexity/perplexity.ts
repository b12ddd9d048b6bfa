import { openaiCompatible } from '../openai-compatible/openai-compatible.ts';
import type { Provider } from '../provider.ts';
import type { Endpoint } from '../registry.ts';
import { openChatStream, readChatAnswer } from './chat.ts';
import { agentBody } from './chat-request.ts';

const ONE_MODEL = 'The model is the one that `model` names.';

/**
 * Perplexity's Agent API has the form of OpenAI's Responses: https://docs.perplexity.ai/docs/agent-api. Chat
 * completions are translated; every answer says what it cost (`usage.cost.total_cost`), searches included.
 */
export const perplexity = (endpoint: Endpoint): Provider =>
  openaiCompatible({
    ...endpoint,
    surfaces: ['chat', 'responses'],
    paths: { chat: '/responses' },
    translations: { chat: { body: agentBody, readAnswer: readChatAnswer, openStream: openChatStream } },
    // `stream_options` could ask for no usage.
    rules: { responses: { refuses: { preset: ONE_MODEL, models: ONE_MODEL }, drops: ['stream_options'], rewrite } },
  });

/** It wants a format where chat completions have it, although it answers where OpenAI's Responses do. */
function rewrite(body: Readonly<Record<string, unknown>>) {
  const { text, ...rest } = body;
  if (typeof text !== 'object' || text === null) return body;
  const { format } = text as { format?: Readonly<Record<string, unknown>> };
  if (format?.['type'] !== 'json_schema') return rest;
  const { type, ...schema } = format;
  return { ...rest, response_format: { type, json_schema: schema } };
}
