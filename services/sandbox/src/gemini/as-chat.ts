import type { ChatRequest, Message } from '../llm/schemas.ts';
import type { GenerateContentRequest, Part } from './schemas.ts';

/** The same question as a chat: then it gets the same answer, and costs the same. */
export function asChat(model: string, request: GenerateContentRequest): ChatRequest {
  const { contents, systemInstruction, tools, toolConfig, generationConfig: config } = request;
  const { mode, allowedFunctionNames: allowed } = toolConfig?.functionCallingConfig ?? {};
  const declared = (tools ?? []).flatMap(({ functionDeclarations }) => functionDeclarations);
  const [only] = allowed ?? [];
  return {
    model,
    messages: [
      ...(systemInstruction ? [messageOf('system', systemInstruction.parts)] : []),
      ...contents.map(({ role, parts }) => messageOf(role === 'model' ? 'assistant' : 'user', parts)),
    ],
    max_tokens: config?.maxOutputTokens,
    tools: declared.map(({ name, parametersJsonSchema: parameters }) => ({
      type: 'function',
      function: { name, ...(parameters && { parameters }) },
    })),
    ...(mode === 'ANY' && { tool_choice: only ? { type: 'function', function: { name: only } } : 'required' }),
    ...(config?.responseMimeType === 'application/json' && {
      response_format: {
        type: 'json_schema',
        json_schema: { ...(config.responseJsonSchema && { schema: config.responseJsonSchema }) },
      },
    }),
  };
}

const messageOf = (role: Message['role'], parts: readonly Part[]): Message => ({
  role,
  content: parts.map((part) => ({ type: 'text', text: textOf(part) })),
});

function textOf({ text, functionCall, functionResponse }: Part): string {
  if (functionCall) return JSON.stringify(functionCall.args ?? {});
  return functionResponse ? JSON.stringify(functionResponse.response) : (text ?? '');
}
