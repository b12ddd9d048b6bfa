import type { Provider } from '../provider.ts';
import type { Endpoint } from '../registry.ts';
import { openaiCompatible } from '../openai-compatible/openai-compatible.ts';

/**
 * Mistral refuses every field that it does not know with a 422, `stream_options` and `max_completion_tokens` too
 * (https://github.com/openai/openai-agents-python/issues/442, https://github.com/editor-code-assistant/eca/issues/231);
 * the last chunk of its streams has the usage unasked. Its names: https://docs.mistral.ai/api/#tag/chat.
 */
export const mistral = (endpoint: Endpoint): Provider =>
  openaiCompatible({
    ...endpoint,
    surfaces: ['chat', 'embeddings'],
    streamUsage: 'always',
    rules: {
      chat: {
        renames: { max_completion_tokens: 'max_tokens', seed: 'random_seed' },
        drops: ['user', 'store', 'metadata', 'service_tier', 'safety_identifier', 'prompt_cache_key'],
      },
      embeddings: { drops: ['user'], renames: { dimensions: 'output_dimension' } },
    },
  });
