import type { z } from 'zod';

/** MariaDB's JSON is text with a check: it goes in and comes out as a string. */
export const toJson = (value: unknown): string => JSON.stringify(value ?? null);

export function fromJson<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  return schema.parse(JSON.parse(text));
}
