export interface InlineData {
  mediaType: string;
  base64: string;
}

/** Undefined when it is another kind of URL, or not base64. */
export function parseDataUrl(url: string): InlineData | undefined {
  const match = /^data:([^;,]*)(?:;[^;,]+)*;base64,/i.exec(url);
  if (!match) return undefined;
  return { mediaType: (match[1] ?? '').toLowerCase(), base64: url.slice(match[0].length) };
}

export const isHttpUrl = (url: string): boolean => /^https?:\/\//i.test(url);
