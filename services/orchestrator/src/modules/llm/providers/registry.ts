import { ConfigError } from '#core/config/load.ts';
import type { Config, VariableName } from '#core/config/variables.ts';
import { anthropic } from './anthropic/anthropic.ts';
import { azure } from './azure/azure.ts';
import { gemini } from './gemini/gemini.ts';
import { groq } from './groq/groq.ts';
import { mistral } from './mistral/mistral.ts';
import { openaiCompatible } from './openai-compatible/openai-compatible.ts';
import { openrouter } from './openrouter/openrouter.ts';
import { perplexity } from './perplexity/perplexity.ts';
import type { Provider, Surface } from './provider.ts';

/** Where one provider is and what opens it. */
export interface Endpoint {
  name: string;
  label: string;
  /** Base URL without a slash at its end. */
  url: string;
  /** Null: it asks for none. */
  key: string | null;
}

export interface ProviderEntry {
  /** In routes, in usage and in LLM_PROVIDER_URLS. */
  name: string;
  label: string;
  /** Variable, or line of LLM_PROVIDER_KEYS. */
  keyVariable: string;
  isKeyOptional?: boolean;
  /** A base URL, or the variable that has it. */
  url: string | { variable: VariableName };
  /** What of OpenAI's APIs it has, when it has them as OpenAI does … */
  surfaces?: readonly Surface[];
  /** … and how it is made when it does something differently. */
  make?: (endpoint: Endpoint, config: Config) => Provider;
}

/**
 * Every provider there is. One that speaks as OpenAI does is an entry here and nothing else; its key is then a line of
 * LLM_PROVIDER_KEYS, or a variable once variables.ts has it. Order is that of lists people see.
 */
export const PROVIDERS: readonly ProviderEntry[] = [
  {
    name: 'groq',
    label: 'Groq',
    keyVariable: 'GROQ_API_KEY',
    url: 'https://api.groq.com/openai/v1',
    make: groq,
  },
  {
    name: 'openrouter',
    label: 'OpenRouter',
    keyVariable: 'OPENROUTER_API_KEY',
    url: 'https://openrouter.ai/api/v1',
    make: openrouter,
  },
  {
    // https://platform.openai.com/docs/api-reference
    name: 'openai',
    label: 'OpenAI',
    keyVariable: 'OPENAI_API_KEY',
    url: 'https://api.openai.com/v1',
    surfaces: ['chat', 'embeddings', 'responses'],
  },
  {
    name: 'anthropic',
    label: 'Anthropic',
    keyVariable: 'ANTHROPIC_API_KEY',
    url: 'https://api.anthropic.com/v1',
    make: ({ key, ...endpoint }) => anthropic({ ...endpoint, key: key ?? '' }),
  },
  {
    name: 'gemini',
    label: 'Google Gemini',
    keyVariable: 'GEMINI_API_KEY',
    url: 'https://generativelanguage.googleapis.com/v1beta',
    make: ({ key, ...endpoint }) => gemini({ ...endpoint, key: key ?? '' }),
  },
  {
    name: 'mistral',
    label: 'Mistral',
    keyVariable: 'MISTRAL_API_KEY',
    url: 'https://api.mistral.ai/v1',
    make: mistral,
  },
  {
    // https://api-docs.deepseek.com; Anthropic's way is below a path of its own, and takes the same bearer token.
    name: 'deepseek',
    label: 'DeepSeek',
    keyVariable: 'DEEPSEEK_API_KEY',
    url: 'https://api.deepseek.com',
    make: (endpoint) =>
      openaiCompatible({
        ...endpoint,
        surfaces: ['chat', 'messages'],
        paths: { messages: '/anthropic/v1/messages' },
        authorize: (key) => ({ authorization: `Bearer ${key}`, 'x-api-key': key }),
      }),
  },
  {
    // https://docs.together.ai/docs/inference/openai-compatibility
    name: 'together',
    label: 'Together AI',
    keyVariable: 'TOGETHER_API_KEY',
    url: 'https://api.together.ai/v1',
    surfaces: ['chat', 'embeddings'],
  },
  {
    // https://docs.fireworks.ai/tools-sdks/openai-compatibility, …/anthropic-compatibility
    name: 'fireworks',
    label: 'Fireworks AI',
    keyVariable: 'FIREWORKS_API_KEY',
    url: 'https://api.fireworks.ai/inference/v1',
    surfaces: ['chat', 'embeddings', 'responses', 'messages'],
  },
  {
    // https://docs.cohere.com/docs/compatibility-api; that API has no list of models.
    name: 'cohere',
    label: 'Cohere',
    keyVariable: 'COHERE_API_KEY',
    url: 'https://api.cohere.ai/compatibility/v1',
    make: (endpoint) => openaiCompatible({ ...endpoint, surfaces: ['chat', 'embeddings'], hasModels: false }),
  },
  {
    // https://docs.x.ai/docs/api-reference; a deferred answer would be paid for, and fetched by nobody.
    name: 'xai',
    label: 'xAI',
    keyVariable: 'XAI_API_KEY',
    url: 'https://api.x.ai/v1',
    make: (endpoint) =>
      openaiCompatible({
        ...endpoint,
        surfaces: ['chat', 'responses'],
        rules: { chat: { refuses: { deferred: 'An answer is only given to who waits for it.' } } },
      }),
  },
  {
    // https://inference-docs.cerebras.ai/resources/openai
    name: 'cerebras',
    label: 'Cerebras',
    keyVariable: 'CEREBRAS_API_KEY',
    url: 'https://api.cerebras.ai/v1',
    surfaces: ['chat'],
  },
  {
    // https://docs.sambanova.ai/docs/en/features/openai-compatibility, …/messages
    name: 'sambanova',
    label: 'SambaNova',
    keyVariable: 'SAMBANOVA_API_KEY',
    url: 'https://api.sambanova.ai/v1',
    surfaces: ['chat', 'embeddings', 'responses', 'messages'],
  },
  {
    name: 'perplexity',
    label: 'Perplexity',
    keyVariable: 'PERPLEXITY_API_KEY',
    url: 'https://api.perplexity.ai/v1',
    make: perplexity,
  },
  {
    name: 'azure',
    label: 'Azure OpenAI',
    keyVariable: 'AZURE_OPENAI_API_KEY',
    url: { variable: 'AZURE_OPENAI_URL' },
    make: azure,
  },
  {
    // https://docs.ollama.com/api/openai-compatibility, …/anthropic-compatibility
    name: 'ollama',
    label: 'Ollama',
    keyVariable: 'OLLAMA_API_KEY',
    isKeyOptional: true,
    url: { variable: 'OLLAMA_URL' },
    surfaces: ['chat', 'embeddings', 'responses', 'messages'],
  },
  {
    // https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    name: 'vllm',
    label: 'vLLM',
    keyVariable: 'VLLM_API_KEY',
    isKeyOptional: true,
    url: { variable: 'VLLM_URL' },
    surfaces: ['chat', 'embeddings', 'responses', 'messages'],
  },
  {
    name: 'custom',
    label: 'Custom',
    keyVariable: 'LLM_UPSTREAM_KEY',
    url: { variable: 'LLM_UPSTREAM_URL' },
    surfaces: ['chat', 'embeddings', 'responses', 'messages'],
  },
];

