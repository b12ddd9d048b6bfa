import { Agent, request } from 'undici';
import type { z } from 'zod';
import { BackendDenied, BackendNotFound, BackendRefused, BackendUnavailable } from '../errors.ts';
import { AgentError } from './wire.ts';

const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;
const MAX_REASON = 300;

const dispatcher = new Agent({
  connect: { timeout: CONNECT_MS },
  connections: 16,
  headersTimeout: ANSWER_MS,
  bodyTimeout: ANSWER_MS,
});

interface Options {
  /** A path such as `/agent` is kept. */
  url: string;
  token: string;
  redact: (text: string) => string;
  /** Of a whole exchange. */
  timeoutMs?: number;
}

interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  /** Frappe Agent wants a JSON body with everything but GET. */
  body?: Record<string, unknown>;
  op?: string;
  /** What a 404 would mean. */
  about: string;
}

/** One HTTP exchange with a Frappe Agent; whatever goes wrong becomes one of the errors of the backend. */
export class FrappeAgentClient {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async call<S extends z.ZodType>(schema: S, call: Call): Promise<z.output<S>> {
    const { status, text } = await this.#exchange(call);
    if (status === 401) throw BackendDenied();
    if (status === 404) throw BackendNotFound({ what: call.about });
    if (status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429)
      throw BackendRefused({ status, reason: this.#reason(text) });
    if (status !== 200) throw BackendUnavailable({ reason: `it answered ${status}: ${this.#reason(text)}` });
    const answer = schema.safeParse(parseJson(text));
    if (!answer.success)
      throw BackendUnavailable({ reason: `its answer to ${call.method} ${call.about} makes no sense` });
    return answer.data;
  }

  async #exchange({ method, path, body, op }: Call): Promise<{ status: number; text: string }> {
    const { url, token, timeoutMs = ANSWER_MS } = this.#options;
    try {
      const response = await request(`${url}${path}`, {
        dispatcher,
        method,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          authorization: `bearer ${token}`,
          ...(op !== undefined && { 'x-agent-job-id': op }),
          ...(method !== 'GET' && { 'content-type': 'application/json' }),
        },
        ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
      });
      return { status: response.statusCode, text: await response.body.text() };
    } catch (error) {
      throw BackendUnavailable({ reason: transportProblem(error, timeoutMs) }, { cause: error });
    }
  }

  /** One line for a person: a traceback's last line, or what the command said last. */
  #reason(text: string): string {
    const { error, message, output, traceback } = AgentError.safeParse(parseJson(text)).data ?? {};
    const lines = [error, output, traceback, message]
      .flat()
      .flatMap((part) => (part ?? '').split('\n'))
      .map((line) => line.trim())
      .filter(Boolean);
    return this.#options.redact(lines.at(-1) ?? 'without a reason').slice(0, MAX_REASON);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function transportProblem(error: unknown, timeoutMs: number): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return `no answer within ${timeoutMs / 1000} s`;
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return `no connection within ${CONNECT_MS / 1000} s`;
  return `the connection failed${code === undefined ? '' : `, ${code}`}`;
}
