import { isHttpUrl, parseDataUrl } from '../chat/data-url.ts';
import type { Part, TextPart } from '../chat/message.ts';
import { Untranslatable } from '../provider.ts';

/** One of https://platform.claude.com/docs/en/api/messages#body-messages-content, or of what is in a tool's result. */
export type Block = Readonly<Record<string, unknown>> & { type: string };

const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

/** @throws {Untranslatable} */
export function blockOf(part: Part, param: string): Block[] {
  if (part.type === 'text') return textBlock(part, param);
  if (part.type === 'image_url')
    return [{ type: 'image', source: imageSource(part.image_url.url, `${param}.image_url.url`), ...mark(part, param) }];
  if (part.type === 'file')
    return [{ type: 'document', ...documentOf(part.file, `${param}.file`), ...mark(part, param) }];
  throw new Untranslatable(`${param}.type`, 'This model cannot hear: send text, images or documents.');
}

/** Nothing for an empty text, which Anthropic refuses. */
export function textBlock(part: TextPart, param: string): Block[] {
  return part.text === '' ? [] : [{ type: 'text', text: part.text, ...mark(part, param) }];
}

/** https://platform.claude.com/docs/en/build-with-claude/prompt-caching: what is kept for an hour has another price. */
export function mark({ cache_control: given }: { cache_control?: unknown }, param: string) {
  if (typeof given !== 'object' || given === null) return {};
  const { type, ttl } = given as { type?: unknown; ttl?: unknown };
  if (type !== 'ephemeral') return {};
  if (ttl !== undefined && ttl !== '5m')
    throw new Untranslatable(`${param}.cache_control.ttl`, 'Prompts are cached for five minutes only.');
  return { cache_control: { type } };
}

function imageSource(url: string, param: string): object {
  if (isHttpUrl(url)) return { type: 'url', url };
  const inline = parseDataUrl(url);
  if (!inline) throw new Untranslatable(param, 'An image must be an http(s) URL or a base64 data URL.');
  const mediaType = inline.mediaType === 'image/jpg' ? 'image/jpeg' : inline.mediaType;
  if (!IMAGES.has(mediaType)) throw new Untranslatable(param, 'An image must be JPEG, PNG, GIF or WebP.');
  return { type: 'base64', media_type: mediaType, data: inline.base64 };
}

type File = Extract<Part, { type: 'file' }>['file'];

function documentOf({ file_data: fileData, filename }: File, param: string): object {
  if (!fileData)
    throw new Untranslatable(param, 'A file must come along as file_data; nothing is kept between requests.');
  const inline = parseDataUrl(fileData);
  const title = filename ? { title: filename } : {};
  if (inline?.mediaType === 'application/pdf')
    return { source: { type: 'base64', media_type: inline.mediaType, data: inline.base64 }, ...title };
  if (inline?.mediaType === 'text/plain') {
    const data = Buffer.from(inline.base64, 'base64').toString('utf8');
    return { source: { type: 'text', media_type: inline.mediaType, data }, ...title };
  }
  throw new Untranslatable(`${param}.file_data`, 'A file must be a base64 data URL of a PDF or a plain text.');
}
