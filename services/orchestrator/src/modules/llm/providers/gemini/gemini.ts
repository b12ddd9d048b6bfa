import { parseObject } from '../openai-compatible/event.ts';
import type { Provider, UpstreamCall, UpstreamRequest } from '../provider.ts';
import { listOf, textOf } from './candidate.ts';
import { readChatAnswer } from './chat-answer.ts';
import { generateContentBody } from './chat-request.ts';
import { openChatStream } from './chat-stream.ts';
import { batchBody, readEmbeddings } from './embeddings.ts';
import { readError } from './error.ts';

interface Settings {
  name: string;
  label: string;
  url: string;
  key: string;
}

const MAX_MODELS = 1000;
const PREFIX = /^models\//;

/** Google's models by their own API (https://ai.google.dev/api/generate-content), translated from and to OpenAI's. */
export function gemini({ name, label, url, key }: Settings): Provider {
  const headers = (requestId: string) => ({
    // In a header, so that no log of addresses ever holds it.
    'x-goog-api-key': key,
    'accept-encoding': 'identity',
    'user-agent': 'bastide-gateway',
    'x-request-id': requestId,
  });
  const send = ({ model, requestId, isStream }: UpstreamCall, method: string, body: string): UpstreamRequest => ({
    path: `/models/${encodeURIComponent(model.replace(PREFIX, ''))}:${method}`,
    headers: {
      ...headers(requestId),
      'content-type': 'application/json',
      accept: isStream ? 'text/event-stream' : 'application/json',
    },
    body,
  });
  return {
    name,
    label,
    url,
    dialects: {
      chat: {
        request: (call) =>
          send(call, call.isStream ? 'streamGenerateContent?alt=sse' : 'generateContent', generateContentBody(call)),
        readAnswer: readChatAnswer,
        openStream: openChatStream,
      },
      embeddings: {
        request: (call) => send(call, 'batchEmbedContents', batchBody(call)),
        readAnswer: readEmbeddings,
        openStream: () => () => ({ kind: 'broken' }),
      },
    },
    readError,
    modelsRequest: (requestId) => ({ path: `/models?pageSize=${MAX_MODELS}`, headers: headers(requestId), body: '' }),
    readModels,
  };
}

/** https://ai.google.dev/api/models#method:-models.list */
function readModels(body: Buffer) {
  const models = parseObject(body.toString('utf8'))?.['models'];
  if (!Array.isArray(models)) return undefined;
  return listOf(models).flatMap(({ name }) => {
    const id = textOf(name).replace(PREFIX, '');
    return id === '' ? [] : [{ id, created: 0, ownedBy: 'google' }];
  });
}
