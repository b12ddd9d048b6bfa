import { z } from 'zod';

export interface Variable<S extends z.ZodType = z.ZodType> {
  schema: S;
  group: string;
  /** One line of why, for the generated reference. */
  about: string;
  /** Never logged; may come as a file by NAME_FILE. */
  secret?: boolean;
}

export type VariableSet = Readonly<Record<string, Variable>>;
export type Values<V extends VariableSet> = Readonly<{ [K in keyof V]: z.output<V[K]['schema']> }>;

export const variable = <S extends z.ZodType>(v: Variable<S>) => v;
export const port = (fallback: number) => z.coerce.number().int().min(0).max(65535).default(fallback);
export const milliseconds = (fallback: number) => z.coerce.number().int().positive().default(fallback);
export const httpUrl = () =>
  z
    .url({ protocol: /^https?$/, message: 'must be a URL like https://host' })
    .transform((url) => url.replace(/\/+$/, ''));
export const urlOf = (protocol: RegExp, example: string) =>
  z.url({ protocol, message: `must be a URL like ${example}` });
export const secret = () => z.string().min(1, 'must not be empty');
