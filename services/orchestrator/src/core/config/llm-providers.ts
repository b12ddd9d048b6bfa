import { z } from 'zod';

const MUST_BE = 'must be a URL like https://host/v1, without a query';

/** What paths are appended to: a query or a password in it would be lost without a word. */
export const baseUrl = () =>
  z
    .url({ protocol: /^https?$/, message: MUST_BE })
    .refine((url) => /^https?:\/\/[^@?#]+$/i.test(url), MUST_BE)
    .transform((url) => url.replace(/\/+$/, ''));

const NAME = /^[a-z][a-z0-9-]*$/;
const KEY_NAME = /^[A-Z][A-Z0-9_]*$/;

/** `groq=https://…,openai=https://…` as a map of names to base URLs; every wrong entry is named at once. */
export const providerUrls = () =>
  z
    .string()
    .default('')
    .transform((text, ctx) => {
      const urls: Record<string, string> = {};
      for (const entry of text.split(',').map((part) => part.trim())) {
        if (entry === '') continue;
        const { name, value } = pair(entry);
        const url = baseUrl().safeParse(value);
        if (!NAME.test(name)) ctx.addIssue(`'${entry}' must be name=https://host/v1`);
        else if (!url.success) ctx.addIssue(`'${name}' ${MUST_BE}`);
        else if (name in urls) ctx.addIssue(`'${name}' is there twice`);
        else urls[name] = url.data;
      }
      return urls;
    });

/**
 * Lines of `GROQ_API_KEY=…`, as a map; `#` begins a comment, and a line without a value counts for nothing. What is
 * wrong is named by its line, because a line that is not understood may be nothing but a key.
 */
export const providerKeys = () =>
  z
    .string()
    .default('')
    .transform((text, ctx) => {
      const keys: Record<string, string> = {};
      for (const [index, line] of text.split(/\r?\n/).entries()) {
        const entry = line.trim();
        if (entry === '' || entry.startsWith('#')) continue;
        const { name, value } = pair(entry);
        if (!KEY_NAME.test(name)) ctx.addIssue(`line ${index + 1} must be NAME_API_KEY=key`);
        else if (name in keys) ctx.addIssue(`${name} is there twice`);
        else if (value !== '') keys[name] = value;
      }
      return keys;
    });

function pair(entry: string): { name: string; value: string } {
  const at = entry.indexOf('=');
  if (at < 0) return { name: '', value: '' };
  const value = entry.slice(at + 1).trim();
  const quoted = /^(["'])(.*)\1$/.exec(value)?.[2];
  return { name: entry.slice(0, at).trim(), value: quoted ?? value };
}
