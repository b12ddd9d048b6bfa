import { type ChatRequest, type Effort, type FunctionTool, readChatRequest } from '../chat/request.ts';
import { type UpstreamCall, Untranslatable } from '../provider.ts';
import { conversationOf } from './contents.ts';
import { type ModelTraits, traitsOf } from './models.ts';

/** Google's own numbers: https://ai.google.dev/gemini-api/docs/openai#thinking. */
const BUDGETS = { minimal: 1024, low: 1024, medium: 8192, high: 24_576, xhigh: 24_576 } as const;
const LEVELS = { low: 'LOW', medium: 'MEDIUM', high: 'HIGH', xhigh: 'HIGH' } as const;
const MAX_STOPS = 5;

/** OpenAI's chat completion as https://ai.google.dev/api/generate-content#request-body. @throws {Untranslatable} */
export function generateContentBody(call: UpstreamCall): string {
  const request = readChatRequest(call.body.read());
  const traits = traitsOf(call.model);
  const { system, contents } = conversationOf(request.messages, traits);
  const generationConfig = { ...samplingFields(request), ...formatFields(request), ...thinkingFields(request, traits) };
  return JSON.stringify({
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    contents,
    ...toolFields(request),
    ...(Object.keys(generationConfig).length > 0 && { generationConfig }),
  });
}

/** https://ai.google.dev/api/generate-content#generationconfig */
function samplingFields(request: ChatRequest): object {
  const { maxTokens, temperature, top_p: topP, top_k: topK, seed, n, stop } = request;
  if (stop.length > MAX_STOPS) throw new Untranslatable('stop', `This model takes at most ${MAX_STOPS} sequences.`);
  const { presence_penalty: presencePenalty, frequency_penalty: frequencyPenalty } = request;
  return given({
    maxOutputTokens: maxTokens,
    temperature,
    topP,
    topK,
    // A number of 32 bits there, of 64 at OpenAI.
    seed: typeof seed === 'number' ? Math.trunc(seed) | 0 : null,
    candidateCount: (n ?? 1) > 1 ? n : null,
    stopSequences: stop.length > 0 ? stop : null,
    // Most models refuse to hear of them at all.
    presencePenalty: presencePenalty || null,
    frequencyPenalty: frequencyPenalty || null,
    responseLogprobs: request.logprobs || null,
    logprobs: request.logprobs ? request.top_logprobs : null,
  });
}

/** https://ai.google.dev/gemini-api/docs/structured-output: what it does not know of JSON Schema it ignores. */
function formatFields({ response_format: format }: ChatRequest): object {
  if (!format || format.type === 'text') return {};
  const schema = format.type === 'json_schema' ? format.json_schema.schema : null;
  return { responseMimeType: 'application/json', ...(schema && { responseJsonSchema: schema }) };
}

/** The client's own words first, under the name that Google documents for them. Nothing asked, nothing said. */
function thinkingFields({ extra_body: extra, reasoning_effort: effort }: ChatRequest, traits: ModelTraits): object {
  const own = extra?.google?.thinking_config;
  if (own) {
    const { include_thoughts: includeThoughts, thinking_budget: thinkingBudget, thinking_level: thinkingLevel } = own;
    return { thinkingConfig: given({ includeThoughts, thinkingBudget, thinkingLevel }) };
  }
  if (!effort || traits.thinking === 'none') return {};
  const amount = traits.thinking === 'level' ? { thinkingLevel: levelOf(effort, traits) } : budgetOf(effort, traits);
  return { thinkingConfig: { ...amount, ...(effort !== 'none' && { includeThoughts: true }) } };
}

const levelOf = (effort: Effort, { lowestLevel }: ModelTraits) =>
  effort === 'none' || effort === 'minimal' ? lowestLevel : LEVELS[effort];
const budgetOf = (effort: Effort, { minBudget }: ModelTraits) => ({
  thinkingBudget: effort === 'none' ? minBudget : BUDGETS[effort],
});

/** https://ai.google.dev/gemini-api/docs/function-calling#function_calling_modes */
function toolFields({ tools, toolChoice }: ChatRequest): object {
  if (tools.length === 0) {
    if (toolChoice !== 'auto' && toolChoice !== 'none')
      throw new Untranslatable('tool_choice', "'tool_choice' needs 'tools' to choose from.");
    return {};
  }
  const config = callingConfig(toolChoice, tools);
  return {
    tools: [{ functionDeclarations: tools.map(declarationOf) }],
    ...(config && { toolConfig: { functionCallingConfig: config } }),
  };
}

function callingConfig(choice: ChatRequest['toolChoice'], tools: FunctionTool[]): object | undefined {
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.name] };
  if (choice === 'required') return { mode: 'ANY' };
  if (choice === 'none') return { mode: 'NONE' };
  // Also keeps to the schema when it is free to call or to talk.
  return tools.some((tool) => tool.function.strict) ? { mode: 'VALIDATED' } : undefined;
}

function declarationOf({ function: { name, description, parameters } }: FunctionTool): object {
  return { name, ...given({ description, parametersJsonSchema: parameters }) };
}

/** Without what is null or undefined. */
const given = (fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
