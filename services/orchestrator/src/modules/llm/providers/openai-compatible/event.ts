type Fields = Readonly<Record<string, unknown>>;

/** `done` = the end mark that OpenAI's streams have; undefined = a comment and the like; null = not what the protocol allows. */
export function eventData(event: Buffer): Fields | 'done' | undefined | null {
  const data = dataOf(event.toString('utf8'));
  if (data === undefined) return undefined;
  return data === '[DONE]' ? 'done' : (parseObject(data) ?? null);
}

/** The data of one event: its `data:` lines, joined. */
function dataOf(event: string): string | undefined {
  if (event.startsWith('data: ') && event.indexOf('\n') === event.length - 2) return event.slice(6, -2);
  const lines = event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []));
  return lines.length === 0 ? undefined : lines.join('\n').trim();
}

export function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
