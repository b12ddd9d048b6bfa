import { bodyOf } from '../openai-compatible/body.ts';
import { openMessageStream, readMessage } from '../openai-compatible/messages.ts';
import { type Dialect, type UpstreamCall, Untranslatable } from '../provider.ts';

const RULES = {
  refuses: {
    inference_geo: 'Where a model runs is not for a request to say: it has another price.',
    speed: 'Only the standard speed is offered: another has another price.',
  },
};

/** Anthropic's own API: the client's bytes there, its own bytes back. Only the model's name is the provider's. */
export const messagesDialect = (
  send: (call: UpstreamCall, body: Buffer | string) => ReturnType<Dialect['request']>,
): Dialect => ({
  request: (call) => {
    refuseLongCaching(call);
    return send(call, bodyOf(call, RULES));
  },
  readAnswer: readMessage,
  openStream: openMessageStream,
});

const MARK = Buffer.from('cache_control');
const ESCAPE = Buffer.from('\\u');

/** https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing: an hour costs more than usage tells. */
function refuseLongCaching({ body }: UpstreamCall): void {
  if (!body.bytes.includes(MARK) && !body.bytes.includes(ESCAPE)) return;
  const param = longCaching(body.fields, '');
  if (param !== undefined) throw new Untranslatable(param, 'Prompts are cached for five minutes only.');
}

function longCaching(value: unknown, path: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    const here = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    if (key === 'cache_control' && isLong(inner)) return `${here}.ttl`;
    const found = longCaching(inner, here);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isLong(mark: unknown): boolean {
  const ttl = typeof mark === 'object' && mark !== null && 'ttl' in mark ? mark.ttl : undefined;
  return ttl !== undefined && ttl !== '5m';
}
