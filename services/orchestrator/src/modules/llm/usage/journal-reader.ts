import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HEARTBEAT, SEGMENT } from './journal.ts';
import { StartedRequest, UsageRecord } from './record.ts';

const Line = z.union([
  z.object({ start: StartedRequest }),
  z.object({ progress: z.array(z.tuple([z.string(), z.number()])) }),
  z.object({ usage: UsageRecord }),
  z.object({ void: z.string() }),
]);

/** What segments say, taken together. */
export interface JournalContent {
  started: Map<string, StartedRequest>;
  progress: Map<string, number>;
  used: Map<string, UsageRecord>;
  voided: Set<string>;
}

export async function readSegments(folder: string, names: readonly string[]): Promise<JournalContent> {
  const content: JournalContent = { started: new Map(), progress: new Map(), used: new Map(), voided: new Set() };
  for (const name of names) for (const line of await linesOf(join(folder, name))) addLine(content, line);
  return content;
}

export async function segmentsOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => SEGMENT.test(name)).sort();
}

/** Null = no heart at all. */
export async function silentMs(folder: string): Promise<number | null> {
  const heart = await stat(join(folder, HEARTBEAT)).catch(() => undefined);
  return heart ? Date.now() - heart.mtimeMs : null;
}

export async function removeSegments(folder: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true })));
}

async function linesOf(path: string): Promise<string[]> {
  // Another gateway may have finished it meanwhile.
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').filter((line) => line !== '');
}

function addLine(content: JournalContent, text: string): void {
  const line = parseLine(text);
  if (!line) return;
  if ('start' in line) content.started.set(line.start.requestId, line.start);
  else if ('usage' in line) content.used.set(line.usage.requestId, line.usage);
  else if ('void' in line) content.voided.add(line.void);
  else for (const [requestId, characters] of line.progress) content.progress.set(requestId, characters);
}

/** A machine that lost power may leave half a line. */
function parseLine(text: string): z.output<typeof Line> | undefined {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
