/** What a day has cost, of all tenants, is asked every minute: answered from this index alone. */
export const statements = [`create index if not exists llm_usage_day on llm_usage (at, tenant_id, cost_nano_usd)`];
