#!/bin/sh
# The organisation is made once and keeps its id and key, as upstream's find_or_create does.
set -eu
: "${LAGO_ORG_API_KEY:?}" "${SECRET_KEY_BASE:?}" "${LAGO_RSA_PRIVATE_KEY:?}" "${LAGO_ENCRYPTION_PRIMARY_KEY:?}"
psql -q -v ON_ERROR_STOP=1 -v key="$LAGO_ORG_API_KEY" "${DATABASE_URL%%\?*}" <<'SQL'
create table if not exists organizations (id text primary key, api_key text not null, hmac_key text not null, rows bytea);
insert into organizations (id, api_key, hmac_key)
  select gen_random_uuid(), :'key', gen_random_uuid() where not exists (select from organizations);
update organizations set api_key = :'key';
SQL
