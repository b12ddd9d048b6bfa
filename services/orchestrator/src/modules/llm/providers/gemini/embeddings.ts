import type { Fields } from '../../body/texts.ts';
import { parseObject } from '../openai-compatible/event.ts';
import { type Answer, type UpstreamCall, Untranslatable } from '../provider.ts';
import { estimatePrompt } from '../../usage/estimate.ts';
import { listOf } from './candidate.ts';
import { geminiUsage } from './usage.ts';

/** https://ai.google.dev/api/embeddings#method:-models.batchembedcontents */
const MAX_TEXTS = 100;

/** OpenAI's embeddings as one batch, also of a single text, as Google's own client does it. @throws {Untranslatable} */
export function batchBody({ body, model }: UpstreamCall): string {
  const { dimensions, input } = body.read();
  const requests = textsOf(input).map((text) => ({
    model: `models/${model}`,
    content: { parts: [{ text }] },
    ...(typeof dimensions === 'number' && { outputDimensionality: dimensions }),
  }));
  return JSON.stringify({ requests });
}

function textsOf(input: unknown): string[] {
  const texts: unknown[] = Array.isArray(input) ? input : [input];
  if (texts.length > MAX_TEXTS)
    throw new Untranslatable('input', `This model embeds at most ${MAX_TEXTS} texts in a request.`);
  if (!texts.every((text) => typeof text === 'string'))
    throw new Untranslatable('input', 'This model embeds texts; it does not know OpenAI’s tokens.');
  return texts;
}

export function readEmbeddings(answer: Buffer, { body, model }: UpstreamCall): Answer | undefined {
  const response = parseObject(answer.toString('utf8'));
  if (!response || !Array.isArray(response['embeddings'])) return undefined;
  const vectors = listOf(response['embeddings']).map(({ values }) =>
    Array.isArray(values) ? (values as number[]) : [],
  );
  const usage = geminiUsage(response['usageMetadata']);
  const tokens = usage?.promptTokens ?? estimatePrompt(body);
  const given = {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: presented(vector, body.fields) })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
  return { usage, text: [], body: Buffer.from(JSON.stringify(given)) };
}

/** OpenAI's are of length one; Gemini's only in full: https://ai.google.dev/gemini-api/docs/embeddings#quality-for-smaller-dimensions. */
function presented(values: number[], body: Fields): number[] | string {
  const length = Math.hypot(...values);
  const vector = body['dimensions'] && length > 0 ? values.map((value) => value / length) : values;
  return body['encoding_format'] === 'base64'
    ? Buffer.from(Float32Array.from(vector).buffer).toString('base64')
    : vector;
}
