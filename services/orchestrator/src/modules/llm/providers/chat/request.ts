import { z } from 'zod';
import { Untranslatable } from '../provider.ts';
import { Message } from './message.ts';

const FunctionTool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
  /** Anthropic's mark, as OpenRouter and LiteLLM let clients set it. */
  cache_control: z.unknown().optional(),
});
export type FunctionTool = z.output<typeof FunctionTool>;

const NamedTool = z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) });

const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  NamedTool,
  z.object({
    type: z.literal('allowed_tools'),
    allowed_tools: z.object({ mode: z.enum(['auto', 'required']), tools: z.array(NamedTool) }),
  }),
]);

const ResponseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ name: z.string().nullish(), schema: z.record(z.string(), z.unknown()).nullish() }),
  }),
]);

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;
export type Effort = (typeof EFFORTS)[number];

const number = z.number().nullish();

/**
 * What of https://platform.openai.com/docs/api-reference/chat/create is carried to a provider with an API of its own.
 * What only changes how text is drawn (seed, logit_bias, prediction, store, metadata, verbosity …) is left behind where
 * a provider has no word for it, as Anthropic's and Google's own OpenAI layers do; what a client would wait for in vain
 * in its answer is refused by name.
 */
const ChatBody = z.object({
  messages: z.array(Message).min(1),
  max_tokens: number,
  max_completion_tokens: number,
  temperature: number,
  top_p: number,
  top_k: number,
  seed: number,
  presence_penalty: number,
  frequency_penalty: number,
  n: number,
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(FunctionTool).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: ResponseFormat.nullish(),
  reasoning_effort: z.enum(EFFORTS).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: number,
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  /** Anthropic's own word, as its OpenAI layer takes it: https://platform.claude.com/docs/en/api/openai-sdk. */
  thinking: z.looseObject({ type: z.string(), budget_tokens: number }).nullish(),
  /** Google's own words, as its OpenAI layer takes them: https://ai.google.dev/gemini-api/docs/openai. */
  extra_body: z
    .object({
      google: z
        .object({
          thinking_config: z
            .object({
              include_thoughts: z.boolean().nullish(),
              thinking_budget: number,
              thinking_level: z.string().nullish(),
            })
            .nullish(),
        })
        .nullish(),
    })
    .nullish(),
});
type ChatBody = z.output<typeof ChatBody>;

export interface ChatRequest extends Omit<ChatBody, 'stop' | 'tools' | 'tool_choice'> {
  maxTokens: number | null;
  stop: string[];
  /** Only those that the choice allows. */
  tools: FunctionTool[];
  toolChoice: ToolChoice;
  wantsUsage: boolean;
}

/** `auto` when the client says nothing; a name = this one. */
export type ToolChoice = 'none' | 'auto' | 'required' | { name: string };

/** @throws {Untranslatable} naming what cannot be read, or what no other provider than OpenAI has. */
export function readChatRequest(body: Readonly<Record<string, unknown>>): ChatRequest {
  refuseWhatIsMissed(body);
  const parsed = ChatBody.safeParse(body);
  if (!parsed.success) throw unreadable(parsed.error);
  const { stop, tools, tool_choice: choice, ...rest } = parsed.data;
  const { max_completion_tokens: maxCompletion, max_tokens: max, stream_options: options } = rest;
  return {
    ...rest,
    maxTokens: maxCompletion ?? max ?? null,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    tools: allowedTools(tools ?? [], choice),
    toolChoice: choiceOf(choice),
    wantsUsage: options?.include_usage === true,
  };
}

/** `['messages', 0, 'content']` as OpenAI writes it. */
export const paramOf = (path: readonly PropertyKey[]): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`)).join('');

function unreadable(error: z.ZodError): Untranslatable {
  const [issue] = error.issues;
  const param = paramOf(issue?.path ?? []);
  return new Untranslatable(param, `Invalid value for '${param}': ${issue?.message ?? 'malformed'}.`);
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function refuseWhatIsMissed(body: Readonly<Record<string, unknown>>): void {
  for (const field of ['functions', 'function_call'])
    if (isGiven(body[field])) throw new Untranslatable(field, `'${field}' is deprecated: send 'tools' instead.`);
  const { modalities } = body;
  if (isGiven(body['audio']) || (Array.isArray(modalities) && modalities.some((one) => one !== 'text')))
    throw new Untranslatable('modalities', 'This model answers in text only.');
}

function choiceOf(choice: ChatBody['tool_choice']): ToolChoice {
  if (!choice) return 'auto';
  if (typeof choice === 'string') return choice;
  return choice.type === 'allowed_tools' ? choice.allowed_tools.mode : { name: choice.function.name };
}

function allowedTools(tools: FunctionTool[], choice: ChatBody['tool_choice']): FunctionTool[] {
  if (typeof choice !== 'object' || choice?.type !== 'allowed_tools') return tools;
  const names = new Set(choice.allowed_tools.tools.map((tool) => tool.function.name));
  return tools.filter((tool) => names.has(tool.function.name));
}
