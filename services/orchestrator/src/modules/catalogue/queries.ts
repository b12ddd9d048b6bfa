import type { Context } from '#core/context.ts';

export interface GrantRow {
  tenant_id: string;
  source: string;
  plan_code: string;
  granted_at: Date;
  revoked_at: Date | null;
}

/** What a tenant has been granted, by where it comes from. */
export function grants({ db }: Context, tenantId: string) {
  const mine = () => db<GrantRow>('grants').where({ tenant_id: tenantId });
  return {
    inForce: () => mine().whereNull('revoked_at').orderBy('granted_at').orderBy('source'),
    find: (source: string) => mine().where({ source }).forUpdate().first(),
    /** A different plan of the same source starts its time anew. */
    put: async (source: string, planCode: string) => {
      const row = { plan_code: planCode, granted_at: db.fn.now(3), revoked_at: null };
      await db('grants')
        .insert({ tenant_id: tenantId, source, ...row })
        .onConflict(['tenant_id', 'source'])
        .merge(row);
    },
    revoke: (source: string) =>
      mine()
        .where({ source })
        .whereNull('revoked_at')
        .update({ revoked_at: db.fn.now(3) }),
    /** Counts the changes of this tenant's rights; the row lock makes the numbers follow the commits. */
    nextSeq: async (): Promise<number> => {
      await db.raw(
        'insert into entitlement_versions (tenant_id, seq) values (?, 1) on duplicate key update seq = seq + 1',
        [tenantId],
      );
      const row = await db<{ tenant_id: string; seq: number }>('entitlement_versions')
        .where({ tenant_id: tenantId })
        .first('seq');
      return row?.seq ?? 1;
    },
  };
}

/** Plan codes that somebody has, of all tenants. */
export const codesInForce = ({ db }: Context): Promise<string[]> =>
  db<GrantRow>('grants').whereNull('revoked_at').distinct().pluck('plan_code');
