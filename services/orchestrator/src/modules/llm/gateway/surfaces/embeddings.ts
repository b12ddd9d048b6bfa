import { type ReadShape, invalid, isCount, isGiven, missing } from './envelope.ts';

const MAX_INPUTS = 2048;

/** https://platform.openai.com/docs/api-reference/embeddings/create */
export const readEmbeddings: ReadShape = (body) => {
  const { input, dimensions, encoding_format: format } = body;
  if (input === undefined) return missing('input');
  if (!isInput(input)) return invalid('input', `a text, a list of 1 to ${MAX_INPUTS} texts, or tokens`);
  if (isGiven(dimensions) && !isCount(dimensions, 65_536)) return invalid('dimensions', 'a positive integer');
  if (isGiven(format) && format !== 'float' && format !== 'base64')
    return invalid('encoding_format', 'float or base64');
  return { isStream: false, wantsUsage: false, maxCompletionTokens: 0, choices: 1 };
};

function isInput(input: unknown): boolean {
  if (typeof input === 'string') return input !== '';
  if (!Array.isArray(input) || input.length === 0) return false;
  if (input.every(Number.isInteger)) return true;
  if (input.length > MAX_INPUTS) return false;
  const isTokens = (item: unknown) => Array.isArray(item) && item.length > 0 && item.every(Number.isInteger);
  return input.every((item) => (typeof item === 'string' && item !== '') || isTokens(item));
}
