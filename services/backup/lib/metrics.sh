# shellcheck shell=bash
# One file per series in the state volume, so that a restart forgets nothing; rendered into one textfile for Prometheus.

# metric NAME LABEL VALUE: LABEL is like part=run, or empty.
metric() {
  mkdir -p "$STATE/metrics"
  printf '%s' "$3" | write_file "$STATE/metrics/$1@$2"
}

publish_metrics() {
  local file series name label last=''
  mkdir -p "$METRICS"
  for file in "$STATE"/metrics/*@*; do
    series=${file##*/}
    # A killed write_file leaves its aside file, which ends in a dot and six characters.
    [[ -f $file && $series != *.?????? ]] || continue
    name=${series%@*}
    label=${series#*@}
    if [[ $name != "$last" ]]; then printf '# TYPE %s gauge\n' "$name"; fi
    last=$name
    if [[ -n $label ]]; then label="{${label%%=*}=\"${label#*=}\"}"; fi
    printf '%s%s %s\n' "$name" "$label" "$(<"$file")"
  done | write_file "$METRICS/backup.prom"
  chmod 0644 "$METRICS/backup.prom"
}

# part_succeeded PART STARTED BYTES
part_succeeded() {
  local now
  now=$(date +%s)
  metric backup_last_success_timestamp_seconds "part=$1" "$now"
  metric backup_duration_seconds "part=$1" "$((now - $2))"
  metric backup_size_bytes "part=$1" "$3"
}

part_failed() { metric backup_last_failure_timestamp_seconds "part=$1" "$(date +%s)"; }
