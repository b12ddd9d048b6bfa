import { type AssistantMessage, type Message, OPENING_TEXT, type ToolCall } from '../chat/message.ts';
import { Untranslatable } from '../provider.ts';
import { type Block, blockOf, textBlock } from './blocks.ts';

export interface Turn {
  role: 'user' | 'assistant';
  content: Block[];
}

export interface Conversation {
  system: Block[];
  turns: Turn[];
}

/**
 * System and developer messages go to the front wherever they stood, as in Anthropic's own OpenAI layer
 * (https://platform.claude.com/docs/en/api/openai-sdk); messages of one side that follow each other become one turn.
 * @throws {Untranslatable}
 */
export function conversationOf(messages: readonly Message[]): Conversation {
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const param = `messages[${index}]`;
    if (message.role === 'system' || message.role === 'developer')
      system.push(...message.content.flatMap((part, at) => textBlock(part, `${param}.content[${at}]`)));
    else add(turns, message.role === 'assistant' ? 'assistant' : 'user', blocksOf(message, param));
  }
  return { system, turns: wellFormed(turns) };
}

/** The model is in the middle of using tools, and its thoughts before it began to are not there. */
export function lostItsThoughts(turns: readonly Turn[]): boolean {
  const last = turns.findLast(({ role }) => role === 'assistant');
  const isUsingTools = last?.content.some(({ type }) => type === 'tool_use') ?? false;
  return isUsingTools && last?.content[0]?.type !== 'thinking' && last?.content[0]?.type !== 'redacted_thinking';
}

function add(turns: Turn[], role: Turn['role'], content: Block[]): void {
  const last = turns.at(-1);
  if (content.length === 0) return;
  if (last?.role === role) last.content.push(...content);
  else turns.push({ role, content });
}

function blocksOf(message: Exclude<Message, { role: 'system' | 'developer' }>, param: string): Block[] {
  if (message.role === 'assistant') return assistantBlocks(message, param);
  const content = message.content.flatMap((part, at) => blockOf(part, `${param}.content[${at}]`));
  if (message.role === 'user') return content;
  const result = { type: 'tool_result', tool_use_id: toolUseId(message.tool_call_id) };
  return [content.length > 0 ? { ...result, content } : result];
}

function assistantBlocks(message: AssistantMessage, param: string): Block[] {
  const said = (message.content ?? []).flatMap((part, at) =>
    part.type === 'text'
      ? textBlock(part, `${param}.content[${at}]`)
      : textBlock({ type: 'text', text: part.refusal }, param),
  );
  const refused = textBlock({ type: 'text', text: message.refusal ?? '' }, param);
  const calls = (message.tool_calls ?? []).map((call, at) => toolUse(call, `${param}.tool_calls[${at}]`));
  return [...thinkingOf(message), ...said, ...refused, ...calls];
}

/** Only with Anthropic's signature: it refuses thoughts that are not its own. */
function thinkingOf({ thinking_blocks: blocks }: AssistantMessage): Block[] {
  return (blocks ?? []).flatMap((block): Block[] => {
    const { type, thinking, signature, data } = block;
    if (type === 'thinking' && typeof signature === 'string' && signature !== '')
      return [{ type, thinking: typeof thinking === 'string' ? thinking : '', signature }];
    return type === 'redacted_thinking' && typeof data === 'string' ? [{ type, data }] : [];
  });
}

function toolUse({ id, function: { name, arguments: json } }: ToolCall, param: string): Block {
  return { type: 'tool_use', id: toolUseId(id), name, input: inputOf(json, `${param}.function.arguments`) };
}

function inputOf(json: string, param: string): object {
  try {
    const input: unknown = json.trim() === '' ? {} : JSON.parse(json);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input;
  } catch {
    // Said below.
  }
  throw new Untranslatable(param, 'The arguments of a tool call must be a JSON object.');
}

/** Other providers' ids may hold what Anthropic refuses: `^[a-zA-Z0-9_-]+$`. */
const toolUseId = (id: string): string => id.replace(/[^\w-]/g, '_');

/**
 * What Anthropic insists on: the user begins, results of tools come before what the user says, and the last words of an
 * unfinished answer do not end in white space.
 */
function wellFormed(turns: Turn[]): Turn[] {
  for (const turn of turns) {
    const isResult = (block: Block) => block.type === 'tool_result';
    if (turn.role === 'user' && turn.content.some(isResult))
      turn.content = [...turn.content.filter(isResult), ...turn.content.filter((block) => !isResult(block))];
  }
  const last = turns.at(-1);
  if (!last) throw new Untranslatable('messages', 'There must be a message that is not empty besides the system’s.');
  const end = last.content.at(-1);
  if (last.role === 'assistant' && typeof end?.['text'] === 'string')
    last.content[last.content.length - 1] = { ...end, text: end['text'].trimEnd() };
  return turns[0]?.role === 'assistant' ? [{ role: 'user', content: [OPENING] }, ...turns] : turns;
}

/** As chat widgets do with a welcome. */
const OPENING: Block = { type: 'text', text: OPENING_TEXT };
