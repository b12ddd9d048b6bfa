# shellcheck shell=bash
# What can be restored.

# Manifest snapshots of a repository, newest first: [{id, run, time, pin}]
manifests() {
  local all status=0
  all=$(restic_at "$1" snapshots --no-lock --json --tag part=manifest) || status=$?
  # 10: no repository, so no backup was taken yet.
  case $status in 0) ;; 10) all='[]' ;; *) return "$status" ;; esac
  jq -c '
    def tag(name): (.tags // []) | map(select(startswith(name + "="))) | first // "" | ltrimstr(name + "=");
    map({id, run: tag("run"), time, pin: tag("pin")}) | sort_by(.time) | reverse' <<<"$all"
}

manifest_of() { restic_at "$1" dump --no-lock "$2" manifest.json; }

# resolve_run PLACE RUN|latest: prints the manifest; fails when there is none.
resolve_run() {
  local place=$1 wanted=$2 id
  id=$(manifests "$place" | jq -r --arg wanted "$wanted" 'if $wanted == "latest" then .[0].id // "" else map(select(.run | startswith($wanted))) | if length == 1 then .[0].id else "" end end')
  [[ -n $id ]] || fail "$EXIT_RESTORE" "There is no complete backup $wanted" "The $place repository holds $(manifests "$place" | jq length) complete backups." 'backup list shows them.'
  manifest_of "$place" "$id"
}

command_list() {
  local place=local json=false
  while (($# > 0)); do
    case $1 in
      --json) json=true ;;
      --repository) place=$2 && shift ;;
      *) fail 2 "Unknown option $1" 'backup list takes --json and --repository.' 'backup help' ;;
    esac
    shift
  done
  mkdir -p "$SCRATCH" "$TMPDIR"
  local all
  all=$(manifests "$place")
  if $json; then
    echo "$all"
  else
    jq -r '.[] | [.run, .time[0:19], .pin] | @tsv' <<<"$all"
  fi
}
