import { characters as charactersIn } from '../characters.ts';

const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_REPLY = 3;
/** What OpenAI counts for an image of low detail. */
const TOKENS_PER_IMAGE = 85;

/** The rule for when the provider does not say: four characters are a token. */
export const tokensOf = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

/** OpenAI's cookbook's way: some tokens per message, some for the reply, and the text itself. */
export function estimatePrompt(body: Readonly<Record<string, unknown>>): number {
  let tokens = TOKENS_PER_REPLY;
  for (const message of body['messages'] as { content?: unknown; tool_calls?: unknown }[])
    tokens += TOKENS_PER_MESSAGE + contentTokens(message.content) + jsonTokens(message.tool_calls);
  return tokens + jsonTokens(body['tools']);
}

function contentTokens(content: unknown): number {
  if (typeof content === 'string') return tokensOf(charactersIn(content));
  if (!Array.isArray(content)) return 0;
  let characters = 0;
  let tokens = 0;
  for (const part of content as ({ text?: unknown; type?: unknown } | null)[]) {
    if (typeof part?.text === 'string') characters += charactersIn(part.text);
    else if (part?.type === 'image_url') tokens += TOKENS_PER_IMAGE;
  }
  return tokens + tokensOf(characters);
}

const jsonTokens = (value: unknown): number => (value ? tokensOf(JSON.stringify(value).length) : 0);
