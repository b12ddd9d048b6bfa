import type { ChatCall, Provider, UpstreamRequest } from '../provider.ts';
import { readAnswer, readEvent } from './answer.ts';
import { readError } from './error.ts';

interface Settings {
  name: string;
  url: string;
  key: string;
}

/** Anything that speaks OpenAI's chat completions. */
export function openaiCompatible({ name, url, key }: Settings): Provider {
  const headers = (requestId: string) => ({
    authorization: `Bearer ${key}`,
    'accept-encoding': 'identity',
    'user-agent': 'bastide-gateway',
    'x-request-id': requestId,
  });
  return {
    name,
    url,
    chatRequest: (call) => ({
      path: '/chat/completions',
      headers: {
        ...headers(call.requestId),
        'content-type': 'application/json',
        accept: call.isStream ? 'text/event-stream' : 'application/json',
      },
      body: bodyOf(call),
    }),
    modelsRequest: (requestId): UpstreamRequest => ({ path: '/models', headers: headers(requestId), body: '' }),
    readAnswer,
    readEvent,
    readError,
    readModels,
  };
}

const INCLUDE_USAGE = Buffer.from(',"stream_options":{"include_usage":true}}');
const MODEL_KEY = Buffer.from('"model"');

/** The client's own bytes wherever possible; a stream is made to say its usage. */
function bodyOf({ rawBody, body, isStream }: ChatCall): Buffer | string {
  // Two `model` keys could be read in one way here and in another upstream: what was checked is what is sent.
  const isAmbiguous = rawBody.indexOf(MODEL_KEY) !== rawBody.lastIndexOf(MODEL_KEY);
  const options = body['stream_options'] as Record<string, unknown> | null | undefined;
  const asksForUsage = !isStream || options?.['include_usage'] === true;
  if (asksForUsage) return isAmbiguous ? JSON.stringify(body) : rawBody;
  if (!isAmbiguous && options === undefined)
    return Buffer.concat([rawBody.subarray(0, rawBody.lastIndexOf('}')), INCLUDE_USAGE]);
  return JSON.stringify({ ...body, stream_options: { ...options, include_usage: true } });
}

function readModels(body: Buffer) {
  try {
    const { data } = JSON.parse(body.toString('utf8')) as { data?: unknown };
    if (!Array.isArray(data)) return undefined;
    return (data as { id?: unknown; created?: unknown; owned_by?: unknown }[]).flatMap((model) =>
      typeof model.id === 'string'
        ? {
            id: model.id,
            created: typeof model.created === 'number' ? model.created : 0,
            ownedBy: typeof model.owned_by === 'string' ? model.owned_by : 'unknown',
          }
        : [],
    );
  } catch {
    return undefined;
  }
}
