const id = 'varchar(40) character set ascii collate ascii_bin';
const name = (length: number) => `varchar(${length}) character set utf8mb4 collate utf8mb4_bin`;

/** Column of llm_usage_days → what it sums up of llm_usage. */
const SUMS = {
  requests: 'count(*)',
  fallbacks: 'sum(is_fallback)',
  budget_fallbacks: 'sum(is_budget_fallback)',
  cache_hits: 'sum(is_cache_hit)',
  estimated: 'sum(is_estimated)',
  prompt_tokens: 'sum(prompt_tokens)',
  cached_tokens: 'sum(cached_tokens)',
  cache_write_tokens: 'sum(cache_write_tokens)',
  completion_tokens: 'sum(completion_tokens)',
  reasoning_tokens: 'sum(reasoning_tokens)',
  audio_tokens: 'sum(audio_tokens)',
  cost_nano_usd: 'sum(cost_nano_usd)',
};
const columns = Object.keys(SUMS);

export const statements = [
  // day: of the operator's calendar when the row was stored; null = the row is in no roll-up yet.
  `alter table llm_usage
     add column if not exists user_id ${id} null,
     add column if not exists surface varchar(20) character set ascii collate ascii_bin not null default 'chat',
     add column if not exists upstream_model varchar(200) null,
     add column if not exists cache_write_tokens int unsigned not null default 0,
     add column if not exists reasoning_tokens int unsigned not null default 0,
     add column if not exists audio_tokens int unsigned not null default 0,
     add column if not exists is_fallback boolean not null default false,
     add column if not exists is_budget_fallback boolean not null default false,
     add column if not exists is_cache_hit boolean not null default false,
     add column if not exists day date null,
     modify column price varchar(300) null`,
  // What was used on a day, for as long as anybody asks: sums over it are those over its rows, to the nano-dollar.
  // user_id: '' where nobody is known.
  `create table if not exists llm_usage_days (
     day date not null,
     tenant_id ${id} not null,
     key_id ${id} not null,
     user_id ${id} not null default '',
     provider ${name(40)} not null,
     model ${name(200)} not null,
     ${columns.map((column) => `${column} bigint unsigned not null default 0`).join(', ')},
     primary key (day, tenant_id, key_id, user_id, provider, model),
     key llm_usage_days_tenant (tenant_id, day),
     key llm_usage_days_key (key_id, day)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
  // Days were UTC's until the operator could choose.
  `update llm_usage left join llm_keys on llm_keys.id = llm_usage.key_id
   set llm_usage.user_id = coalesce(llm_usage.user_id, llm_keys.user_id), llm_usage.day = date(llm_usage.at)
   where llm_usage.day is null`,
  // Whatever the roll-up says already is replaced by what the rows say: run again, this changes nothing.
  `insert into llm_usage_days (day, tenant_id, key_id, user_id, provider, model, ${columns.join(', ')})
   select day, tenant_id, key_id, coalesce(user_id, ''), provider collate utf8mb4_bin, model collate utf8mb4_bin,
     ${Object.values(SUMS).join(', ')}
   from llm_usage where day is not null
   group by 1, 2, 3, 4, 5, 6
   on duplicate key update ${columns.map((column) => `${column} = values(${column})`).join(', ')}`,
  // What a day has cost is read from its roll-up; the rows that are in none are looked for now and then.
  `drop index if exists llm_usage_day on llm_usage`,
  `create index if not exists llm_usage_rolled_up on llm_usage (day)`,
];
