export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export const MASK = '********';

const SECRET_KEY = /password|passwd|secret|token|key$|^auth$/i;
/** A shorter value is masked only where it stands under its key: replacing every "pw" would ruin the text around it. */
const MIN_LENGTH = 4;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Every value under a key that sounds like a secret, however deep. */
export function collectSecrets(value: unknown, isSecret = false): string[] {
  if (isObject(value))
    return Object.entries(value).flatMap(([key, inner]) =>
      collectSecrets(inner, isSecret || (!Array.isArray(value) && SECRET_KEY.test(key))),
    );
  return isSecret && (typeof value === 'string' || typeof value === 'number') && value !== '' ? [String(value)] : [];
}

/** A copy in which those values are masked and everything else is as it was. */
export function maskSecrets(value: unknown, isSecret = false): Json {
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, isSecret));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, maskSecrets(inner, isSecret || SECRET_KEY.test(key))]),
    );
  if (isSecret && value !== null && value !== undefined && value !== '') return MASK;
  return (value ?? null) as Json;
}

/** Keeps known secrets out of text that others wrote: a command's output, a database's error. */
export class Redactor {
  #needles: string[] = [];

  add(secrets: readonly string[]): void {
    const forms = secrets.flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
    ]);
    // Longest first: a secret that contains another must go as a whole.
    this.#needles = [...new Set([...this.#needles, ...forms])]
      .filter((needle) => needle.length >= MIN_LENGTH)
      .sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    let safe = text;
    for (const needle of this.#needles) safe = safe.replaceAll(needle, MASK);
    return safe;
  }

  /** For text that still grows: holds back an end that may be the beginning of a secret. */
  partialText(text: string): string {
    let end = text.length;
    for (const needle of this.#needles)
      for (let length = Math.min(needle.length - 1, text.length); length > text.length - end; length -= 1)
        if (text.endsWith(needle.slice(0, length))) end = text.length - length;
    return this.text(text.slice(0, end));
  }

  json<T>(value: T): T {
    if (typeof value === 'string') return this.text(value) as T;
    if (Array.isArray(value)) return value.map((item: unknown) => this.json(item)) as T;
    if (isObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.json(inner)])) as T;
    return value;
  }
}
