#!/bin/sh
# Lago's own scripts/migrate.sh without two of its habits that stop an installation:
# - it asks for the database to be made, which the role lago may not do; ensure-roles.sh of our PostgreSQL has made it;
# - it looks for the organisation by the name BRAND_NAME gives. With another name than at the first start it would make a
#   second one and then fail, because the first one has the API key already. So it is made once, and known by its key.
set -eu

# In the environment: an address on psql's command line would show the password to every user of the host.
login=${DATABASE_URL#*://}
PGUSER=${login%%:*}
login=${login#*:}
PGPASSWORD=${login%%@*}
login=${login#*@}
PGHOST=${login%%:*}
login=${login#*/}
PGDATABASE=${login%%\?*}
export PGUSER PGPASSWORD PGHOST PGDATABASE

ask() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1; }

knows_our_key() {
  [ "$(echo "select to_regclass('public.api_keys') is not null" | ask)" = t ] || return 1
  # Letters and digits only, as the installer makes it.
  [ "$(printf "select count(*) from public.api_keys where value = '%s'\n" "$(printf '%s' "$LAGO_ORG_API_KEY" | tr -dc 'A-Za-z0-9_-')" | ask)" != 0 ]
}

if knows_our_key; then
  LAGO_CREATE_ORG=false
  export LAGO_CREATE_ORG
fi
unset PGUSER PGPASSWORD PGHOST PGDATABASE

sed 's/^\([[:space:]]*\)bundle exec \(rake\|rails\) db:create$/\1:/' ./scripts/migrate.sh >"${TMPDIR:-/tmp}/migrate.sh"
exec bash "${TMPDIR:-/tmp}/migrate.sh"
