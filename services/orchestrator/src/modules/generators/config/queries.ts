import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';

export interface GeneratorConfigRow {
  code: string;
  is_enabled: 0 | 1;
  daily_limit: number;
  /** JSON; null: the catalogue's. */
  shown_prices: string | null;
  version: number;
  updated_at: Date;
}

export interface GeneratorChangeRow {
  id: string;
  code: string;
  version: number;
  /** JSON. */
  document: string;
  comment: string | null;
  author_id: string | null;
  author_name: string | null;
  created_at: Date;
}

/** Of all tenants: what admins have set. */
export const generatorConfigs = (db: Knex) => ({
  all: () => db<GeneratorConfigRow>('generator_configs'),
  find: (code: string) => db<GeneratorConfigRow>('generator_configs').where({ code }).first(),
  lock: (code: string) => db<GeneratorConfigRow>('generator_configs').where({ code }).forUpdate().first(),
  put: (row: Omit<GeneratorConfigRow, 'updated_at'>) => db('generator_configs').insert(row).onConflict('code').merge(),
  /** Rejects as a duplicate when somebody else was first with this version. */
  insertChange: async (row: Omit<GeneratorChangeRow, 'created_at'>): Promise<void> => {
    await db('generator_config_changes').insert(row);
  },
  changes: (code: string, query: PageQuery): Promise<Page<GeneratorChangeRow>> =>
    paginate(
      db<GeneratorChangeRow>('generator_config_changes').where({ code }) as unknown as Knex.QueryBuilder<
        GeneratorChangeRow,
        GeneratorChangeRow[]
      >,
      query,
    ),
});
