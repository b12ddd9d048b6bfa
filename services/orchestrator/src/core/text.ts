import { z } from 'zod';

/**
 * What makes a line look like another one, or like two: control characters, line and paragraph separators, marks that
 * change the direction of writing, halves of characters.
 */
const DECEPTIVE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/v;
/** Fillers and the empty Braille cell are letters and signs to Unicode, and nothing to the eye. */
const VISIBLE = /[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u{2800}]]/v;

/** One line of text that a person types and others will read. */
export const lineOfText = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1, { error: 'must not be empty', abort: true })
    .max(maxLength)
    .refine((text) => !DECEPTIVE.test(text), 'must not have line breaks, control characters or direction marks')
    .refine((text) => VISIBLE.test(text), 'must have a visible character');

/** What a person calls something. */
export const Name = lineOfText(100);

/** For a name that we cannot send back: undefined when nothing visible is left of it. */
export function cleanLine(text: string, maxLength: number): string | undefined {
  const line = text.replaceAll(new RegExp(DECEPTIVE, 'gv'), ' ').replaceAll(/\s+/g, ' ').trim();
  return VISIBLE.test(line) ? line.slice(0, maxLength).toWellFormed() : undefined;
}
