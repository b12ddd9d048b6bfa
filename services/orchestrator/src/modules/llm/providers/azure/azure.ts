import type { Provider } from '../provider.ts';
import type { Endpoint } from '../registry.ts';
import { openaiCompatible } from '../openai-compatible/openai-compatible.ts';

const API_PATH = '/openai/v1';

/**
 * Azure's v1 API: OpenAI's bodies, `model` is the name of a deployment, the key in a header of its own and no
 * api-version: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle. The resource's address is
 * enough (`https://<resource>.openai.azure.com`).
 */
export const azure = (endpoint: Endpoint): Provider =>
  openaiCompatible({
    ...endpoint,
    url: new URL(endpoint.url).pathname === '/' ? `${endpoint.url}${API_PATH}` : endpoint.url,
    surfaces: ['chat', 'embeddings', 'responses'],
    authorize: (key) => ({ 'api-key': key }),
  });
