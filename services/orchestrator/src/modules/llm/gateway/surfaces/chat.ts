import { isObject } from '../../body/request-body.ts';
import { invalidRequest } from '../errors.ts';
import {
  type ReadShape,
  invalid,
  isCount,
  isGiven,
  missing,
  notOffered,
  wrongCount,
  wrongServiceTier,
} from './envelope.ts';

const MAX_CHOICES = 128;

/** https://platform.openai.com/docs/api-reference/chat/create */
export const readChat: ReadShape = (body) => {
  const { messages, stream, stream_options: streamOptions, n, tools } = body;
  if (messages === undefined) return missing('messages');
  if (!Array.isArray(messages) || messages.length === 0) return invalid('messages', 'a list of at least one message');
  const wrong = messages.findIndex((message) => !isObject(message) || typeof message['role'] !== 'string');
  if (wrong >= 0) return invalid(`messages[${wrong}]`, 'an object with a role');
  if (isGiven(stream) && typeof stream !== 'boolean') return invalid('stream', 'a boolean');
  if (isGiven(streamOptions) && !isObject(streamOptions)) return invalid('stream_options', 'an object');
  if (isGiven(streamOptions) && stream !== true)
    return invalidRequest("'stream_options' is only allowed when 'stream' is true.", 'stream_options', 'invalid_value');
  const count = wrongCount(body, 'max_tokens', 'max_completion_tokens');
  if (count) return count;
  if (isGiven(n) && !isCount(n, MAX_CHOICES)) return invalid('n', `an integer from 1 to ${MAX_CHOICES}`);
  if (isGiven(tools) && !Array.isArray(tools)) return invalid('tools', 'a list');
  if (isGiven(body['web_search_options'])) return notOffered('web_search_options', 'searches are charged apart');
  const tier = wrongServiceTier(body);
  if (tier) return tier;
  return {
    isStream: stream === true,
    wantsUsage: isObject(streamOptions) && streamOptions['include_usage'] === true,
    maxCompletionTokens: (body['max_completion_tokens'] ?? body['max_tokens'] ?? null) as number | null,
    choices: (n ?? 1) as number,
  };
};
