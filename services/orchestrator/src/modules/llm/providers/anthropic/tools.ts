import type { ChatRequest, FunctionTool } from '../chat/request.ts';
import { Untranslatable } from '../provider.ts';
import { mark } from './blocks.ts';
import { constrainable } from './schema.ts';
import type { Turn } from './turns.ts';

/**
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview and …/strict-tool-use.
 * @throws {Untranslatable}
 */
export function toolFields(request: ChatRequest, turns: readonly Turn[]): object {
  const { tools, toolChoice, parallel_tool_calls: isParallel } = request;
  if (tools.length === 0) {
    if (forcesTool(request)) throw new Untranslatable('tool_choice', "'tool_choice' needs 'tools' to choose from.");
    return usedTools(turns);
  }
  const atMostOne = isParallel === false && toolChoice !== 'none' ? { disable_parallel_tool_use: true } : undefined;
  const isSaid = toolChoice !== 'auto' || atMostOne !== undefined;
  return {
    tools: tools.map((tool, index) => toolOf(tool, `tools[${index}]`)),
    ...(isSaid && { tool_choice: { ...choiceOf(toolChoice), ...atMostOne } }),
  };
}

/** A conversation in which tools were used must name them, also when none may be used any more. */
function usedTools(turns: readonly Turn[]): object {
  const blocks = turns.flatMap(({ content }) => content).filter(({ type }) => type === 'tool_use');
  const names = new Set(blocks.map(({ name }) => name));
  if (names.size === 0) return {};
  return {
    tools: [...names].map((name) => ({ name, input_schema: { type: 'object' } })),
    tool_choice: { type: 'none' },
  };
}

/** Claude cannot think before a tool that it must use. */
export const forcesTool = ({ toolChoice }: ChatRequest): boolean =>
  toolChoice === 'required' || typeof toolChoice === 'object';

function choiceOf(choice: ChatRequest['toolChoice']): object {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name };
  return { type: choice === 'required' ? 'any' : choice };
}

function toolOf(tool: FunctionTool, param: string): object {
  const { name, description, parameters, strict } = tool.function;
  const schema = { type: 'object', properties: {}, ...parameters };
  return {
    name,
    ...(description && { description }),
    input_schema: strict === true ? constrainable(schema) : schema,
    ...(strict === true && { strict }),
    ...mark(tool, param),
  };
}
