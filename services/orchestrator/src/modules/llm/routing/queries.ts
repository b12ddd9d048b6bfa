import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';

export interface LlmRoutesRow {
  id: string;
  version: number;
  /** JSON. */
  document: string;
  comment: string | null;
  /** The version whose document this is again; null = a new one. */
  reverts_to: number | null;
  author_id: string | null;
  author_name: string | null;
  created_at: Date;
}

/** Every edit of the routes; the highest version is in force. */
export const llmRoutes = (db: Knex) => {
  const rows = () => db<LlmRoutesRow>('llm_routes');
  return {
    newestVersion: async (): Promise<number> => {
      const row = await rows().max({ version: 'version' }).first<{ version: number | null } | undefined>();
      return Number(row?.version ?? 0);
    },
    newestFirst: (limit: number): Promise<LlmRoutesRow[]> => rows().orderBy('version', 'desc').limit(limit),
    find: (version: number) => rows().where({ version }).first(),
    page: (page: PageQuery): Promise<Page<LlmRoutesRow>> =>
      paginate(rows() as Knex.QueryBuilder<LlmRoutesRow, LlmRoutesRow[]>, page),
    /** Rejects as a duplicate when somebody else was first with this version. */
    insert: async (row: Omit<LlmRoutesRow, 'created_at'>): Promise<void> => {
      await rows().insert(row);
    },
  };
};
