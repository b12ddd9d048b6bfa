import type { Block, Message, MessagesRequest } from './schemas.ts';

const UNCONSTRAINABLE = ['minimum', 'maximum', 'multipleOf', 'minLength', 'maxLength', 'pattern', 'oneOf', 'maxItems'];

/** What Anthropic refuses although it is well formed, in its words; undefined = it may pass. */
export function brokenRule(request: MessagesRequest): string | undefined {
  return brokenTurn(request.messages) ?? brokenThinking(request) ?? brokenTools(request) ?? brokenFormat(request);
}

function brokenTurn(messages: readonly Message[]): string | undefined {
  if (messages[0]?.role !== 'user') return 'messages: first message must use the "user" role';
  for (const [index, message] of messages.entries()) {
    const called = blocksOf(messages[index - 1]).flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    const broken = brokenResults(blocksOf(message), called, `messages.${index}`);
    if (broken) return broken;
  }
  const last = messages.at(-1);
  const end = blocksOf(last).at(-1);
  const isPadded = last?.role === 'assistant' && end?.type === 'text' && end.text !== end.text.trimEnd();
  return isPadded ? 'messages: final assistant content cannot end with trailing whitespace' : undefined;
}

/** Each call is answered at once, at the beginning of what the user says next. */
function brokenResults(blocks: Block[], called: string[], where: string): string | undefined {
  const results = blocks.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
  const open = called.filter((id) => !results.includes(id));
  if (open.length > 0)
    return `${where}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}`;
  const unknown = results.find((id) => !called.includes(id));
  if (unknown !== undefined) return `${where}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unknown}`;
  const isFirst = blocks.slice(0, results.length).every((block) => block.type === 'tool_result');
  return isFirst ? undefined : `${where}: \`tool_result\` blocks must come first`;
}

function brokenThinking(request: MessagesRequest): string | undefined {
  const { thinking, max_tokens: maxTokens, temperature, tool_choice: choice } = request;
  if (!thinking || thinking.type === 'disabled') return undefined;
  if (thinking.type === 'enabled' && thinking.budget_tokens >= maxTokens)
    return '`max_tokens` must be greater than `thinking.budget_tokens`';
  if (temperature !== undefined && temperature !== 1)
    return '`temperature` may only be set to 1 when thinking is enabled';
  if (choice?.type === 'any' || choice?.type === 'tool')
    return 'Thinking may not be enabled when tool_choice forces tool use.';
  return thinking.type === 'enabled' ? lostThoughts(request.messages) : undefined;
}

function lostThoughts(messages: readonly Message[]): string | undefined {
  const index = messages.findLastIndex(({ role }) => role === 'assistant');
  const [first, ...rest] = blocksOf(messages[index]);
  const isUsingTools = [first, ...rest].some((block) => block?.type === 'tool_use');
  if (!isUsingTools || first?.type === 'thinking' || first?.type === 'redacted_thinking') return undefined;
  return `messages.${index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first?.type}\`.`;
}

function brokenTools({ tools, tool_choice: choice, messages }: MessagesRequest): string | undefined {
  if (choice && !tools) return 'tool_choice: may only be specified while providing tools';
  if (choice?.type === 'tool' && !tools?.some(({ name }) => name === choice.name))
    return `Tool '${choice.name}' not found in provided tools`;
  const wasUsed = messages.flatMap(blocksOf).some(({ type }) => type === 'tool_use' || type === 'tool_result');
  if (wasUsed && !tools)
    return 'Requests which have `tool_use` or `tool_result` blocks in `messages` must define `tools`';
  for (const [index, tool] of (tools ?? []).entries())
    if (tool.strict && unconstrainable(tool.input_schema))
      return `tools.${index}: ${unconstrainable(tool.input_schema)}`;
  return undefined;
}

function brokenFormat({ output_config: config }: MessagesRequest): string | undefined {
  const wrong = config?.format ? unconstrainable(config.format.schema) : undefined;
  return wrong && `output_config.format.schema: ${wrong}`;
}

function unconstrainable(schema: unknown): string | undefined {
  if (Array.isArray(schema)) return schema.map(unconstrainable).find(Boolean);
  if (typeof schema !== 'object' || schema === null) return undefined;
  const keys = schema as Record<string, unknown>;
  if (keys['type'] === 'object' && keys['additionalProperties'] !== false)
    return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  const wrong = UNCONSTRAINABLE.find((key) => keys[key] !== undefined && typeof keys['type'] === 'string');
  if (wrong) return `For '${String(keys['type'])}' type, property '${wrong}' is not supported`;
  return Object.values(keys).map(unconstrainable).find(Boolean);
}

export function blocksOf(message: Message | undefined): Block[] {
  if (!message) return [];
  return typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
}
