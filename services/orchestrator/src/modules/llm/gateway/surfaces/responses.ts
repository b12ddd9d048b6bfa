import {
  type ReadShape,
  invalid,
  isGiven,
  missing,
  notOffered,
  wrongCount,
  wrongServiceTier,
  wrongTool,
} from './envelope.ts';

/** State that the provider keeps for the gateway's own account, which all tenants share. */
const SHARED_STATE = ['previous_response_id', 'conversation', 'prompt'];
/** The client runs these itself; whatever the provider runs is charged apart. */
const OWN_TOOLS = new Set(['function', 'custom', 'local_shell', 'apply_patch']);

/** https://platform.openai.com/docs/api-reference/responses/create */
export const readResponses: ReadShape = (body) => {
  const { input, stream, background } = body;
  if (input === undefined) return missing('input');
  if (typeof input !== 'string' && !Array.isArray(input)) return invalid('input', 'a text or a list of items');
  if (isGiven(stream) && typeof stream !== 'boolean') return invalid('stream', 'a boolean');
  const count = wrongCount(body, 'max_output_tokens');
  if (count) return count;
  for (const name of SHARED_STATE)
    if (isGiven(body[name])) return notOffered(name, 'nothing is kept between requests; send the whole conversation');
  if (background === true) return notOffered('background', 'an answer is only given to who waits for it');
  const wrong = wrongTool(body, (type) => OWN_TOOLS.has(type ?? '')) ?? wrongServiceTier(body);
  if (wrong) return wrong;
  return {
    isStream: stream === true,
    wantsUsage: true,
    maxCompletionTokens: (body['max_output_tokens'] ?? null) as number | null,
    choices: 1,
  };
};
