import { outlineOf } from './outline.ts';
import { type Fields, type Texts, WHOLE } from './texts.ts';

/** Smaller ones are parsed once and kept. */
const LARGE_BYTES = 16 * 1024;

/** What a client sent, a JSON object. */
export interface RequestBody {
  readonly bytes: Buffer;
  /** To decide by. In a large body something stands for long texts: nothing of these fields may be sent to anybody. */
  readonly fields: Fields;
  /** About the texts of `fields`. */
  readonly texts: Texts;
  /** All of it. A large one is parsed at every call, so that it is not held twice. */
  read(): Fields;
}

/** Undefined when it is no JSON object. */
export function parseBody(bytes: Buffer): RequestBody | undefined {
  const outline = bytes.length > LARGE_BYTES ? outlineOf(bytes) : undefined;
  if (outline) {
    const { value } = outline;
    return isObject(value)
      ? { bytes, fields: value, texts: outline, read: () => JSON.parse(bytes.toString('utf8')) as Fields }
      : undefined;
  }
  const fields = parsed(bytes);
  return isObject(fields) ? { bytes, fields, texts: WHOLE, read: () => fields } : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
