import { ApiError } from '#api/errors.ts';
import { readEvents } from '#api/event-stream.ts';

/** The gateway is another origin with OpenAI's protocol; it knows the tenant by the key alone. */
export interface Gateway {
  url: string;
  key: string;
}

export interface ChatMessage {
  role: 'user' | 'assistant';
  content: string;
}

export interface Usage {
  promptTokens: number;
  completionTokens: number;
}

interface Chunk {
  choices?: { delta?: { content?: string | null } }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
  error?: { message: string; code?: string | null };
}

export async function listModels(gateway: Gateway, signal: AbortSignal): Promise<string[]> {
  const response = await ask(gateway, '/models', { signal });
  const body = (await response.json()) as { data: { id: string }[] };
  return body.data.map((model) => model.id);
}

interface CompletionRequest {
  model: string;
  messages: readonly ChatMessage[];
  signal: AbortSignal;
  onText: (text: string) => void;
}

/** Streams an answer; resolves with its usage, if the gateway told it. */
export async function streamCompletion(gateway: Gateway, request: CompletionRequest): Promise<Usage | null> {
  const response = await ask(gateway, '/chat/completions', {
    method: 'POST',
    signal: request.signal,
    body: JSON.stringify({
      model: request.model,
      messages: request.messages,
      stream: true,
      stream_options: { include_usage: true },
    }),
  });
  if (!response.body) throw ApiError.unreachable(undefined);
  let usage: Usage | null = null;
  for await (const event of readEvents(response.body)) {
    if (event.data === '[DONE]') break;
    const chunk = JSON.parse(event.data) as Chunk;
    if (chunk.error) throw gatewayError(response.status, chunk.error);
    const text = chunk.choices?.[0]?.delta?.content;
    if (text) request.onText(text);
    if (chunk.usage)
      usage = { promptTokens: chunk.usage.prompt_tokens, completionTokens: chunk.usage.completion_tokens };
  }
  return usage;
}

async function ask({ url, key }: Gateway, path: string, init: RequestInit): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}${path}`, { ...init, headers, credentials: 'omit' }).catch((cause: unknown) => {
    throw cause instanceof DOMException && cause.name === 'AbortError' ? cause : ApiError.unreachable(cause);
  });
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { error?: Chunk['error'] };
  throw gatewayError(response.status, body.error, response.headers.get('x-request-id'));
}

function gatewayError(status: number, error: Chunk['error'], requestId: string | null = null): ApiError {
  return new ApiError(error?.message ?? '', {
    // A key that the gateway refuses says nothing about the session: 401 must not sign the user out.
    status: status === 401 ? 403 : status,
    code: error?.code ?? `http.${status}`,
    requestId: requestId ?? undefined,
  });
}
