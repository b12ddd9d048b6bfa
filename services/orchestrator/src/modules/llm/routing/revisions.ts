import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Context } from '#core/context.ts';
import { RoutesDocument } from './document.ts';
import { type LlmRoutesRow, llmRoutes } from './queries.ts';

const SHIPPED = fileURLToPath(new URL('../../../../llm-routes.yaml', import.meta.url));
/** As far back as a readable revision is looked for, should an older release not understand a newer one's. */
const LOOK_BACK = 20;

/** In force until somebody edits the routes. */
export const SHIPPED_VERSION = 0;

/** @throws {Error} that names what is wrong with it. */
export function shippedRoutes(): RoutesDocument {
  return RoutesDocument.parse(parse(readFileSync(SHIPPED, 'utf8')));
}

/** Undefined when the stored document is not one that this release understands. */
export function documentOf(row: LlmRoutesRow): RoutesDocument | undefined {
  try {
    return RoutesDocument.safeParse(JSON.parse(row.document)).data;
  } catch {
    return undefined;
  }
}

export interface Revision {
  /** Of the newest revision, even if an older one had to be taken. */
  version: number;
  document: RoutesDocument;
  /** The versions that were passed over because they cannot be read. */
  unreadable: number[];
}

/** The routes in force: the newest revision that can be read, or those that are shipped. */
export async function routesInForce(ctx: Context): Promise<Revision> {
  const rows = await llmRoutes(ctx.db).newestFirst(LOOK_BACK);
  const unreadable: number[] = [];
  const version = Number(rows[0]?.version ?? SHIPPED_VERSION);
  for (const row of rows) {
    const document = documentOf(row);
    if (document) return { version, document, unreadable };
    unreadable.push(Number(row.version));
  }
  return { version, document: shippedRoutes(), unreadable };
}
