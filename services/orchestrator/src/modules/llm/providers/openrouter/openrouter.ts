import type { Config } from '#core/config/variables.ts';
import type { Provider } from '../provider.ts';
import type { Endpoint } from '../registry.ts';
import { openaiCompatible } from '../openai-compatible/openai-compatible.ts';
import { readError } from './error.ts';

const ONE_MODEL = 'Another model may only be asked for by its name in `model`: this gateway has its own fallbacks.';
/** Each would let a request be answered by a model that its key may not use: https://openrouter.ai/docs/features/model-routing. */
const OTHER_MODELS = { models: ONE_MODEL, preset: ONE_MODEL, route: ONE_MODEL, fallbacks: ONE_MODEL };

/**
 * OpenRouter says what each answer costs: https://openrouter.ai/docs/use-cases/usage-accounting. Its documentation has
 * said at times that this must be asked for, and at times that it need not be; asking is harmless.
 */
const CHAT = { sets: { usage: { include: true } }, refuses: OTHER_MODELS };
const OTHERS = { refuses: OTHER_MODELS };

/** https://openrouter.ai/docs/api-reference/overview; the two headers only name the app in OpenRouter's own rankings. */
export function openrouter(endpoint: Endpoint, config: Config): Provider {
  const { OPENROUTER_APP_URL: appUrl, OPENROUTER_APP_NAME: appName } = config;
  return openaiCompatible({
    ...endpoint,
    surfaces: ['chat', 'embeddings', 'responses', 'messages'],
    headers: { ...(appUrl && { 'http-referer': appUrl }), ...(appName && { 'x-title': appName }) },
    rules: { chat: CHAT, embeddings: OTHERS, responses: OTHERS, messages: OTHERS },
    readError,
  });
}
