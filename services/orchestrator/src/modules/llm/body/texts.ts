import { characters } from '../characters.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What is to be known of the texts of some fields, of which the long ones may have been left out. */
export interface Texts {
  /** As people count them. */
  characters(text: string): number;
  /** As JavaScript does. */
  length(text: string): number;
  /** All of a value. */
  json(value: unknown): string;
}

/** When nothing was left out. */
export const WHOLE: Texts = {
  characters,
  length: (text) => text.length,
  json: (value) => JSON.stringify(value),
};
