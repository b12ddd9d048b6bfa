import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SEGMENT } from './journal.ts';
import { StartedRequest } from './record.ts';

const Line = z.union([
  z.object({ progress: z.array(z.tuple([z.string(), z.number()])) }),
  z.object({ void: z.string() }),
]);

/** As it was written; who takes it up checks it. */
export interface Journalled {
  requestId: string;
  json: string;
}

/** What one segment says. */
export interface Segment {
  started: Journalled[];
  progress: [requestId: string, characters: number][];
  used: Journalled[];
  voided: string[];
}

export async function readSegment(folder: string, name: string): Promise<Segment> {
  const segment: Segment = { started: [], progress: [], used: [], voided: [] };
  // Another gateway may have finished it meanwhile.
  const text = await readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  for (const line of text.split('\n')) addLine(segment, line);
  return segment;
}

export async function segmentsOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => SEGMENT.test(name)).sort();
}

/** When something was last written to it. */
export async function writtenAt(folder: string, name: string): Promise<number> {
  return (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0;
}

export async function removeSegment(folder: string, name: string): Promise<void> {
  await rm(join(folder, name), { force: true });
}

/** `s`: a model's name may hold what JSON leaves as it is and a dot takes for the end of a line (U+2028). */
const ONE_REQUEST = /^\{"(start|usage)":(\{"requestId":"([^"]+)".*\})\}$/s;

/** What is said of one request, which is most of it, is not parsed: nearly always it is only looked up by its id. */
function addLine(segment: Segment, text: string): void {
  const [, kind, json, requestId] = ONE_REQUEST.exec(text) ?? [];
  if (json === undefined || requestId === undefined) addParsed(segment, text);
  else segment[kind === 'start' ? 'started' : 'used'].push({ requestId, json });
}

/** Undefined when it is not what a gateway writes. */
export function startedRequest({ json }: Journalled): StartedRequest | undefined {
  try {
    return StartedRequest.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

function addParsed(segment: Segment, text: string): void {
  const line = text === '' ? undefined : parseLine(text);
  if (!line) return;
  if ('void' in line) segment.voided.push(line.void);
  else segment.progress.push(...line.progress);
}

/** A machine that lost power may leave half a line. */
function parseLine(text: string): z.output<typeof Line> | undefined {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
