import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { sendJson } from './errors.ts';
import type { ChatRequest, Message } from './schemas.ts';
import { chunksBefore } from './strikes.ts';
import { type Outcome, type Turn, pause, providerHeaders } from './turn.ts';

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
export async function answerResponse(turn: Turn, isStream: boolean): Promise<Outcome> {
  await pause(turn.strikes.stall_before?.ms ?? 0, turn.gone);
  return isStream ? stream(turn) : plain(turn);
}

async function plain(turn: Turn): Promise<Outcome> {
  const { answer, entry, response, gone } = turn;
  for (let made = 0; made < answer.pieces.length && !gone.aborted; made += 1) {
    await pause(turn.chunkDelayMs, gone);
    if (!gone.aborted) entry.completionTokens += 1;
  }
  if (gone.aborted) return 'aborted';
  for (const [name, value] of Object.entries(providerHeaders(turn))) response.setHeader(name, value);
  sendJson(response, 200, completed(turn));
  return 'complete';
}

async function stream(turn: Turn): Promise<Outcome> {
  const { answer, entry, strikes, response, gone } = turn;
  if (gone.aborted) return 'aborted';
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...providerHeaders(turn) });
  let sequence = 0;
  const send = (type: string, fields: object) =>
    void response.write(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`,
    );
  const item = itemOf(turn);
  const place = { item_id: item.id, output_index: 0, ...(answer.toolCall ? {} : { content_index: 0 }) };
  const delta = answer.toolCall ? 'response.function_call_arguments.delta' : 'response.output_text.delta';
  send('response.created', { response: begun(turn) });
  send('response.output_item.added', {
    output_index: 0,
    item: { ...item, status: 'in_progress', ...EMPTY[item.type] },
  });
  if (!answer.toolCall) send('response.content_part.added', { ...place, part: textPart('') });
  for (const [made, piece] of answer.pieces.entries()) {
    if (made === chunksBefore(strikes.stream_cut)) {
      response.destroy();
      return 'cut';
    }
    await pause(turn.chunkDelayMs, gone);
    await nextTurn();
    if (gone.aborted) return 'aborted';
    entry.completionTokens += 1;
    send(delta, { ...place, delta: piece });
  }
  const text = answer.pieces.join('');
  if (answer.toolCall) send('response.function_call_arguments.done', { ...place, arguments: text });
  else {
    send('response.output_text.done', { ...place, text });
    send('response.content_part.done', { ...place, part: textPart(text) });
  }
  send('response.output_item.done', { output_index: 0, item });
  send('response.completed', { response: completed(turn) });
  response.end();
  return 'complete';
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
