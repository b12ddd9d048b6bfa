import { createHash } from 'node:crypto';
import type { ChatRequest, Message, Tool } from './schemas.ts';

/** One token per four characters begun. Pieces of an answer are cut by the same rule, so one chunk is one token. */
const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_REPLY = 3;

const WORDS = (
  'the ledger balances every evening because a small careful process counts what was used and writes it down once ' +
  'then a second reader checks the sum while the harbour lights come on and nobody waits in line for an answer ' +
  'stone walls keep the garden warm bread rises slowly rivers find their way and old bridges carry new traffic'
).split(' ');

export interface Answer {
  /** The answer in pieces of one token each. */
  pieces: string[];
  toolCall?: { id: string; name: string };
  finishReason: 'stop' | 'length' | 'tool_calls';
}

export function countTokens(text: string): number {
  return Math.ceil([...text].length / CHARACTERS_PER_TOKEN);
}

export function countPromptTokens(messages: readonly Message[]): number {
  const perMessage = messages.map((message) => TOKENS_PER_MESSAGE + countTokens(textOf(message)));
  return TOKENS_PER_REPLY + perMessage.reduce((sum, tokens) => sum + tokens, 0);
}

export function textOf(message: Message): string {
  if (typeof message.content === 'string') return message.content;
  return (message.content ?? []).map((part) => part.text ?? '').join('');
}

/** The same messages always get the same answer; `completionTokens` sets its length, a limit of the request cuts it. */
export function answer(request: ChatRequest, completionTokens: number | null): Answer {
  const seed = digest(JSON.stringify(request.messages.map((message) => [message.role, textOf(message)])));
  const tool = chosenTool(request);
  if (tool) {
    const call = JSON.stringify(sampleOf(tool.function.parameters ?? {}, lastUserText(request)));
    const toolCall = { id: `call_${seed.toString('hex').slice(0, 24)}`, name: tool.function.name };
    return { pieces: pieces(call), toolCall, finishReason: 'tool_calls' };
  }
  const shape = chosenShape(request);
  if (shape) return { pieces: pieces(JSON.stringify(sampleOf(shape, lastUserText(request)))), finishReason: 'stop' };
  const natural = completionTokens ?? 24 + (seed.readUInt8(0) % 33);
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  const text = prose(`You said: “${shorten(lastUserText(request))}”. `, seed, Math.min(natural, limit));
  return { pieces: text, finishReason: limit < natural ? 'length' : 'stop' };
}

function prose(opening: string, seed: Buffer, tokens: number): string[] {
  const characters = [...opening];
  let state = seed.readUInt32LE(4);
  for (let words = 0; characters.length < tokens * CHARACTERS_PER_TOKEN; words += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const word = WORDS[state % WORDS.length] ?? 'the';
    characters.push(...(words % 9 === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word));
    characters.push(...(words % 9 === 8 ? '. ' : ' '));
  }
  return pieces(characters.slice(0, tokens * CHARACTERS_PER_TOKEN).join(''));
}

function pieces(text: string): string[] {
  const characters = [...text];
  return Array.from({ length: Math.ceil(characters.length / CHARACTERS_PER_TOKEN) }, (_, index) =>
    characters.slice(index * CHARACTERS_PER_TOKEN, (index + 1) * CHARACTERS_PER_TOKEN).join(''),
  );
}

function lastUserText(request: ChatRequest): string {
  const message = request.messages.findLast(({ role }) => role === 'user');
  return message ? textOf(message) : '';
}

function shorten(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ').trim()];
  return characters.length > 80 ? `${characters.slice(0, 79).join('')}…` : characters.join('');
}

function chosenTool({ tools, tool_choice: choice }: ChatRequest): Tool | undefined {
  if (!tools || !choice || choice === 'none' || choice === 'auto') return undefined;
  return choice === 'required' ? tools[0] : tools.find((tool) => tool.function.name === choice.function.name);
}

/** Of the JSON that is asked for. */
function chosenShape({ response_format: format }: ChatRequest): Record<string, unknown> | undefined {
  if (!format || format.type === 'text') return undefined;
  return format.json_schema?.schema ?? {};
}

/** The smallest value that fits a JSON schema: required properties only, the first of an enum, the user's words as text. */
function sampleOf(schema: Record<string, unknown>, words: string): unknown {
  const { type, properties, required, enum: values } = schema;
  if (Array.isArray(values)) return values[0] as unknown;
  if (type === 'number' || type === 'integer') return 1;
  if (type === 'boolean') return true;
  if (type === 'array') return [];
  if (type === 'string') return words;
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  const known = isRecord(properties) ? properties : {};
  return Object.fromEntries(
    names.map((name) => {
      const property = known[name];
      return [name, sampleOf(isRecord(property) ? property : { type: 'string' }, words)];
    }),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