export interface ProviderSet {
  on: ReadonlyMap<string, Provider>;
  /** With what to do about it. */
  off: readonly { name: string; label: string; reason: string }[];
}

/** One without a key is off. @throws {ConfigError} for names that no provider has. */
export function createProviders(config: Config, entries: readonly ProviderEntry[] = PROVIDERS): ProviderSet {
  checkNames(config, entries);
  const on = new Map<string, Provider>();
  const off: ProviderSet['off'][number][] = [];
  for (const entry of entries) {
    const { name, label, surfaces = [] } = entry;
    const endpoint = endpointOf(entry, config);
    if (Array.isArray(endpoint)) off.push({ name, label, reason: reasonOf(endpoint) });
    else on.set(name, entry.make?.(endpoint, config) ?? openaiCompatible({ ...endpoint, surfaces }));
  }
  return { on, off };
}

/** Or the variables that are missing. */
function endpointOf(entry: ProviderEntry, config: Config): Endpoint | string[] {
  const { name, label, keyVariable, isKeyOptional = false } = entry;
  const url = config.LLM_PROVIDER_URLS[name] ?? urlOf(entry, config);
  const key = keyOf(keyVariable, config);
  if (url !== undefined && (key !== undefined || isKeyOptional)) return { name, label, url, key: key ?? null };
  return [
    ...(url === undefined && typeof entry.url !== 'string' ? [entry.url.variable] : []),
    ...(key === undefined && !isKeyOptional ? [keyVariable] : []),
  ];
}

function urlOf({ url }: ProviderEntry, config: Config): string | undefined {
  return typeof url === 'string' ? url : (config[url.variable] as string | undefined);
}

function keyOf(variable: string, config: Config): string | undefined {
  const own = (config as Readonly<Record<string, unknown>>)[variable];
  return typeof own === 'string' ? own : config.LLM_PROVIDER_KEYS[variable];
}

const reasonOf = (missing: readonly string[]): string =>
  `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set. Set ${missing.length === 1 ? 'it' : 'them'} and restart the gateway.`;

function checkNames(config: Config, entries: readonly ProviderEntry[]): void {
  const names = entries.map(({ name }) => name);
  const keys = entries.map(({ keyVariable }) => keyVariable);
  const wrong = (variable: string, given: object, known: readonly string[]) =>
    Object.keys(given).flatMap((name) =>
      known.includes(name) ? [] : [`${variable}: there is no '${name}'; there are ${known.join(', ')}`],
    );
  const problems = [
    ...wrong('LLM_PROVIDER_URLS', config.LLM_PROVIDER_URLS, names),
    ...wrong('LLM_PROVIDER_KEYS', config.LLM_PROVIDER_KEYS, keys),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}
