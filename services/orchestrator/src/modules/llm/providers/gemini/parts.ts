import { isHttpUrl, parseDataUrl } from '../chat/data-url.ts';
import type { Part } from '../chat/message.ts';
import { Untranslatable } from '../provider.ts';

/** One of https://ai.google.dev/api/caching#Part. */
export type GeminiPart = Readonly<Record<string, unknown>>;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
};
/** What is kept there belongs to the gateway's own account. */
const OWN_FILES = 'generativelanguage.googleapis.com';

/** Nothing for an empty text, which Gemini refuses. @throws {Untranslatable} */
export function partOf(part: Part, param: string): GeminiPart[] {
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [{ text: part.text }];
    case 'image_url':
      return [imageOf(part.image_url.url, `${param}.image_url.url`)];
    case 'input_audio': {
      const { format, data } = part.input_audio;
      return [{ inlineData: { mimeType: `audio/${format}`, data } }];
    }
    case 'file':
      return [fileOf(part.file.file_data, `${param}.file`)];
  }
}

function imageOf(url: string, param: string): GeminiPart {
  if (isHttpUrl(url)) return linkTo(url, param);
  return inline(url) ?? refuse(param, 'An image must be an http(s) URL or a base64 data URL.');
}

/** Google fetches it: https://ai.google.dev/gemini-api/docs/file-input-methods. */
function linkTo(url: string, param: string): GeminiPart {
  const { hostname, pathname } = URL.parse(url) ?? refuse(param, 'This is not a URL.');
  if (hostname === OWN_FILES) refuse(param, 'Files of the gateway’s own account are not offered.');
  const mimeType = MEDIA_TYPES[/\.(\w+)$/.exec(pathname)?.[1]?.toLowerCase() ?? ''];
  return { fileData: { fileUri: url, ...(mimeType && { mimeType }) } };
}

function fileOf(fileData: string | null | undefined, param: string): GeminiPart {
  if (!fileData) return refuse(param, 'A file must come along as file_data; nothing is kept between requests.');
  return inline(fileData) ?? refuse(`${param}.file_data`, 'A file must be a base64 data URL.');
}

function inline(url: string): GeminiPart | undefined {
  const data = parseDataUrl(url);
  return data && { inlineData: { mimeType: data.mediaType, data: data.base64 } };
}

function refuse(param: string, message: string): never {
  throw new Untranslatable(param, message);
}
