# shellcheck shell=bash
# Reads and writes .env in the dialect of `docker compose`, without ever running it as code. One value is one line.

declare -gA ENV_VALUES=()
declare -ga ENV_KEYS=() ENV_PROBLEMS=()

readonly ENV_LINE='^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=[[:space:]]*(.*)$'
readonly ENV_REFERENCE='^(\$|[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})(.*)$'

# env_load FILE: fills ENV_VALUES and ENV_KEYS (in order); what cannot be read is listed in ENV_PROBLEMS with its line.
env_load() {
  local line number=0
  ENV_VALUES=() ENV_KEYS=() ENV_PROBLEMS=()
  [[ -f $1 ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
    if ! [[ $line =~ $ENV_LINE ]]; then
      ENV_PROBLEMS+=("line $number is neither a comment nor NAME=value")
      continue
    fi
    local key=${BASH_REMATCH[2]}
    if env_parse "${BASH_REMATCH[3]}"; then
      [[ -v ENV_VALUES[$key] ]] || ENV_KEYS+=("$key")
      ENV_VALUES[$key]=$REPLY
    else
      ENV_PROBLEMS+=("line $number: $key $REPLY")
    fi
  done <"$1"
}

# env_value KEY [DEFAULT]: as loaded; an empty value counts as unset, as in the compose files.
env_value() { printf '%s' "${ENV_VALUES[$1]:-${2:-}}"; }

# env_parse TEXT: what stands after the "=" → REPLY; 1 and the reason in REPLY when it cannot be read.
env_parse() {
  case $1 in
    "'"*) env_parse_single "${1:1}" ;;
    '"'*) env_parse_double "${1:1}" ;;
    *) env_parse_plain "$1" ;;
  esac
}

env_parse_single() {
  local text=$1 value=''
  while [[ $text == *\'* ]]; do
    value+=${text%%\'*}
    text=${text#*\'}
    # Compose takes \' as part of the value, backslash included.
    if [[ $value == *\\ ]]; then value+="'"; else
      env_after_quote "$text" || return 1
      REPLY=$value
      return 0
    fi
  done
  REPLY="has a quote that is not closed on its line"
  return 1
}

env_parse_double() {
  local text=$1 value='' i char
  for ((i = 0; i < ${#text}; i++)); do
    char=${text:i:1}
    case $char in
      \\)
        i=$((i + 1))
        env_unescape "${text:i:1}"
        value+=$REPLY
        ;;
      '"')
        env_after_quote "${text:i+1}" || return 1
        env_expand "$value"
        return
        ;;
      *) value+=$char ;;
    esac
  done
  REPLY="has a quote that is not closed on its line"
  return 1
}

env_unescape() {
  case $1 in
    n) REPLY=$'\n' ;;
    r) REPLY=$'\r' ;;
    t) REPLY=$'\t' ;;
    \\ | '"') REPLY=$1 ;;
    '$') REPLY='$$' ;;
    *) REPLY="\\$1" ;;
  esac
}

