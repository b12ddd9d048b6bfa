import type { ServerResponse } from 'node:http';
import { countTokens, digest } from './answer.ts';
import { sendJson } from './errors.ts';
import type { EmbeddingsRequest } from './schemas.ts';

const DEFAULT_DIMENSIONS = 256;

/** A vector of length one that depends on the text alone; nearby meanings are not near. */
export function vectorOf(text: string, dimensions: number): number[] {
  let state = digest(text).readUInt32LE(0);
  const raw = Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0xffff_ffff - 0.5;
  });
  const length = Math.hypot(...raw);
  return raw.map((value) => value / length);
}

function textsOf({ input }: EmbeddingsRequest): string[] {
  if (typeof input === 'string') return [input];
  const isOneTokenList = typeof input[0] === 'number';
  if (isOneTokenList) return [input.join(' ')];
  return (input as (string | number[])[]).map((item) => (typeof item === 'string' ? item : item.join(' ')));
}

/** Token ids count as what they are, text by the common rule. */
export function countInputTokens({ input }: EmbeddingsRequest): number {
  if (typeof input === 'string') return countTokens(input);
  return (input as (string | number | number[])[]).reduce<number>((sum, item) => sum + sizeOf(item), 0);
}

function sizeOf(item: string | number | number[]): number {
  if (typeof item === 'string') return countTokens(item);
  return typeof item === 'number' ? 1 : item.length;
}

export function answerEmbeddings(
  request: EmbeddingsRequest,
  promptTokens: number,
  isUsageHidden: boolean,
  response: ServerResponse,
): void {
  const vectors = textsOf(request).map((text) => vectorOf(text, request.dimensions ?? DEFAULT_DIMENSIONS));
  const encode = (vector: number[]) =>
    request.encoding_format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
  sendJson(response, 200, {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
    model: request.model,
    ...(!isUsageHidden && { usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } }),
  });
}
