# shellcheck shell=bash
# SIZE and the memory and worker numbers that follow from it. The numbers of `s` are the defaults of the compose files;
# sizes/m.env and sizes/l.env hold what is different there.

# write_size CANDIDATE IS_NEW
write_size() {
  local candidate=$1 is_new=$2 before
  before=$(state size)
  if $is_new && [[ ! -v OPTION[SIZE] ]]; then env_write "$candidate" SIZE "${BASTIDE_SIZE:-$(size_for "$(usable_memory)")}"; fi
  env_fill "$candidate" SIZE "$(size_for "$(usable_memory)")"
  [[ -f $(size_file m) && $(env_value SIZE) == [sml] ]] || return 0
  write_numbers "$candidate" "${before:-$(env_value SIZE)}" "$(env_value SIZE)"
}

size_file() { printf '%s/scripts/install.d/sizes/%s.env' "$ROOT" "$1"; }

# A number is ours to change when it is not set, or when it is what the size before had put there.
write_numbers() {
  local candidate=$1 before=$2 now=$3 key current wanted pairs=()
  while read -r key; do
    current=$(env_value "$key")
    wanted=$(number_of "$now" "$key")
    [[ -z $current || ($before != "$now" && $current == "$(number_of "$before" "$key")") ]] || continue
    # An unset number of size s is the default of the compose files already.
    [[ $current == "$wanted" || (-z $current && $now == s) ]] || pairs+=("$key" "$wanted")
  done < <(cat "$(size_file m)" "$(size_file l)" | sed -nE 's/^([A-Z][A-Z0-9_]*)=.*/\1/p' | sort -u)
  ((${#pairs[@]} == 0)) || env_write "$candidate" "${pairs[@]}"
}

# number_of SIZE KEY: l falls back to m, and both to what .env.example gives as the default.
number_of() {
  local value=''
  [[ $1 != l ]] || value=$(env_default "$(size_file l)" "$2")
  [[ -n $value || $1 == s ]] || value=$(env_default "$(size_file m)" "$2")
  [[ -n $value ]] || value=$(env_default "$ROOT/.env.example" "$2")
  printf '%s' "$value"
}
