import type { TokenUsage } from '../providers/provider.ts';

type Fields = Record<string, unknown>;

/** Some providers say these again in each chunk. */
const SAID_ONCE = new Set(['role', 'id', 'type', 'name', 'finish_reason']);
const OF_CHUNKS = new Set(['object', 'choices', 'usage', 'x_groq', 'bastide', 'obfuscation']);

/**
 * The chat completion that a whole stream of chunks amounts to; undefined when it cannot be told. Texts are joined,
 * lists with an index are joined by it, other lists are strung together, and of anything else the last word holds.
 */
export function assembleChat(stream: Buffer, usage: TokenUsage): Buffer | undefined {
  const completion: Fields = {};
  const choices: Fields[] = [];
  for (const chunk of chunksOf(stream)) {
    if (!chunk || chunk['error']) return undefined;
    for (const [name, value] of Object.entries(chunk)) if (!OF_CHUNKS.has(name)) completion[name] ??= value;
    for (const choice of listOf(chunk['choices'])) mergeChoice(choices, choice);
  }
  if (choices.length === 0) return undefined;
  return Buffer.from(
    JSON.stringify({
      ...completion,
      object: 'chat.completion',
      choices: choices.filter(Boolean).map(asWhole),
      usage: usageOf(usage),
    }),
  );
}

/** Undefined for what is no JSON object. */
function* chunksOf(stream: Buffer): Generator<Fields | undefined> {
  for (const event of stream.toString('utf8').split(/\r?\n\r?\n|\r\r/)) {
    const lines = event.split(/\r\n|\r|\n/).filter((line) => line.startsWith('data:'));
    const data = lines.map((line) => line.slice('data:'.length).trim()).join('\n');
    if (data !== '' && data !== '[DONE]') yield parse(data);
  }
}

function parse(data: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function mergeChoice(choices: Fields[], { index, delta, ...rest }: Fields): void {
  const at = typeof index === 'number' && index >= 0 && index < 128 ? index : 0;
  const choice = (choices[at] ??= { index: at, message: {}, logprobs: null, finish_reason: null });
  if (isFields(delta)) merge(choice['message'] as Fields, delta);
  merge(choice, rest);
}

function merge(into: Fields, from: Fields): void {
  for (const [name, value] of Object.entries(from)) {
    // Whoever writes there changes every object of this process.
    if (name === '__proto__') continue;
    const known = Object.hasOwn(into, name) ? into[name] : undefined;
    if (value === null || value === undefined) into[name] = known ?? null;
    else if (SAID_ONCE.has(name)) into[name] = value === '' ? (known ?? value) : value;
    else if (typeof value === 'string') into[name] = typeof known === 'string' ? known + value : value;
    else if (Array.isArray(value)) into[name] = mergeList(known, value);
    else if (isFields(value)) {
      const fields = isFields(known) ? known : {};
      merge(fields, value);
      into[name] = fields;
    } else into[name] = value;
  }
}

/** Tool calls come in pieces with an index; logprobs, annotations and images come one by one. */
function mergeList(known: unknown, items: readonly unknown[]): unknown[] {
  const list = Array.isArray(known) ? (known as unknown[]) : [];
  for (const item of items) {
    const same = isFields(item) && typeof item['index'] === 'number' ? indexed(list, item['index']) : undefined;
    if (same) merge(same, item as Fields);
    else if (isFields(item)) {
      const copy: Fields = {};
      merge(copy, item);
      list.push(copy);
    } else list.push(item);
  }
  return list;
}

const indexed = (list: readonly unknown[], index: number) =>
  list.find((item): item is Fields => isFields(item) && item['index'] === index);

/** As the API gives a message whole: its role and content are always there, and tool calls have no index. */
function asWhole(choice: Fields): Fields {
  const { tool_calls: calls, ...message } = choice['message'] as Fields;
  return {
    ...choice,
    message: {
      role: 'assistant',
      content: null,
      ...message,
      ...(Array.isArray(calls) && { tool_calls: (calls as Fields[]).map(({ index: _, ...call }) => call) }),
    },
  };
}

const usageOf = (usage: TokenUsage) => ({
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.completionTokens,
  total_tokens: usage.promptTokens + usage.completionTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedTokens, audio_tokens: usage.audioPromptTokens },
  completion_tokens_details: {
    reasoning_tokens: usage.reasoningTokens,
    audio_tokens: usage.audioCompletionTokens,
  },
});

const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
