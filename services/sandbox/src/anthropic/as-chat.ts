import type { ChatRequest, Message as ChatMessage } from '../llm/schemas.ts';
import { blocksOf } from './rules.ts';
import type { Block, Message, MessagesRequest } from './schemas.ts';

/** The same question as a chat: then it gets the same answer, and costs the same. */
export function asChat(request: MessagesRequest): ChatRequest {
  const { model, system, messages, max_tokens, stream, tools, tool_choice: choice, output_config: config } = request;
  return {
    model,
    stream,
    messages: [...systemOf(system), ...messages.map(chatMessage)],
    max_tokens,
    tools: tools?.map(({ name, input_schema: parameters }) => ({ type: 'function', function: { name, parameters } })),
    ...(choice?.type === 'any' && { tool_choice: 'required' }),
    ...(choice?.type === 'tool' && { tool_choice: { type: 'function', function: { name: choice.name } } }),
    ...(config?.format && {
      response_format: { type: 'json_schema', json_schema: { schema: config.format.schema } },
    }),
  };
}

function systemOf(system: MessagesRequest['system']): ChatMessage[] {
  if (system === undefined || system.length === 0) return [];
  return [{ role: 'system', content: system }];
}

const chatMessage = (message: Message): ChatMessage => ({
  role: message.role,
  content: blocksOf(message).map((block) => ({ type: 'text', text: textOf(block) })),
});

function textOf(block: Block): string {
  if (block.type === 'text') return block.text;
  if (block.type === 'tool_use') return JSON.stringify(block.input);
  if (block.type !== 'tool_result' || block.content === undefined) return '';
  return typeof block.content === 'string' ? block.content : block.content.map(textOf).join('');
}

/** Only what is marked is cached: https://platform.claude.com/docs/en/build-with-claude/prompt-caching. */
export const isMarked = (request: MessagesRequest): boolean => JSON.stringify(request).includes('"cache_control":{');