env_after_quote() {
  [[ $1 =~ ^[[:space:]]*(#.*)?$ ]] && return 0
  REPLY="has text after its closing quote"
  return 1
}

# Unquoted: up to " #", without the spaces around.
env_parse_plain() {
  local value=${1%% #*}
  value=${value%"${value##*[![:space:]]}"}
  env_expand "$value"
}

# $NAME and ${NAME} stand for what an earlier line said; $$ is a dollar, and so is one that names nothing.
env_expand() {
  local rest=$1 value='' name
  while [[ $rest == *'$'* ]]; do
    value+=${rest%%'$'*}
    rest=${rest#*'$'}
    if [[ $rest =~ $ENV_REFERENCE ]]; then
      name=${BASH_REMATCH[1]}
      rest=${BASH_REMATCH[2]}
      name=${name#\{}
      name=${name%\}}
      if [[ $name == '$' ]]; then value+='$'; else value+=${ENV_VALUES[$name]:-}; fi
    elif [[ $rest == '{'* ]]; then
      REPLY="uses a substitution other than \${NAME}; write the value itself"
      return 1
    else
      value+='$'
    fi
  done
  REPLY=$value$rest
}

# env_quote VALUE → REPLY, as compose reads it back; 1 for what no line can hold.
env_quote() {
  local value=$1
  if [[ $value == *[[:cntrl:]]* ]]; then return 1; fi
  if [[ $value =~ ^[A-Za-z0-9_@%+:,./?\&=*~^!-]*$ ]]; then
    REPLY=$value
    return 0
  fi
  value=${value//\\/\\\\}
  value=${value//\"/\\\"}
  value=${value//\$/\\\$}
  REPLY="\"$value\""
}

# env_write FILE KEY VALUE [KEY VALUE]…: sets these and leaves every other line, comment and the order alone. A key that
# is not there yet goes below its commented-out line, or to the end. Mode 0600; the file is replaced in one step.
env_write() {
  local file=$1 line key
  local -A wanted=() written=()
  local -a order=() lines=()
  shift
  env_load "$file"
  while (($# > 0)); do
    env_quote "$2" || fail "$EXIT_CONFIG" "The value for $1 cannot be kept." \
      "It holds a line break or another control character, which a line of .env cannot hold." "Give $1 a value on one line."
    wanted[$1]=$1=$REPLY
    order+=("$1")
    shift 2
  done
  [[ ! -f $file ]] || mapfile -t lines <"$file"
  {
    for line in "${lines[@]}"; do
      if [[ $line =~ $ENV_LINE && -v wanted[${BASH_REMATCH[2]}] ]]; then
        key=${BASH_REMATCH[2]}
        # Of several lines with one key the last counts; all of them say the same afterwards.
        printf '%s\n' "${wanted[$key]}"
        written[$key]=1
        continue
      fi
      printf '%s\n' "$line"
      [[ $line =~ ^#\ ?([A-Z][A-Z0-9_]*)= ]] || continue
      key=${BASH_REMATCH[1]}
      if [[ -v wanted[$key] && ! -v ENV_VALUES[$key] && ! -v written[$key] ]]; then
        printf '%s\n' "${wanted[$key]}"
        written[$key]=1
      fi
    done
    for key in "${order[@]}"; do [[ -v written[$key] ]] || printf '%s\n' "${wanted[$key]}"; done
  } | atomic_write "$file" 600
  env_load "$file"
}

# env_fill FILE KEY VALUE…: as env_write, but a key that has a value keeps it.
env_fill() {
  local file=$1 missing=()
  shift
  env_load "$file"
  while (($# > 0)); do
    [[ -n ${ENV_VALUES[$1]:-} || -z $2 ]] || missing+=("$1" "$2")
    shift 2
  done
  ((${#missing[@]} == 0)) || env_write "$file" "${missing[@]}"
}

# env_adopt FILE EXAMPLE: adds the variables that a newer .env.example has, each with the comment above it.
env_adopt() {
  local file=$1 line block=() added=()
  env_load "$file"
  while IFS= read -r line; do
    if [[ $line =~ $ENV_LINE ]]; then
      [[ -v ENV_VALUES[${BASH_REMATCH[2]}] ]] || added+=('' "${block[@]}" "$line")
      block=()
    elif [[ $line == '#'* && $line != '# ---'* && ! $line =~ ^#\ ?[A-Z][A-Z0-9_]*= ]]; then
      block+=("$line")
    else
      block=()
    fi
  done <"$2"
  ((${#added[@]} == 0)) || { cat "$file" && printf '%s\n' "${added[@]}"; } | atomic_write "$file" 600
  env_load "$file"
}

# env_default EXAMPLE KEY: what .env.example says, also when it is commented out there.
env_default() { [[ ! -f $1 ]] || sed -nE "s/^#? ?$2=//p" "$1" | head -n 1; }

# env_names FILE: every variable that the file knows, the commented-out ones included (of .env.example).
env_names() { sed -nE 's/^[[:space:]]*#?[[:space:]]*(export[[:space:]]+)?([A-Z][A-Z0-9_]*)=.*/\2/p' "$1" | sort -u; }
