import { isObject } from '../../body/request-body.ts';
import {
  type ReadShape,
  invalid,
  isCount,
  isGiven,
  missing,
  notOffered,
  wrongServiceTier,
  wrongTool,
} from './envelope.ts';

/** Run by the provider and charged apart. */
const HOSTED_TOOL = /^(web_search|web_fetch|code_execution|tool_search|mcp)/;

/** https://docs.anthropic.com/en/api/messages */
export const readMessages: ReadShape = (body) => {
  const { messages, stream, max_tokens: maxTokens } = body;
  if (messages === undefined) return missing('messages');
  if (!Array.isArray(messages) || messages.length === 0) return invalid('messages', 'a list of at least one message');
  const wrong = messages.findIndex((message) => !isObject(message) || typeof message['role'] !== 'string');
  if (wrong >= 0) return invalid(`messages[${wrong}]`, 'an object with a role');
  if (maxTokens === undefined) return missing('max_tokens');
  if (!isCount(maxTokens, Number.MAX_SAFE_INTEGER)) return invalid('max_tokens', 'a positive integer');
  if (isGiven(stream) && typeof stream !== 'boolean') return invalid('stream', 'a boolean');
  if (isGiven(body['mcp_servers'])) return notOffered('mcp_servers', 'only tools that you run yourself are');
  if (isGiven(body['speed']) && body['speed'] !== 'standard')
    return notOffered('speed', 'faster answers are charged apart');
  if (isGiven(body['container'])) return notOffered('container', 'nothing is kept between requests');
  const tool = wrongTool(body, (type) => !HOSTED_TOOL.test(type ?? '')) ?? wrongServiceTier(body);
  if (tool) return tool;
  return { isStream: stream === true, wantsUsage: true, maxCompletionTokens: maxTokens, choices: 1 };
};
