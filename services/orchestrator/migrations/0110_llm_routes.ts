export const statements = [
  // Every edit of the routes of the LLM gateway; the highest version is in force, without any those that are shipped.
  `create table if not exists llm_routes (
     id varchar(40) character set ascii collate ascii_bin not null primary key,
     version int unsigned not null,
     document longtext not null,
     comment varchar(500) null,
     reverts_to int unsigned null,
     author_id varchar(40) character set ascii collate ascii_bin null,
     author_name varchar(200) null,
     created_at datetime(3) not null default current_timestamp(3),
     unique key llm_routes_version (version)
   ) engine=InnoDB default charset=utf8mb4 collate=utf8mb4_unicode_ci`,
];
