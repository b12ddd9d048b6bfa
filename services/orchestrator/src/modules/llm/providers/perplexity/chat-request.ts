import { type ChatRequest, readChatRequest } from '../chat/request.ts';
import type { Message, Part } from '../chat/message.ts';
import { type UpstreamCall, Untranslatable } from '../provider.ts';

/** Its own search is what people ask Perplexity for; a bare request would be answered without. */
const SEARCH = { type: 'web_search' };

/**
 * OpenAI's chat completion for the Agent API, which took the place of Sonar's chat completions on 2026-09-27. It
 * refuses every field that it does not know:
 * https://github.com/perplexityai/api-platform-developers (skills/migrate-sonar-to-agent-api/references/request-mapping.md).
 * @throws {Untranslatable}
 */
export function agentBody(call: UpstreamCall): string {
  const body = call.body.read();
  const request = readChatRequest(body);
  refuse(request);
  const { maxTokens, temperature, top_p: topP, reasoning_effort: effort, response_format: format } = request;
  return JSON.stringify({
    model: call.model,
    input: request.messages.flatMap(itemsOf),
    ...toolFields(request),
    ...(maxTokens !== null && { max_output_tokens: maxTokens }),
    ...(isGiven(temperature) && { temperature }),
    ...(isGiven(topP) && { top_p: topP }),
    ...(isGiven(effort) && effort !== 'none' && { reasoning: { effort } }),
    ...(format?.type === 'json_schema' && { response_format: body['response_format'] }),
    ...(call.isStream && { stream: true }),
  });
}

/** What a client would wait for in vain. */
function refuse({ n, logprobs, stop, response_format: format, ...rest }: ChatRequest): void {
  if ((n ?? 1) > 1) throw new Untranslatable('n', 'This model gives one answer to a request.');
  if (logprobs) throw new Untranslatable('logprobs', 'This model does not give log probabilities.');
  if (stop.length > 0) throw new Untranslatable('stop', 'This model knows no stop sequences.');
  for (const field of ['presence_penalty', 'frequency_penalty'] as const)
    if (rest[field]) throw new Untranslatable(field, `This model knows no ${field}.`);
  if (format?.type === 'json_object')
    throw new Untranslatable('response_format', "This model wants a schema: send 'json_schema' instead.");
}

function toolFields({ tools, toolChoice, parallel_tool_calls: isParallel }: ChatRequest): object {
  if (toolChoice === 'none') return {};
  const functions = tools.map(({ function: { name, description, parameters, strict } }) => ({
    type: 'function',
    name,
    ...(description && { description }),
    ...(parameters && { parameters }),
    ...(isGiven(strict) && { strict }),
  }));
  return {
    tools: [SEARCH, ...functions],
    ...(toolChoice !== 'auto' && { tool_choice: toolChoice }),
    ...(isGiven(isParallel) && { parallel_tool_calls: isParallel }),
  };
}

function itemsOf(message: Message): object[] {
  switch (message.role) {
    case 'assistant':
      return [
        ...(message.content?.length ? [{ type: 'message', role: 'assistant', content: textOf(message.content) }] : []),
        ...(message.tool_calls ?? []).map(({ id, function: { name, arguments: args } }) => ({
          type: 'function_call',
          call_id: id,
          name,
          arguments: args,
        })),
      ];
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.tool_call_id, output: textOf(message.content) }];
    default: {
      const isText = message.content.every(({ type }) => type === 'text');
      const content = isText ? textOf(message.content) : message.content.map(partOf);
      return [{ type: 'message', role: message.role, content }];
    }
  }
}

function partOf(part: Part): object {
  if (part.type === 'text') return { type: 'input_text', text: part.text };
  if (part.type === 'image_url') return { type: 'input_image', image_url: part.image_url.url };
  throw new Untranslatable('messages', 'This model reads text and images only.');
}

function textOf(parts: readonly { type: string; text?: string; refusal?: string }[]): string {
  return parts
    .map((part) => {
      if (part.type === 'text' || part.type === 'refusal') return part.text ?? part.refusal ?? '';
      throw new Untranslatable('messages', 'This model takes images from the user only.');
    })
    .join('');
}

const isGiven = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;
