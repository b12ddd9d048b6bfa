/** How often a webhook was asked to be handled again, and when last. */
export const statements = [
  `alter table inbox
     add column if not exists replays smallint unsigned not null default 0,
     add column if not exists replayed_at datetime(3) null`,
];
