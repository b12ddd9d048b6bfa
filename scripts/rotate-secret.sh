#!/usr/bin/env bash
# Changes one secret everywhere it is known: in the file, in the program that checks it, in the programs that use it.
set -Eeuo pipefail

# shellcheck source=scripts/lib/appliance/load.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/appliance/load.sh"
# shellcheck source=scripts/rotate.d/10-recipes.sh
source "$ROOT/scripts/rotate.d/10-recipes.sh"
# shellcheck source=scripts/rotate.d/20-files.sh
source "$ROOT/scripts/rotate.d/20-files.sh"
# shellcheck source=scripts/rotate.d/30-owners.sh
source "$ROOT/scripts/rotate.d/30-owners.sh"
# shellcheck source=scripts/rotate.d/40-users.sh
source "$ROOT/scripts/rotate.d/40-users.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/rotate-secret.sh NAME [--from FILE|-] [--dry-run]
       scripts/rotate-secret.sh --all [--dry-run]
       scripts/rotate-secret.sh --list

  NAME         a file of secrets/
  --from FILE  the new value, for what others issue (Stripe, a mail relay …); - reads standard input
  --all        every secret that this machine makes itself, one after the other
  --list       which ones there are, how old they are, and what a change interrupts
  --dry-run    what it would do

Interrupted, it is run again with the same NAME: it goes on with the value that it had begun to spread.
Exit codes: 0 done, 20 this one cannot be changed like that (it says what to do), 40 a service did not come back.
TEXT
}

MODE=one
NAME=''
FROM=''
DRY_RUN=false

main() {
  parse_arguments "$@"
  catch_errors scripts/rotate-secret.sh
  env_load "$ENV_FILE"
  [[ -d $SECRETS_DIR ]] || fail "$EXIT_CONFIG" 'There is no installation here.' "$SECRETS_DIR does not exist." 'scripts/install.sh'
  if [[ $MODE == list ]]; then
    list_recipes
    return 0
  fi
  if ! $DRY_RUN; then
    start_run_log rotate
    take_lock scripts/rotate-secret.sh
  fi
  case $MODE in
    all) rotate_all ;;
    one) rotate "$NAME" ;;
  esac
}

parse_arguments() {
  while (($# > 0)); do
    case $1 in
      --all) MODE=all ;;
      --list) MODE=list ;;
      --dry-run) DRY_RUN=true ;;
      --from)
        (($# > 1)) || wrong_usage '--from needs a file'
        FROM=$2
        shift
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      --*) wrong_usage "unknown option $1" ;;
      *) NAME=$1 ;;
    esac
    shift
  done
  [[ $MODE != one || -n $NAME ]] || wrong_usage 'which secret?'
}

rotate_all() {
  local name recipe
  while IFS=$'\t' read -r name recipe _; do
    case $recipe in refuse | given | derived) continue ;; esac
    rotate "$name"
  done < <(recipes)
}

# rotate NAME: each line may be the last before a power cut; the same command then goes on.
rotate() {
  local name=$1 recipe
  recipe=$(recipe_of "$name")
  [[ -n $recipe ]] || fail "$EXIT_CONFIG" "There is no secret $name." 'It is not a file of secrets/.' 'scripts/rotate-secret.sh --list'
  refuse_what_cannot "$name" "$recipe"
  step "$EXIT_START" "$name"
  tell "$(interruption_of "$name")"
  tell "then restarted: $(users_of "$name" | paste -sd ' ')"
  if $DRY_RUN; then return 0; fi
  prepare_value "$name" "$recipe"
  "before_$recipe" "$name"
  spread_value "$name"
  "after_$recipe" "$name"
  restart_users "$name" "$recipe"
  "last_$recipe" "$name"
  forget_old "$name"
  tell "$name is new, and what uses it is healthy"
}

main "$@"
