/** Null: made before this column was. */
export const statements = [
  `alter table invitations add column if not exists
     created_by varchar(40) character set ascii collate ascii_bin null after role`,
];
