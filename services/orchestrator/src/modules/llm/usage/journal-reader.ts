import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HEARTBEAT, SEGMENT } from './journal.ts';
import { StartedRequest } from './record.ts';

const Line = z.union([
  z.object({ start: StartedRequest }),
  z.object({ progress: z.array(z.tuple([z.string(), z.number()])) }),
  z.object({ void: z.string() }),
]);

/** A record as it was written; who takes it from the stream checks it. */
export interface JournalledUsage {
  requestId: string;
  json: string;
}

/** What one segment says. */
export interface Segment {
  started: StartedRequest[];
  progress: [requestId: string, characters: number][];
  used: JournalledUsage[];
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

/** Null = no heart at all. */
export async function silentMs(folder: string): Promise<number | null> {
  const heart = await stat(join(folder, HEARTBEAT)).catch(() => undefined);
  return heart ? Date.now() - heart.mtimeMs : null;
}

export async function removeSegment(folder: string, name: string): Promise<void> {
  await rm(join(folder, name), { force: true });
}

const USAGE = /^\{"usage":(\{"requestId":"([^"]+)".*\})\}$/;

/** Usage, which is most of it, is not parsed: nearly always it is only looked up by its id. */
function addLine(segment: Segment, text: string): void {
  const [, json, requestId] = USAGE.exec(text) ?? [];
  if (json !== undefined && requestId !== undefined) segment.used.push({ requestId, json });
  else addParsed(segment, text);
}

function addParsed(segment: Segment, text: string): void {
  const line = text === '' ? undefined : parseLine(text);
  if (!line) return;
  if ('start' in line) segment.started.push(line.start);
  else if ('void' in line) segment.voided.push(line.void);
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
