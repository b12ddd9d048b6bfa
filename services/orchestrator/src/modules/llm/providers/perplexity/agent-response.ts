import type { AnsweredToolCall, Choice, FinishReason, Head } from '../chat/completion.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What Sonar's clients know: the pages that the answer rests on. */
export interface Sources {
  citations?: string[];
  search_results?: Fields[];
}

/** One response of the Agent API, in the words of a chat completion. */
export interface AgentResponse {
  head: Head;
  choice: Choice;
  sources: Sources;
  toolCalls: AnsweredToolCall[];
}

/** https://docs.perplexity.ai/docs/agent-api (responses are OpenAI's, sources an item of their own). */
export function readAgentResponse(response: Fields, fallbackId: string): AgentResponse {
  const output = Array.isArray(response['output']) ? response['output'].map(fields) : [];
  const toolCalls = output.filter(({ type }) => type === 'function_call').map(toolCallOf);
  const content = output.map(outputText).join('');
  return {
    head: headOf(response, fallbackId),
    toolCalls,
    choice: {
      message: {
        content: content === '' && toolCalls.length > 0 ? null : content,
        refusal: null,
        ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
      },
      finishReason: finishReasonOf(response, toolCalls.length > 0),
    },
    sources: sourcesOf(output),
  };
}

export function headOf({ id, created_at: createdAt, model }: Fields, fallbackId: string): Head {
  return {
    id: typeof id === 'string' ? id : fallbackId,
    created: typeof createdAt === 'number' ? Math.floor(createdAt) : 0,
    model: typeof model === 'string' ? model : '',
  };
}

export function toolCallOf({ call_id: callId, id, name, arguments: args }: Fields): AnsweredToolCall {
  return {
    id: textOf(callId) || textOf(id),
    type: 'function',
    function: { name: textOf(name), arguments: textOf(args) },
  };
}

function outputText({ type, content }: Fields): string {
  if (type !== 'message' || !Array.isArray(content)) return '';
  return content
    .map(fields)
    .map(({ text }) => textOf(text))
    .join('');
}

function finishReasonOf(response: Fields, callsTools: boolean): FinishReason {
  if (response['status'] === 'incomplete')
    return fields(response['incomplete_details'])['reason'] === 'content_filter' ? 'content_filter' : 'length';
  return callsTools ? 'tool_calls' : 'stop';
}

function sourcesOf(output: readonly Fields[]): Sources {
  const results = output
    .filter(({ type }) => type === 'search_results')
    .flatMap(({ results: found }) => (Array.isArray(found) ? found.map(fields) : []));
  if (results.length === 0) return {};
  const urls = results.flatMap(({ url }) => (typeof url === 'string' ? [url] : []));
  return { citations: [...new Set(urls)], search_results: results };
}

export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
