import { type Choice, completionBody, createdAt, producedText } from '../chat/completion.ts';
import { parseObject } from '../openai-compatible/event.ts';
import type { Answer, UpstreamCall } from '../provider.ts';
import {
  type Fields,
  blockedPrompt,
  callId,
  fields,
  finishReasonOf,
  listOf,
  logprobsOf,
  saidBy,
  textOf,
} from './candidate.ts';
import { geminiUsage } from './usage.ts';

/** https://ai.google.dev/api/generate-content#generatecontentresponse as OpenAI's chat completion. */
export function readChatAnswer(body: Buffer, call: UpstreamCall): Answer | undefined {
  const response = parseObject(body.toString('utf8'));
  if (!response) return undefined;
  const id = textOf(response['responseId']) || call.requestId;
  const blocked = blockedPrompt(response);
  const choices = listOf(response['candidates']).map((candidate, index) => choiceOf(candidate, { id, index, call }));
  if (choices.length === 0 && blocked !== undefined)
    choices.push({ message: { content: null, refusal: blocked }, finishReason: 'content_filter' });
  if (choices.length === 0) return undefined;
  const usage = geminiUsage(response['usageMetadata']);
  const head = { id, created: createdAt(call.requestId), model: textOf(response['modelVersion']) || call.model };
  return {
    usage,
    text: choices.flatMap(({ message }) => producedText(message)),
    body: completionBody(head, choices, usage),
  };
}

interface Place {
  id: string;
  index: number;
  call: UpstreamCall;
}

function choiceOf(candidate: Fields, { id, index, call }: Place): Choice {
  const said = listOf(fields(candidate['content'])['parts']).map(saidBy);
  const content = said.map((one) => one.content).join('');
  const reasoning = said.map((one) => one.reasoning).join('');
  const made = said.flatMap((one) => (one.call ? [one.call] : []));
  const calls = allowedCalls(made, call).map((one, at) => ({ ...one, id: one.id ?? callId(id, index, at) }));
  return {
    message: {
      content: content === '' && calls.length > 0 ? null : content,
      refusal: null,
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
    finishReason: finishReasonOf(candidate['finishReason'], calls.length > 0),
    logprobs: logprobsOf(candidate),
  };
}

/** Gemini has no word for `parallel_tool_calls: false`: what is more than one is left out. */
const allowedCalls = <T>(calls: T[], { body }: UpstreamCall): T[] =>
  body.fields['parallel_tool_calls'] === false ? calls.slice(0, 1) : calls;
