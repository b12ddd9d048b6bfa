# shellcheck shell=bash
# What a check finds: how bad, what, why it matters, how to fix it. Collected, so that a person sees all of them at once.

declare -ga FINDINGS=()
declare -gA SKIPPED_CHECKS=()
CHECK=''

# A finding is one string with fields divided by the ASCII unit separator; texts may have several lines.
readonly UNIT=$'\x1f'

fine() { FINDINGS+=("ok$UNIT$CHECK$UNIT$1$UNIT$UNIT"); }
# warn WHAT WHY FIX · bad WHAT WHY FIX
warn() { FINDINGS+=("warning$UNIT$CHECK$UNIT$1$UNIT$2$UNIT$3"); }
bad() { FINDINGS+=("failure$UNIT$CHECK$UNIT$1$UNIT$2$UNIT$3"); }

# run_checks NAME…: check_NAME (with - for _), unless it is to be skipped. One that breaks is a finding, not the end.
run_checks() {
  local name
  for name in "$@"; do
    [[ ! -v SKIPPED_CHECKS[$name] ]] || continue
    CHECK=$name
    "check_${name//-/_}" || warn "The check $name could not be made." \
      'A command that it needs failed.' 'Nothing, if all else is well; otherwise run it again with bash -x.'
  done
}

count_findings() {
  local finding count=0
  for finding in "${FINDINGS[@]}"; do [[ $finding != "$1$UNIT"* ]] || count=$((count + 1)); done
  echo "$count"
}

# show_findings SEVERITY…: as text.
show_findings() {
  local finding severity check what why fix sign
  for finding in "${FINDINGS[@]}"; do
    IFS=$UNIT read -r -d '' severity check what why fix <<<"$finding" || true
    [[ " $* " == *" $severity "* ]] || continue
    case $severity in ok) sign=✔ ;; warning) sign=! ;; *) sign=✖ ;; esac
    printf '  %s %-15s %s\n' "$sign" "$check" "$(indent_rest 20 "$what")"
    [[ $severity == ok ]] && continue
    printf '%20swhy  %s\n' '' "$(indent_rest 25 "$why")"
    printf '%20sfix  %s\n' '' "$(indent_rest 25 "${fix%$'\n'}")"
  done
}

indent_rest() { sed "2,\$s/^/$(printf '%*s' "$1" '')/" <<<"$2"; }

# findings_json: an array of objects.
findings_json() {
  local finding severity check what why fix separator=''
  printf '['
  for finding in "${FINDINGS[@]}"; do
    IFS=$UNIT read -r -d '' severity check what why fix <<<"$finding" || true
    printf '%s\n  {"severity": %s, "check": %s, "what": %s, "why": %s, "fix": %s}' "$separator" \
      "$(json_string "$severity")" "$(json_string "$check")" "$(json_string "$what")" "$(json_string "$why")" \
      "$(json_string "${fix%$'\n'}")"
    separator=,
  done
  printf '\n]\n'
}

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  text=${text//[[:cntrl:]]/}
  printf '"%s"' "$text"
}
