import { type AssistantMessage, type Message, OPENING_TEXT, type ToolCall } from '../chat/message.ts';
import { Untranslatable } from '../provider.ts';
import type { ModelTraits } from './models.ts';
import { type GeminiPart, partOf } from './parts.ts';

export interface Content {
  role: 'user' | 'model';
  parts: GeminiPart[];
}

export interface Conversation {
  system: GeminiPart[];
  contents: Content[];
}

/**
 * Google's word for a call that another model made, or whose signature the client lost:
 * https://ai.google.dev/gemini-api/docs/thought-signatures#faqs.
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

/**
 * System and developer messages go to the front wherever they stood; messages of one side that follow each other become
 * one content. https://ai.google.dev/api/generate-content#request-body. @throws {Untranslatable}
 */
export function conversationOf(messages: readonly Message[], traits: ModelTraits): Conversation {
  const system: GeminiPart[] = [];
  const contents: Content[] = [];
  const namesById = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const param = `messages[${index}]`;
    if (message.role === 'assistant')
      for (const call of message.tool_calls ?? []) namesById.set(call.id, call.function.name);
    if (message.role === 'system' || message.role === 'developer')
      system.push(...message.content.flatMap((part) => partOf(part, param)));
    else if (message.role === 'assistant') add(contents, 'model', modelParts(message, param, traits));
    else if (message.role === 'tool') add(contents, 'user', [functionResponse(message, param, namesById)]);
    else
      add(
        contents,
        'user',
        message.content.flatMap((part, at) => partOf(part, `${param}.content[${at}]`)),
      );
  }
  if (contents.length === 0)
    throw new Untranslatable('messages', 'There must be a message that is not empty besides the system’s.');
  // As chat widgets do with a welcome; Gemini wants the user to begin.
  if (contents[0]?.role === 'model') contents.unshift({ role: 'user', parts: [{ text: OPENING_TEXT }] });
  return { system, contents };
}

function add(contents: Content[], role: Content['role'], parts: GeminiPart[]): void {
  const last = contents.at(-1);
  if (parts.length === 0) return;
  if (last?.role === role) last.parts.push(...parts);
  else contents.push({ role, parts });
}

function modelParts(message: AssistantMessage, param: string, { wantsSignatures }: ModelTraits): GeminiPart[] {
  const said = (message.content ?? []).map((part) => (part.type === 'text' ? part.text : part.refusal));
  const texts = [...said, message.refusal ?? ''].filter((text) => text !== '');
  const calls = (message.tool_calls ?? []).map((call, at) => {
    const signature = call.extra_content?.google?.thought_signature;
    // Of calls that were made together only the first is signed.
    const thoughtSignature = signature ?? (wantsSignatures && at === 0 ? NO_SIGNATURE : undefined);
    return { ...functionCall(call, `${param}.tool_calls[${at}]`), ...(thoughtSignature && { thoughtSignature }) };
  });
  return [...texts.map((text) => ({ text })), ...calls];
}

function functionCall({ id, function: { name, arguments: json } }: ToolCall, param: string): GeminiPart {
  return { functionCall: { id, name, args: argsOf(json, `${param}.function.arguments`) } };
}

function argsOf(json: string, param: string): object {
  try {
    const args: unknown = json.trim() === '' ? {} : JSON.parse(json);
    if (typeof args === 'object' && args !== null && !Array.isArray(args)) return args;
  } catch {
    // Said below.
  }
  throw new Untranslatable(param, 'The arguments of a tool call must be a JSON object.');
}

type ToolMessage = Extract<Message, { role: 'tool' }>;

/** The text as it is: whether it is JSON is for the model to see. */
function functionResponse(message: ToolMessage, param: string, namesById: ReadonlyMap<string, string>): GeminiPart {
  const { tool_call_id: id, content } = message;
  const name = namesById.get(id);
  if (name === undefined)
    throw new Untranslatable(`${param}.tool_call_id`, 'No earlier message of the assistant made this call.');
  const output = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const images = content.flatMap((part, at) => (part.type === 'text' ? [] : partOf(part, `${param}.content[${at}]`)));
  return { functionResponse: { id, name, response: { output }, ...(images.length > 0 && { parts: images }) } };
}
