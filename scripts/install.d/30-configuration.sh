# shellcheck shell=bash
# .env: checked as a whole, every wrong variable named at once, then put in place in one step.

# shellcheck source=scripts/install.d/31-validation.sh
source "$ROOT/scripts/install.d/31-validation.sh"

configuration() {
  local problems
  step "$EXIT_CONFIG" 'Settings: .env'
  problems=$(configuration_problems)
  if [[ -n $problems ]]; then
    fail "$EXIT_CONFIG" "$(wc -l <<<"$problems") settings are missing or wrong." "$problems" \
      "Correct them in $ROOT/.env, then run scripts/install.sh again.
.env.example says what each is for; --set NAME=VALUE sets one."
  fi
  check_compose_files
  let_containers_read
  if [[ -f $ROOT/.env ]] && cmp -s "$ENV_FILE" "$ROOT/.env"; then
    if ! is_mode "$ROOT/.env" 600; then
      changed 'set the mode of .env to 600'
      $DRY_RUN || chmod 600 "$ROOT/.env"
    fi
  else
    tell_differences
    if ! $DRY_RUN; then atomic_write "$ROOT/.env" 600 <"$ENV_FILE"; fi
  fi
  keep_release_images
  $DRY_RUN && return 0
  remove_temporaries "$ROOT"
  ENV_FILE=$ROOT/.env
  env_load "$ENV_FILE"
  remember size "$(env_value SIZE)"
}

# A clone that was made under a strict umask (027, 077) hides from the containers what they have mounted, and from the
# users of our images what these are built from. git knows no such modes, so nothing shows as changed.
let_containers_read() {
  local path paths=() hidden
  for path in services traefik grafana package.json package-lock.json tsconfig.base.json .npmrc; do
    [[ ! -e $ROOT/$path ]] || paths+=("$ROOT/$path")
  done
  ((${#paths[@]} > 0)) || return 0
  mapfile -d '' -t hidden < <(find "${paths[@]}" -name node_modules -prune -o \( -type d -not -perm -005 -o -type f -not -perm -004 \) -print0)
  ((${#hidden[@]} > 0)) || return 0
  changed "let containers read ${#hidden[@]} files and folders of the release"
  $DRY_RUN || printf '%s\0' "${hidden[@]}" | xargs -0 chmod go+rX
}

# What compose itself has to say about the files and the settings together.
check_compose_files() {
  local said
  docker compose version >/dev/null 2>&1 || return 0
  said=$(compose config --quiet 2>&1) || fail "$EXIT_CONFIG" 'docker compose does not accept the settings.' \
    "$(tail -n 3 <<<"$said")" "Correct what it names in .env or in the compose files of COMPOSE_FILE ($(env_value COMPOSE_FILE))."
}

tell_differences() {
  local line name old new count=0
  if [[ ! -f $ROOT/.env ]]; then
    changed "write .env: $(env_value DOMAIN), mode $MODE, size $(env_value SIZE)"
    return 0
  fi
  # Only names: a value may be private.
  while read -r line; do
    [[ $line =~ ^([A-Z][A-Z0-9_]*)= ]] || continue
    name=${BASH_REMATCH[1]}
    old=$(grep -c "^$name=" "$ROOT/.env" || true)
    new=changed
    [[ $old != 0 ]] || new=added
    changed "write .env: $name $new"
    count=$((count + 1))
  done < <(comm -13 <(sort "$ROOT/.env") <(sort "$ENV_FILE"))
  ((count > 0)) || changed 'write .env: comments'
}
