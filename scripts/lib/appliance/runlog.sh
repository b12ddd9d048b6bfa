# shellcheck shell=bash
# What a script says to a person, and the file of the run that holds the details. Secrets reach neither.

RUN_LOG=/dev/null

# start_run_log NAME: logs/NAME-<time>.log, mode 600; the last twenty of that name are kept.
start_run_log() {
  local folder=$ROOT/logs
  mkdir -p "$folder"
  chmod 700 "$folder"
  RUN_LOG=$folder/$1-$(date -u +%Y%m%dT%H%M%SZ)-$$.log
  install -m 600 /dev/null "$RUN_LOG"
  find "$folder" -maxdepth 1 -type f -name "$1-*.log" -printf '%f\n' | sort -r | tail -n +21 | while read -r old; do
    rm -f "$folder/$old"
  done
}

# To the person and to the log.
say() {
  log "$*"
  to_log "▶ $*"
}
tell() {
  note "$*"
  to_log "  $*"
}
# To the log alone.
to_log() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*" | redact >>"$RUN_LOG"; }

# logged COMMAND…: its output goes to the log; returns its status. Not for functions that rely on `set -e`: the `||` here
# switches it off inside them.
logged() {
  to_log "\$ $*"
  "$@" 2>&1 </dev/null | redact >>"$RUN_LOG" || {
    local status=${PIPESTATUS[0]}
    to_log "  ended with status $status"
    return "$status"
  }
}

# The end of the log, indented, for a person who looks at a failure.
log_tail() { sed -E '/^[0-9a-f]{12,64}$/d; /  ended with status [0-9]+$/d; /^exit status [0-9]+$/d' "$RUN_LOG" | tail -n "${1:-12}" | cut -c1-300; }

# Replaces the content of every file of secrets/ in what passes through. Values below eight characters (and empty ones)
# stay: replacing every "1" would hide the text. awk reads the files itself, so no secret is on a command line.
redact() {
  local files=()
  if [[ -d $ROOT/secrets && -r $ROOT/secrets ]]; then
    mapfile -t files < <(find "$ROOT/secrets" -type f -not -name '*.crt' -not -name '.tmp.*' 2>/dev/null)
  fi
  awk '
    function add(value) { if (length(value) >= 8 && !(value in seen)) { seen[value] = 1; values[++count] = value } }
    BEGIN {
      for (i = 1; i < ARGC; i++) {
        while ((getline line < ARGV[i]) > 0) {
          if (line ~ /^-----/) continue
          add(line)
          if (ARGV[i] ~ /\.env$/ && index(line, "=")) add(substr(line, index(line, "=") + 1))
        }
        close(ARGV[i])
      }
      ARGC = 1
    }
    {
      rest = $0
      for (i = 1; i <= count; i++) {
        done = ""
        while ((at = index(rest, values[i])) > 0) {
          done = done substr(rest, 1, at - 1) "[redacted]"
          rest = substr(rest, at + length(values[i]))
        }
        rest = done rest
      }
      print rest
      fflush()
    }' "${files[@]}"
}
