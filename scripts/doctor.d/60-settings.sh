# shellcheck shell=bash
# .env and secrets/ against what they should be.

check_settings() {
  local problem name known count=0
  known=$(env_names "$ROOT/.env.example")
  for problem in "${ENV_PROBLEMS[@]}"; do
    count=$((count + 1))
    bad ".env: $problem" 'Compose does not read it as it is meant.' "Correct the line in $ROOT/.env"
  done
  for name in "${ENV_KEYS[@]}"; do
    grep -qx "$name" <<<"$known" || grep -qE "\\$\\{?$name\\b" "$ROOT"/docker-compose*.yml || {
      count=$((count + 1))
      warn ".env sets $name, which nothing reads." 'Perhaps it is misspelled, or from an older release.' "Compare it with .env.example"
    }
  done
  while read -r name; do
    [[ -v ENV_VALUES[$name] ]] || {
      count=$((count + 1))
      warn ".env lacks $name of .env.example." 'A newer release brought it; its default is in force.' 'scripts/install.sh adds it'
    }
  done < <(sed -nE 's/^([A-Z][A-Z0-9_]*)=.*/\1/p' "$ROOT/.env.example")
  is_mode "$ROOT/.env" 600 || {
    count=$((count + 1))
    warn ".env has mode $(stat -c %a "$ROOT/.env")." 'Every user of this machine can read it.' "chmod 600 $ROOT/.env"
  }
  ((count > 0)) || fine ".env has ${#ENV_KEYS[@]} variables, all of them known"
}

check_secrets() {
  local name fault kind value count=0
  while read -r name _ fault; do
    [[ -n $name ]] || continue
    count=$((count + 1))
    case $fault in
      mode) bad "secrets/$name has the wrong owner or mode." 'Others may read it, or its service may not.' 'scripts/install.sh' ;;
      *) bad "secrets/$name is $fault." 'Its services do not start, or use an old value.' 'scripts/install.sh' ;;
    esac
  done < <(secret_faults)
  while read -r name kind; do
    value=$(secret "$name")
    [[ $kind =~ ^(password|login|hex|key)$ ]] || continue
    if [[ -n $value && (${#value} -lt 16 || ${value,,} =~ ^(changeme|password|admin|secret|postgres|minio).*) ]]; then
      count=$((count + 1))
      bad "secrets/$name is short or guessable." 'It protects a door that software guesses at.' "scripts/rotate-secret.sh $name"
    fi
  done < <(secret_list)
  ((count > 0)) || fine 'all secrets are there, with their owner and mode'
}
