import { type ChatRequest, type Effort, readChatRequest } from '../chat/request.ts';
import { type UpstreamCall, Untranslatable } from '../provider.ts';
import { type ModelTraits, traitsOf } from './models.ts';
import { constrainable } from './schema.ts';
import { forcesTool, toolFields } from './tools.ts';
import { type Turn, conversationOf, lostItsThoughts } from './turns.ts';

/** Anthropic wants a limit, OpenAI's clients seldom say one. Longer than nearly every answer, less than what a model refuses. */
const MAX_TOKENS = 16_000;
/** What Claude 3 and 3.5 give at most. */
const MAX_TOKENS_BEFORE_THINKING = 4096;
/** Of models that want a number; at least 1024 and less than max_tokens. */
const BUDGETS = { minimal: 1024, low: 2048, medium: 8192, high: 16_000, xhigh: 16_000 } as const;
const MIN_BUDGET = 1024;
const MAX_USER_ID_LENGTH = 256;

/** OpenAI's chat completion as https://platform.claude.com/docs/en/api/messages. @throws {Untranslatable} */
export function messagesBody(call: UpstreamCall): string {
  const request = readChatRequest(call.body.read());
  refuse(request);
  const traits = traitsOf(call.model);
  const { system, turns } = conversationOf(request.messages);
  const reasoning = reasoningFields(request, traits, turns);
  const isThinking = 'thinking' in reasoning && reasoning.thinking.type !== 'disabled';
  const user = request.safety_identifier ?? request.user;
  const stop = request.stop.filter((sequence) => sequence.trim() !== '');
  return JSON.stringify({
    model: call.model,
    max_tokens: maxTokens(request, traits, reasoning),
    ...(system.length > 0 && { system }),
    messages: turns,
    ...toolFields(request, turns),
    ...(traits.takesSampling && !isThinking && samplingFields(request, traits)),
    ...(stop.length > 0 && { stop_sequences: stop }),
    ...outputFields(request, reasoning),
    ...('thinking' in reasoning && { thinking: reasoning.thinking }),
    ...(user && user.length <= MAX_USER_ID_LENGTH && { metadata: { user_id: user } }),
    ...(call.isStream && { stream: true }),
  });
}

/** What a client would wait for in vain. */
function refuse({ n, logprobs, top_logprobs: topLogprobs, response_format: format }: ChatRequest): void {
  if ((n ?? 1) > 1) throw new Untranslatable('n', 'This model gives one answer to a request.');
  if (logprobs || topLogprobs) throw new Untranslatable('logprobs', 'This model does not give log probabilities.');
  if (format?.type === 'json_object')
    throw new Untranslatable(
      'response_format',
      "This model has no JSON mode without a schema: send 'json_schema' instead of 'json_object'.",
    );
}

type Thinking = Readonly<Record<string, unknown>> & { type: string; budget_tokens?: number | null | undefined };
type Reasoning = Record<string, never> | { thinking: Thinking; effort?: string };

/** https://platform.claude.com/docs/en/build-with-claude/extended-thinking and …/effort. Nothing asked, nothing said. */
function reasoningFields(request: ChatRequest, traits: ModelTraits, turns: readonly Turn[]): Reasoning {
  const { thinking, reasoning_effort: effort, maxTokens: limit } = request;
  if (thinking) return { thinking };
  const off: Reasoning = traits.canStopThinking && traits.thinking !== 'none' ? { thinking: { type: 'disabled' } } : {};
  if (forcesTool(request)) return traits.thinking === 'adaptive' ? off : {};
  if (!effort || traits.thinking === 'none') return {};
  if (effort === 'none') return off;
  if (traits.thinking === 'adaptive')
    return { thinking: { type: 'adaptive', display: 'summarized' }, effort: effortOf(effort, traits) };
  const budget = Math.min(BUDGETS[effort], limit === null ? Infinity : Math.floor(limit / 2));
  // Without its own thoughts it may not go on thinking where it left off.
  if (budget < MIN_BUDGET || lostItsThoughts(turns)) return {};
  return { thinking: { type: 'enabled', budget_tokens: budget } };
}

function effortOf(effort: Exclude<Effort, 'none'>, { takesExtraHighEffort }: ModelTraits): string {
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' && !takesExtraHighEffort ? 'max' : effort;
}

/** Thoughts are part of it with both, so that a client's own limit holds. */
function maxTokens({ maxTokens: limit }: ChatRequest, { thinking }: ModelTraits, reasoning: Reasoning): number {
  if (limit !== null) return limit;
  if (thinking === 'none') return MAX_TOKENS_BEFORE_THINKING;
  return MAX_TOKENS + (('thinking' in reasoning && reasoning.thinking.budget_tokens) || 0);
}

/** OpenAI's temperatures go up to 2. Newer models take only one of the two. */
function samplingFields({ temperature, top_p: topP, top_k: topK }: ChatRequest, traits: ModelTraits): object {
  const hasTemperature = typeof temperature === 'number';
  return {
    ...(hasTemperature && { temperature: Math.min(temperature, 1) }),
    ...(typeof topP === 'number' && (!hasTemperature || traits.takesTopPBesideTemperature) && { top_p: topP }),
    ...(typeof topK === 'number' && { top_k: topK }),
  };
}

function outputFields({ response_format: format }: ChatRequest, reasoning: Reasoning): object {
  const effort = 'effort' in reasoning ? { effort: reasoning.effort } : {};
  const schema = format?.type === 'json_schema' ? format.json_schema.schema : undefined;
  const config = { ...effort, ...(schema && { format: { type: 'json_schema', schema: constrainable(schema) } }) };
  return Object.keys(config).length > 0 ? { output_config: config } : {};
}
