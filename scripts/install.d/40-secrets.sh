# shellcheck shell=bash
# secrets/: what is missing is made, what is there stays.

secrets() {
  local name made value
  step "$EXIT_CONFIG" 'Secrets: secrets/'
  if $DRY_RUN; then
    made=$(secret_faults 2>/dev/null | sed '/^folder/d; s/ .*//')
    [[ -z $made ]] || changed "make or put right $(counted_names "$made")"
    return 0
  fi
  install -d -m 700 -o 0 -g 0 "$SECRETS_DIR"
  while read -r name _; do
    value=$(given_secret "$name")
    [[ -n $value && $value != "$(secret "$name")" ]] || continue
    put_secret "$name" <<<"$value"
    changed "secret $name: taken from what you gave"
  done < <(secret_list)
  made=$(ensure_secrets)
  [[ -z $made ]] || changed "made or put right $(counted_names "$made")"
}

counted_names() {
  local count
  count=$(wc -l <<<"$1")
  if ((count > 8)); then echo "$count secrets"; else echo "$count secrets: $(paste -sd ' ' <<<"$1")"; fi
}

# From --secret-file, or BASTIDE_SECRET_<NAME> when there is none yet.
given_secret() {
  local variable=BASTIDE_SECRET_${1^^}
  variable=${variable//[^A-Z0-9_]/_}
  if [[ -v SECRET_FILES[$1] ]]; then
    cat "${SECRET_FILES[$1]}" 2>/dev/null || true
  elif [[ -n ${!variable:-} ]] && ! has_secret "$1"; then
    printf '%s' "${!variable}"
  fi
}
