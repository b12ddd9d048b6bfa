import { z } from 'zod';
import { baseUrl, providerKeys, providerUrls } from './llm-providers.ts';
import { usdRates } from './usd-rates.ts';
import { httpUrl, milliseconds, secret, variable } from './variable.ts';

const LLM = 'LLM gateway';
const providerKey = (provider: string) =>
  variable({
    schema: secret().optional(),
    group: LLM,
    about: `Key for ${provider}; without it the provider is off.`,
    secret: true,
  });
const ownServer = (server: string, example: string, keyName: string) => ({
  url: variable({
    schema: baseUrl().optional(),
    group: LLM,
    about: `Address of ${server} (${example}); without it the provider is off.`,
  }),
  key: variable({
    schema: secret().optional(),
    group: LLM,
    about: `Key for ${keyName}, if it asks for one.`,
    secret: true,
  }),
});
const ollama = ownServer('an Ollama server', 'http://ollama:11434/v1', 'that Ollama server');
const vllm = ownServer('a vLLM server', 'http://vllm:8000/v1', 'that vLLM server');
const timeZone = () =>
  z
    .string()
    .refine((zone) => isTimeZone(zone), 'must be a time zone by its IANA name, like Europe/Paris')
    .default('UTC');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const llmVariables = {
  LLM_PROVIDER_KEYS: variable({
    schema: providerKeys(),
    group: LLM,
    about:
      'Keys of providers in one file, a line each: GROQ_API_KEY=…; a variable of the same name wins over its line.',
    secret: true,
  }),
  LLM_PROVIDER_URLS: variable({
    schema: providerUrls(),
    group: LLM,
    about: 'Other addresses for providers, such as a proxy’s: groq=https://…/v1,openai=https://…/v1.',
  }),
  GROQ_API_KEY: providerKey('Groq'),
  OPENROUTER_API_KEY: providerKey('OpenRouter'),
  OPENROUTER_APP_URL: variable({
    schema: httpUrl().optional(),
    group: LLM,
    about: 'Address by which OpenRouter lists this server among its apps (HTTP-Referer); nothing is sent without it.',
  }),
  OPENROUTER_APP_NAME: variable({
    schema: z
      .string()
      .regex(/^[\x20-\x7e]{1,100}$/, 'must be at most 100 characters of ASCII')
      .optional(),
    group: LLM,
    about: 'Name for the same list (X-Title).',
  }),
  OPENAI_API_KEY: providerKey('OpenAI'),
  ANTHROPIC_API_KEY: providerKey('Anthropic'),
  GEMINI_API_KEY: providerKey('Google Gemini'),
  MISTRAL_API_KEY: providerKey('Mistral'),
  DEEPSEEK_API_KEY: providerKey('DeepSeek'),
  TOGETHER_API_KEY: providerKey('Together AI'),
  FIREWORKS_API_KEY: providerKey('Fireworks AI'),
  COHERE_API_KEY: providerKey('Cohere'),
  XAI_API_KEY: providerKey('xAI'),
  CEREBRAS_API_KEY: providerKey('Cerebras'),
  SAMBANOVA_API_KEY: providerKey('SambaNova'),
  PERPLEXITY_API_KEY: providerKey('Perplexity'),
  AZURE_OPENAI_URL: variable({
    schema: baseUrl().optional(),
    group: LLM,
    about: 'The resource at Azure (https://<resource>.openai.azure.com); without it and its key the provider is off.',
  }),
  AZURE_OPENAI_API_KEY: providerKey('Azure OpenAI'),
  OLLAMA_URL: ollama.url,
  OLLAMA_API_KEY: ollama.key,
  VLLM_URL: vllm.url,
  VLLM_API_KEY: vllm.key,
  LLM_UPSTREAM_URL: variable({
    schema: baseUrl().optional(),
    group: LLM,
    about: 'Any other OpenAI-compatible provider, ending in /v1; in routes it is called custom.',
  }),
  LLM_UPSTREAM_KEY: variable({
    schema: secret().optional(),
    group: LLM,
    about: 'Its key; any word for a provider that asks for none.',
    secret: true,
  }),
  LLM_PRICES_FILE: variable({
    schema: z.string().optional(),
    group: LLM,
    about: 'Your own prices of models, laid over those that are shipped (llm-prices.yaml says how).',
  }),
  LLM_DAILY_BUDGET_USD: variable({
    schema: z.coerce.number().min(0).max(1_000_000).default(50),
    group: LLM,
    about:
      'What all completions of a day may cost; the operator is warned at 90 %, and once it is spent free providers answer. 0 = only free providers.',
  }),
  LLM_TIME_ZONE: variable({
    schema: timeZone(),
    group: LLM,
    about: 'Where the days and months of quotas and budgets begin: a time zone by its IANA name.',
  }),
  LLM_RESERVED_COMPLETION_TOKENS: variable({
    schema: z.coerce.number().int().min(1).max(1_000_000).default(4096),
    group: LLM,
    about:
      'Tokens of an answer that a budget sets aside before they are known; fewer when the request limits itself. A budget is overrun by at most what answers are longer.',
  }),
  USD_RATES: variable({
    schema: usdRates(),
    group: LLM,
    about:
      'What a unit of other currencies is in USD, for the operator’s own figures: EUR=1.08,DZD=0.0075. Revenue in a currency that is not named is shown beside the profit, not in it.',
  }),
  LLM_CACHE_TTL_S: variable({
    schema: z.coerce.number().int().min(1).max(86_400).default(3600),
    group: LLM,
    about: 'How long an answer is kept for a request that says nothing else (x-gateway-cache-ttl, up to a day).',
  }),
  LLM_MAX_LIVE_REQUESTS: variable({
    schema: z.coerce.number().int().min(1).max(20_000).default(2000),
    group: LLM,
    about: 'Requests under way at once in one gateway; more are told to come back.',
  }),
  LLM_SHED_AFTER_MS: variable({
    schema: milliseconds(300),
    group: LLM,
    about:
      'How late the gateway’s own work may be before it refuses a part of the requests instead of being slow for all.',
  }),
  LLM_CONNECT_TIMEOUT_MS: variable({
    schema: milliseconds(3000),
    group: LLM,
    about: 'How long connecting to the provider may take.',
  }),
  LLM_FIRST_BYTE_TIMEOUT_MS: variable({
    schema: milliseconds(30_000),
    group: LLM,
    about: 'How long a provider may take before a stream begins.',
  }),
  LLM_ANSWER_TIMEOUT_MS: variable({
    schema: milliseconds(300_000),
    group: LLM,
    about: 'How long a provider may take for an answer in one piece.',
  }),
  LLM_IDLE_TIMEOUT_MS: variable({
    schema: milliseconds(60_000),
    group: LLM,
    about: 'How long a provider may be silent in the middle of an answer.',
  }),
} as const;
