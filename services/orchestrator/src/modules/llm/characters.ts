const PAIRS = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;

/** Characters as people count them: an emoji is one, although it is two in a JavaScript string. */
export const characters = (text: string): number => text.length - (text.match(PAIRS)?.length ?? 0);
