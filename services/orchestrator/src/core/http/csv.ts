import { Readable } from 'node:stream';
import type { Context as KoaContext } from 'koa';
import type { z } from 'zod';

type Cell = string | number | boolean | null | undefined;

/** Rows of a file that is made while it is sent. */
export interface CsvFile<R> {
  /** Letters, digits, dots, hyphens. */
  fileName: string;
  rows: AsyncIterable<R>;
}

interface Sending {
  isStillAllowed: () => Promise<boolean>;
  /** Told of what ends a file early, when it is too late to answer an error. */
  onCut: (error: unknown) => void;
}

/** Spreadsheets take a file without it for Latin-1. */
const BYTE_ORDER_MARK = '\u{FEFF}';
const PIECE_CHARACTERS = 16_384;
const ASK_AGAIN_MS = 5000;

/**
 * RFC 4180, with the schema's fields as columns. The first row is made before anything is answered, so that what fails at
 * once is answered as an error; what fails later breaks the connection, for half a file must not look like a whole one.
 */
export async function streamCsv(
  koa: KoaContext,
  columns: z.ZodObject,
  { fileName, rows }: CsvFile<Record<string, unknown>>,
  sending: Sending,
): Promise<void> {
  const names = Object.keys(columns.shape);
  const iterator = rows[Symbol.asyncIterator]();
  const first = await iterator.next();
  koa.status = 200;
  koa.set({
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${fileName}"`,
    'cache-control': 'no-store',
  });
  const cut = (error: unknown) => {
    sending.onCut(error);
    koa.res.destroy();
  };
  koa.body = Readable.from(pieces({ names, first, iterator }, sending, cut));
}

interface Lines {
  names: readonly string[];
  first: IteratorResult<Record<string, unknown>>;
  iterator: AsyncIterator<Record<string, unknown>>;
}

async function* pieces(
  { names, first, iterator }: Lines,
  { isStillAllowed }: Sending,
  cut: (error: unknown) => void,
): AsyncGenerator<string> {
  let piece = `${BYTE_ORDER_MARK}${csvLine(names)}`;
  let askedAt = performance.now();
  try {
    for (let next = first; next.done !== true; next = await iterator.next()) {
      const row = next.value;
      piece += csvLine(names.map((name) => row[name] as Cell));
      if (piece.length < PIECE_CHARACTERS) continue;
      yield piece;
      piece = '';
      if (performance.now() - askedAt < ASK_AGAIN_MS) continue;
      if (!(await isStillAllowed())) throw new Error('its reader may not see it any more');
      askedAt = performance.now();
    }
    if (piece !== '') yield piece;
  } catch (error) {
    cut(error);
  } finally {
    await iterator.return?.();
  }
}

const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** What a spreadsheet takes for a formula when text begins with it (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r\n]/;
const NEEDS_QUOTES = /[",\r\n]/;

function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
