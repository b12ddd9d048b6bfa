# shellcheck shell=bash
# What other machines say: names, web servers, mail servers. Each has a short time limit.

addresses_of() { timeout 6 getent ahosts "$1" 2>/dev/null | awk '{ print $1 }' | sort -u; }

# Addresses that this machine has itself; behind NAT the public one is not among them.
own_addresses() { ip -o addr show scope global 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }'; }

# lookup_tool: the program that is there for records other than addresses.
lookup_tool() {
  local tool
  for tool in dig host; do
    if have "$tool"; then
      echo "$tool"
      return 0
    fi
  done
  return 1
}

# records TYPE NAME: one a line, without quotes; nothing when there are none.
records() {
  case $(lookup_tool) in
    dig) dig +short +time=3 +tries=2 "$2" "$1" 2>/dev/null | sed 's/" "//g; s/"//g' | grep -v '^;' || true ;;
    host) host -W 3 -t "$1" "$2" 2>/dev/null | sed -nE 's/.* (descriptive text|mail is handled by|has CAA record|domain name pointer|has address) //p' | sed 's/" "//g; s/"//g' ;;
  esac
}

# http_status URL [curl option…]: 000 when nothing answers.
http_status() {
  local url=$1
  shift
  curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$@" "$url" 2>/dev/null || true
}

# The clock of a web server less ours, in seconds; 1 when none answers.
clock_skew() {
  local url date
  for url in "$@"; do
    date=$(curl -sI --max-time 8 "$url" 2>/dev/null | tr -d '\r' | sed -nE 's/^[Dd]ate: //p' | head -n 1)
    [[ -n $date ]] || continue
    echo $(($(date -u -d "$date" +%s) - $(date -u +%s)))
    return 0
  done
  return 1
}

# can_connect HOST PORT
# shellcheck disable=SC2016 # the inner shell expands them
can_connect() { timeout 6 bash -c 'exec 3<>"/dev/tcp/$1/$2"' _ "$1" "$2" 2>/dev/null; }
