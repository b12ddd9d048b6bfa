import type { Content, GenerateContentRequest } from './schemas.ts';

/** What Gemini refuses although it is well formed, in its words; undefined = it may pass. */
export function brokenRule(model: string, { contents, toolConfig, tools }: GenerateContentRequest): string | undefined {
  if (contents[0]?.role !== 'user') return 'Please ensure that multiturn requests begin with a user role.';
  if (contents.at(-1)?.role !== 'user')
    return 'Please ensure that multiturn requests end with a user role or a function response.';
  const { mode, allowedFunctionNames: allowed } = toolConfig?.functionCallingConfig ?? {};
  const names = (tools ?? []).flatMap((tool) => tool.functionDeclarations.map(({ name }) => name));
  if (allowed && mode !== 'ANY' && mode !== 'VALIDATED')
    return 'allowed_function_names should only be set when the function calling mode is ANY.';
  const unknown = allowed?.find((name) => !names.includes(name));
  if (unknown !== undefined) return `Function '${unknown}' in allowed_function_names is not declared.`;
  return contents.map((content, index) => brokenCalls(model, content, contents[index + 1])).find(Boolean);
}

function brokenCalls(model: string, content: Content, next: Content | undefined): string | undefined {
  const calls = content.parts.filter((part) => part.functionCall);
  const [first] = calls;
  if (!first) return undefined;
  const answered = (next?.parts ?? []).filter((part) => part.functionResponse).length;
  if (answered !== calls.length)
    return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
  const isSigned = !model.startsWith('gemini-3') || first.thoughtSignature !== undefined;
  return isSigned
    ? undefined
    : `Function call \`${first.functionCall?.name}\` is missing a thought_signature in functionCall parts.`;
}
