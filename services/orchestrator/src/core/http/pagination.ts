import type { Knex } from 'knex';
import { z } from 'zod';
import { InvalidInput } from '../errors.ts';

export const pageQuery = z.object({
  cursor: z.string().max(200).optional().meta({ description: '`nextCursor` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type PageQuery = z.output<typeof pageQuery>;

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** Newest first by id (ULIDs sort by time), so that rows which arrive meanwhile neither repeat nor hide others. */
export async function paginate<R extends { id: string }>(
  rows: Knex.QueryBuilder<R, R[]>,
  { cursor, limit }: PageQuery,
  idColumn = 'id',
): Promise<Page<R>> {
  if (cursor !== undefined) void rows.where(idColumn, '<', decodeCursor(cursor));
  const found = (await rows.orderBy(idColumn, 'desc').limit(limit + 1)) as unknown as R[];
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last ? Buffer.from(last.id).toString('base64url') : null };
}

function decodeCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!/^[a-z]+_[0-9A-Z]+$/.test(id))
    throw InvalidInput({ issues: [{ path: 'query.cursor', message: 'must be the nextCursor of an earlier page' }] });
  return id;
}
