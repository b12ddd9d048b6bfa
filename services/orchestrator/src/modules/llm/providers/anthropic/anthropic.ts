import { parseObject } from '../openai-compatible/event.ts';
import type { Provider, UpstreamCall, UpstreamRequest } from '../provider.ts';
import { fields, readChatAnswer, textOf } from './chat-answer.ts';
import { messagesBody } from './chat-request.ts';
import { openChatStream } from './chat-stream.ts';
import { readError } from './error.ts';
import { messagesDialect } from './messages.ts';

interface Settings {
  name: string;
  label: string;
  url: string;
  key: string;
}

/** https://platform.claude.com/docs/en/api/versioning */
const VERSION = '2023-06-01';
const MAX_MODELS = 1000;

/** Claude by its own API: spoken to as such, or translated from and to OpenAI's chat completions. */
export function anthropic({ name, label, url, key }: Settings): Provider {
  const headers = (requestId: string) => ({
    'x-api-key': key,
    'anthropic-version': VERSION,
    'accept-encoding': 'identity',
    'user-agent': 'bastide-gateway',
    'x-request-id': requestId,
  });
  const send = (call: UpstreamCall, body: Buffer | string): UpstreamRequest => ({
    path: '/messages',
    headers: {
      ...headers(call.requestId),
      'content-type': 'application/json',
      accept: call.isStream ? 'text/event-stream' : 'application/json',
    },
    body,
  });
  return {
    name,
    label,
    url,
    dialects: {
      chat: {
        request: (call) => send(call, messagesBody(call)),
        readAnswer: readChatAnswer,
        openStream: openChatStream,
      },
      messages: messagesDialect(send),
    },
    readError,
    modelsRequest: (requestId) => ({ path: `/models?limit=${MAX_MODELS}`, headers: headers(requestId), body: '' }),
    readModels,
  };
}

/** https://platform.claude.com/docs/en/api/models/list */
function readModels(body: Buffer) {
  const data = parseObject(body.toString('utf8'))?.['data'];
  if (!Array.isArray(data)) return undefined;
  return data.map(fields).flatMap(({ id, created_at: createdAt }) => {
    if (typeof id !== 'string') return [];
    const created = Math.max(0, Math.floor(Date.parse(textOf(createdAt)) / 1000) || 0);
    return { id, created, ownedBy: 'anthropic' };
  });
}
