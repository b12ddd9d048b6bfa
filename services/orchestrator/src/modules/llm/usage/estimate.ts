import type { RequestBody } from '../body/request-body.ts';
import type { Fields, Texts } from '../body/texts.ts';
import type { TokenUsage } from '../providers/provider.ts';

const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_REPLY = 3;
/** What OpenAI counts for an image of low detail. */
const TOKENS_PER_IMAGE = 85;
/** Of a file as base64: a page of 50 KB is the 3000 tokens that Anthropic says a page may be. */
const FILE_CHARACTERS_PER_TOKEN = 24;

/** The rule for when nobody says: four characters are a token. */
export const tokensOf = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

/** By the rule alone. */
export const estimatedUsage = (promptTokens: number, completionCharacters: number): TokenUsage => ({
  promptTokens,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  completionTokens: tokensOf(completionCharacters),
  reasoningTokens: 0,
  audioPromptTokens: 0,
  audioCompletionTokens: 0,
  costNanoUsd: null,
});

/** How texts are counted. */
export interface Counting extends Pick<Texts, 'length' | 'json'> {
  /** How many tokens a text is. */
  tokens(text: string): number;
}

/** By the rule alone. */
export const estimatePrompt = ({ fields, texts }: Pick<RequestBody, 'fields' | 'texts'>): number =>
  countPrompt(fields, {
    tokens: (text) => tokensOf(texts.characters(text)),
    length: (text) => texts.length(text),
    json: (value) => texts.json(value),
  });

/** OpenAI's cookbook's way: some tokens per message, some for the reply, and the text itself. Any surface's body. */
export function countPrompt(body: Fields, count: Counting): number {
  const { messages, input, system, instructions, tools } = body;
  const rest = jsonTokens(tools, count);
  if (Array.isArray(messages)) return messagesTokens(messages, count) + textTokens(system, count) + rest;
  return textTokens(instructions, count) + inputTokens(input, count) + rest;
}

function messagesTokens(messages: readonly unknown[], count: Counting): number {
  let tokens = TOKENS_PER_REPLY;
  for (const message of messages as { content?: unknown; tool_calls?: unknown }[])
    tokens += TOKENS_PER_MESSAGE + textTokens(message.content, count) + jsonTokens(message.tool_calls, count);
  return tokens;
}

/** Of embeddings (a text, texts, tokens, lists of tokens) and of responses (a text, items). */
function inputTokens(input: unknown, count: Counting): number {
  if (!Array.isArray(input)) return textTokens(input, count);
  let tokens = 0;
  for (const item of input as unknown[]) {
    if (typeof item === 'number') tokens += 1;
    else if (Array.isArray(item)) tokens += item.length;
    else if (typeof item === 'string') tokens += textTokens(item, count);
    else tokens += TOKENS_PER_MESSAGE + itemTokens(item, count);
  }
  return tokens;
}

const itemTokens = (item: unknown, count: Counting): number =>
  typeof item === 'object' && item !== null && 'content' in item
    ? textTokens(item.content, count)
    : jsonTokens(item, count);

function textTokens(content: unknown, count: Counting): number {
  if (typeof content === 'string') return count.tokens(content);
  if (!Array.isArray(content)) return 0;
  const texts: string[] = [];
  let tokens = 0;
  for (const part of content as (Fields | null)[]) {
    if (typeof part?.['text'] === 'string') texts.push(part['text']);
    else if (isImage(part?.['type'])) tokens += TOKENS_PER_IMAGE;
    else if (typeof part === 'object' && part !== null) tokens += otherTokens(part, count);
  }
  return tokens + (texts.length > 0 ? count.tokens(texts.join('')) : 0);
}

/** Results and calls of tools, thoughts, documents: most of what an agent sends. */
function otherTokens({ content, input, thinking, source, file, file_data: data }: Fields, count: Counting): number {
  const document = fields(source);
  const text = document['type'] === 'text' ? document['data'] : undefined;
  const tokens = [content, thinking, text, document['content']].map((value) => textTokens(value, count));
  const files = [text === undefined ? document['data'] : undefined, fields(file)['file_data'], data].map((value) =>
    fileTokens(value, count),
  );
  return [...tokens, ...files].reduce((sum, some) => sum + some, jsonTokens(input, count));
}

const fileTokens = (data: unknown, count: Counting): number =>
  typeof data === 'string' ? Math.ceil(count.length(data) / FILE_CHARACTERS_PER_TOKEN) : 0;
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const isImage = (type: unknown) => type === 'image_url' || type === 'image' || type === 'input_image';
const jsonTokens = (value: unknown, count: Counting): number => (value ? count.tokens(count.json(value)) : 0);

/** What a request may use at most, as far as anybody can say before: reserved until it is known. */
export const reservedUsage = (promptTokens: number, completionTokens: number): TokenUsage => ({
  ...estimatedUsage(promptTokens, 0),
  completionTokens,
});
