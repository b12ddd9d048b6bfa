import { z } from 'zod';
import { type StreamWords, producePlain, produceStream } from './produce.ts';
import type { ChatRequest, Message } from './schemas.ts';
import { type Outcome, type Turn, providerHeaders } from './turn.ts';

const Part = z.looseObject({ type: z.string(), text: z.string().optional() });
const Item = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']).optional(),
  content: z.union([z.string(), z.array(Part)]).optional(),
});
const FunctionTool = z.looseObject({
  type: z.literal('function'),
  name: z.string(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});

export const ResponsesRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(Item).min(1)]),
  instructions: z.string().nullish(),
  max_output_tokens: z.number().int().positive().nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(FunctionTool).nullish(),
  tool_choice: z.union([z.enum(['none', 'auto', 'required']), z.looseObject({ name: z.string() })]).nullish(),
  text: z
    .looseObject({
      format: z.looseObject({ type: z.string(), schema: z.record(z.string(), z.unknown()).optional() }).nullish(),
    })
    .nullish(),
});
type ResponsesRequest = z.output<typeof ResponsesRequest>;

/** The same question as a chat: then it gets the same answer, and costs the same. */
export function asChat(request: ResponsesRequest): ChatRequest {
  const { model, instructions, input, max_output_tokens, tools, tool_choice: choice, text } = request;
  const items = typeof input === 'string' ? [{ role: 'user' as const, content: input }] : input;
  const system: Message[] = instructions == null ? [] : [{ role: 'system', content: instructions }];
  const format = text?.format;
  return {
    model,
    messages: [...system, ...items.map(({ role, content }): Message => ({ role: role ?? 'tool', content }))],
    max_completion_tokens: max_output_tokens,
    tools: tools?.map(({ name, parameters }) => ({
      type: 'function',
      function: { name, ...(parameters && { parameters }) },
    })),
    tool_choice: typeof choice === 'object' && choice ? { type: 'function', function: { name: choice.name } } : choice,
    ...(format?.type === 'json_schema' && {
      response_format: { type: 'json_schema', json_schema: { ...(format.schema && { schema: format.schema }) } },
    }),
  };
}

/** https://platform.openai.com/docs/api-reference/responses */
export function answerResponse(turn: Turn, isStream: boolean): Promise<Outcome> {
  const headers = providerHeaders(turn);
  if (isStream) return produceStream(turn, { headers, ...wordsOf(turn) });
  return producePlain(turn, { tokens: turn.answer.pieces.length, headers, body: () => completed(turn) });
}

function wordsOf(turn: Turn): Omit<StreamWords, 'headers'> {
  const { pieces, toolCall } = turn.answer;
  let sequence = 0;
  const say = (type: string, fields: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`;
  const item = itemOf(turn);
  const begunItem = { ...item, status: 'in_progress', ...EMPTY[item.type] };
  const place = { item_id: item.id, output_index: 0, ...(toolCall ? {} : { content_index: 0 }) };
  const text = pieces.join('');
  const delta = toolCall ? 'response.function_call_arguments.delta' : 'response.output_text.delta';
  const opening = [
    say('response.created', { response: begun(turn) }),
    say('response.output_item.added', { output_index: 0, item: begunItem }),
    ...(toolCall ? [] : [say('response.content_part.added', { ...place, part: textPart('') })]),
  ];
  const contentEnd = () =>
    toolCall
      ? [say('response.function_call_arguments.done', { ...place, arguments: text })]
      : [
          say('response.output_text.done', { ...place, text }),
          say('response.content_part.done', { ...place, part: textPart(text) }),
        ];
  const closing = () => [
    ...contentEnd(),
    say('response.output_item.done', { output_index: 0, item }),
    say('response.completed', { response: completed(turn) }),
  ];
  const problem = {
    code: 'server_error',
    message: 'The server had an error while processing your request.',
    param: null,
  };
  return {
    opening: opening.join(''),
    tokens: pieces.map((piece) => () => say(delta, { ...place, delta: piece })),
    closing: () => closing().join(''),
    failure: `event: error\ndata: ${JSON.stringify({ type: 'error', ...problem })}\n\n`,
    broken: `event: ${delta}\ndata: {"type":"${delta}","delta":"bro\n\n`,
  };
}

const EMPTY = { message: { content: [] }, function_call: { arguments: '' } };
const textPart = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });

function itemOf({ id, answer }: Turn) {
  const text = answer.pieces.join('');
  if (answer.toolCall) {
    const { id: callId, name } = answer.toolCall;
    const type = 'function_call' as const;
    return { id: `fc_${id}`, type, status: 'completed', call_id: callId, name, arguments: text };
  }
  const type = 'message' as const;
  return { id: `msg_${id}`, type, status: 'completed', role: 'assistant', content: [textPart(text)] };
}

const begun = ({ id, createdAt, request }: Turn) => ({
  id: `resp_${id}`,
  object: 'response',
  created_at: Math.floor(createdAt.getTime() / 1000),
  status: 'in_progress',
  error: null,
  incomplete_details: null,
  model: request.model,
  output: [] as object[],
  parallel_tool_calls: true,
  tool_choice: 'auto',
  tools: [],
  usage: null,
});

function completed(turn: Turn) {
  const { entry, strikes, answer } = turn;
  const isCut = answer.finishReason === 'length';
  return {
    ...begun(turn),
    status: isCut ? 'incomplete' : 'completed',
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    output: [itemOf(turn)],
    usage: strikes.no_usage
      ? null
      : {
          input_tokens: entry.promptTokens,
          input_tokens_details: { cached_tokens: entry.cachedTokens },
          output_tokens: entry.completionTokens,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: entry.promptTokens + entry.completionTokens,
        },
  };
}
