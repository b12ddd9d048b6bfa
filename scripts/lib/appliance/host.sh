# shellcheck shell=bash
# Facts about the machine. Everything below /proc, /sys and /etc is read under $HOST_ROOT, so that tests can bring their own.

HOST_ROOT=${BASTIDE_HOST_ROOT:-}

os_field() { sed -nE "s/^$1=\"?([^\"]*)\"?$/\1/p" "$HOST_ROOT/etc/os-release" 2>/dev/null | head -n 1; }

# meminfo FIELD: MiB.
meminfo() { awk -v field="$1:" '$1 == field { print int($2 / 1024) }' "$HOST_ROOT/proc/meminfo"; }

# Memory that this machine may really use, in MiB: a container or a slice may be allowed less than there is.
usable_memory() {
  local total limit file
  total=$(meminfo MemTotal)
  for file in "$HOST_ROOT/sys/fs/cgroup/memory.max" "$HOST_ROOT/sys/fs/cgroup/memory/memory.limit_in_bytes"; do
    [[ -r $file ]] || continue
    limit=$(<"$file")
    if [[ $limit =~ ^[0-9]+$ ]] && ((limit / 1048576 > 0 && limit / 1048576 < total)); then total=$((limit / 1048576)); fi
  done
  echo "$total"
}

# size_for MEMORY_MIB
size_for() {
  if (($1 >= 30000)); then echo l; elif (($1 >= 15000)); then echo m; else echo s; fi
}

# free_space PATH: GiB free at the deepest folder of it that exists.
free_space() { df -BG --output=avail "$(existing_part "$1")" | tail -n 1 | tr -dc '0-9'; }
existing_part() {
  local path=$1
  while [[ ! -e $path ]]; do path=$(dirname "$path"); done
  printf '%s' "$path"
}

docker_root() { docker info --format '{{.DockerRootDir}}' 2>/dev/null || echo /var/lib/docker; }

# version_below A B: by version, not by letter.
version_below() { [[ $1 != "$2" && $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# listeners PORT [tcp|udp]: the programs that hold it, as "name (process N)", one a line; "?" when it cannot be seen.
listeners() {
  local kind=t
  [[ ${2:-tcp} != udp ]] || kind=u
  ss -Hln"$kind"p "sport = :$1" 2>/dev/null | while read -r line; do
    if [[ $line =~ \(\(\"([^\"]+)\",pid=([0-9]+) ]]; then
      printf '%s (process %s)\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    else
      echo '?'
    fi
  done | sort -u
}

# The container of any project that publishes this port: its name and project, tab-separated.
publisher() {
  docker ps --filter "publish=$1" --format '{{.Names}}	{{.Label "com.docker.compose.project"}}' 2>/dev/null | head -n 1
}
