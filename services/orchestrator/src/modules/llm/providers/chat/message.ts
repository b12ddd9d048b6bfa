import { z } from 'zod';

const cacheControl = z.unknown().optional();

const TextPart = z.object({ type: z.literal('text'), text: z.string(), cache_control: cacheControl });
const ImagePart = z.object({
  type: z.literal('image_url'),
  image_url: z.object({ url: z.string().min(1) }),
  cache_control: cacheControl,
});
const AudioPart = z.object({
  type: z.literal('input_audio'),
  input_audio: z.object({ data: z.string(), format: z.string() }),
});
const FilePart = z.object({
  type: z.literal('file'),
  file: z.object({ file_data: z.string().nullish(), file_id: z.string().nullish(), filename: z.string().nullish() }),
  cache_control: cacheControl,
});
const RefusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() });

/** A text is a list of one text. */
const parts = <T extends z.ZodType>(part: T) =>
  z.preprocess((content) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content), z.array(part));

const ToolCall = z.object({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
  /** Google's place for what its models must get back: https://ai.google.dev/gemini-api/docs/openai. */
  extra_content: z.object({ google: z.object({ thought_signature: z.string().nullish() }).nullish() }).nullish(),
});

const AssistantMessage = z.object({
  role: z.literal('assistant'),
  content: parts(z.discriminatedUnion('type', [TextPart, RefusalPart])).nullish(),
  refusal: z.string().nullish(),
  /** Anthropic's thinking with its signature, under LiteLLM's name, as we gave it out. */
  thinking_blocks: z.array(z.record(z.string(), z.unknown())).nullish(),
  tool_calls: z.array(ToolCall).nullish(),
});

const ToolMessage = z.object({
  role: z.literal('tool'),
  tool_call_id: z.string().min(1),
  content: parts(z.discriminatedUnion('type', [TextPart, ImagePart])),
});

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages, without what is deprecated. */
export const Message = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), content: parts(TextPart) }),
  z.object({ role: z.literal('developer'), content: parts(TextPart) }),
  z.object({
    role: z.literal('user'),
    content: parts(z.discriminatedUnion('type', [TextPart, ImagePart, AudioPart, FilePart])),
  }),
  AssistantMessage,
  ToolMessage,
]);
export type Message = z.output<typeof Message>;
export type ToolCall = z.output<typeof ToolCall>;
export type AssistantMessage = z.output<typeof AssistantMessage>;
export type Part = Extract<Message, { role: 'user' | 'tool' }>['content'][number];
export type TextPart = z.output<typeof TextPart>;

/** Before a conversation that the assistant opens, where a provider wants the user to begin. */
export const OPENING_TEXT = '(The conversation begins.)';
