import { z } from 'zod';

const TextPart = z.looseObject({ type: z.string(), text: z.string().optional() });
const Message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(TextPart)]).nullish(),
});
export type Message = z.output<typeof Message>;

const Tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), parameters: z.record(z.string(), z.unknown()).optional() }),
});
export type Tool = z.output<typeof Tool>;

const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
]);

const ResponseFormat = z.looseObject({
  type: z.enum(['text', 'json_object', 'json_schema']),
  json_schema: z.looseObject({ schema: z.record(z.string(), z.unknown()).optional() }).optional(),
});

export const ChatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.number().int().positive().nullish(),
  max_completion_tokens: z.number().int().positive().nullish(),
  n: z.literal(1, 'this stand-in answers one choice only').nullish(),
  tools: z.array(Tool).nullish(),
  tool_choice: ToolChoice.nullish(),
  response_format: ResponseFormat.nullish(),
});
export type ChatRequest = z.output<typeof ChatRequest>;

export const EmbeddingsRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1),
    z.array(z.number().int()).min(1),
    z.array(z.array(z.number().int())).min(1),
  ]),
  dimensions: z.number().int().min(1).max(3072).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});
export type EmbeddingsRequest = z.output<typeof EmbeddingsRequest>;

/** What the action `configure` sets; left out = unchanged. */
export const Settings = z.strictObject({
  /** Time between two tokens; a plain answer takes as long as a streamed one. */
  chunkDelayMs: z.number().int().min(0).max(60_000).exactOptional(),
  /** Length of a text answer that no limit cuts short; null = given by the prompt, 24 to 56. */
  completionTokens: z.number().int().min(1).max(200_000).nullable().exactOptional(),
  /** The models it knows; null = it lists a few and answers as any. */
  models: z.array(z.string().min(1)).min(1).nullable().exactOptional(),
});
export type Settings = Required<z.output<typeof Settings>>;
