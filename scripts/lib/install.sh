# shellcheck shell=bash
# What the quick start and the tests need on the machine. Sourced after common.sh and servers.sh.

readonly NODE_FLOOR=18
readonly EXIT_PREFLIGHT=10

# The Debian packages that are missing for the given commands, one a line.
missing_packages() {
  local need
  for need in "$@"; do
    case $need in
      node) { have node && have npm && [[ $(node -p 'process.versions.node.split(".")[0]') -ge $NODE_FLOOR ]]; } || echo "nodejs npm" ;;
      mariadb) { [[ -n $(mariadbd_path) ]] && have mariadb-install-db && have mariadb; } || echo "mariadb-server" ;;
      redis) [[ -n $(redis_path) ]] || redis_package ;;
      curl) have curl || echo "curl" ;;
      chromium) have chromium || echo "chromium" ;;
      shellcheck) have shellcheck || echo "shellcheck" ;;
      promtool) have promtool || echo "prometheus" ;;
      amtool) { have amtool && { have alertmanager || have prometheus-alertmanager; }; } || echo "prometheus-alertmanager" ;;
      docker) { have docker && have dockerd && have iptables; } || echo "docker.io iptables" ;;
      debootstrap) have debootstrap || echo "debootstrap debian-archive-keyring" ;;
      git | openssl) have "$need" || echo "$need" ;;
      ss) have ss || echo "iproute2" ;;
    esac
  done
}

# Debian 13 ships Valkey, Debian 12 and Ubuntu 24.04 ship Redis 7; both speak the same protocol.
redis_package() {
  if have apt-cache && apt-cache show valkey-server >/dev/null 2>&1; then echo "valkey-server"; else echo "redis-server"; fi
}

# ensure_installed COMMAND…: installs what is missing with apt as root, otherwise says what to run and stops.
ensure_installed() {
  local packages
  packages=$(missing_packages "$@" | xargs)
  [[ -n $packages ]] || return 0
  if is_root && have apt-get; then
    log "Installing with apt-get: $packages"
    apt-get update -qq
    # Services that the packages bring would start on their own; the quick start runs private servers instead.
    # shellcheck disable=SC2086 # a list of package names
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $packages >/dev/null
    [[ -z $(missing_packages "$@" | xargs) ]] && return 0
  fi
  printf '✖ WHAT  These packages are missing: %s\n  WHY   They hold the servers that Bastide runs on.\n  FIX   sudo apt-get install %s\n        (Node.js must be %s or newer; Node 24 itself then comes from npm)\n' \
    "$packages" "$packages" "$NODE_FLOOR" >&2
  exit "$EXIT_PREFLIGHT"
}

# fingerprint PATH…: one hash over what the files hold.
fingerprint() {
  find "$@" -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# npm leaves out optional native parts that do not name the running Node. Where the machine's own is old (Debian 12 has
# 18), npm therefore runs on the Node that the lock file brings, which is fetched first into .bastide/.
use_recent_node() {
  [[ $(node -p 'process.versions.node.split(".")[0]') -ge 22 ]] && return 0
  local version tools=$ROOT/.bastide/node
  version=$(node -p 'require("./package.json").devDependencies.node')
  if [[ ! -x $tools/node_modules/.bin/node || $("$tools/node_modules/.bin/node" --version) != "v$version" ]]; then
    mkdir -p "$tools"
    npm install --prefix "$tools" --no-save --no-audit --no-fund --loglevel=error "node@$version" >&2
  fi
  export PATH="$tools/node_modules/.bin:$PATH"
}

# Libraries by the lock file, only when it changed. Two starts at once take turns.
ensure_libraries() {
  local stamp=$ROOT/node_modules/.bastide-lock now
  now=$(fingerprint "$ROOT/package-lock.json")
  mkdir -p "$ROOT/.bastide"
  exec 9>"$ROOT/.bastide/install.lock"
  flock 9
  if [[ $(cat "$stamp" 2>/dev/null) != "$now" ]]; then
    # npm ci empties what a link points to: another tree's libraries.
    [[ ! -L $ROOT/node_modules ]] || die "node_modules is a link to $(readlink -f "$ROOT/node_modules"), whose libraries are not those of this tree's package-lock.json. Remove the link; the next run installs its own"
    log "Installing the libraries (npm ci)"
    (cd "$ROOT" && use_recent_node && npm ci --no-audit --no-fund --loglevel=error >&2) || die "npm ci failed; see above"
    echo "$now" >"$stamp"
  fi
  flock -u 9
  exec 9>&-
  export PATH="$ROOT/node_modules/.bin:$PATH"
}

# The dashboard, built into services/dashboard/dist, only when its sources changed.
ensure_dashboard() {
  local dashboard=$ROOT/services/dashboard stamp now
  stamp=$dashboard/dist/.built-from
  now=$(fingerprint "$dashboard/src" "$dashboard/index.html" "$dashboard/vite.config.ts" "$ROOT/package-lock.json")
  [[ $(cat "$stamp" 2>/dev/null) == "$now" ]] && return 0
  log "Building the dashboard"
  (cd "$ROOT" && npm run --silent build -w services/dashboard >"${TMPDIR:-/tmp}/bastide-build.$$" 2>&1) || {
    cat "${TMPDIR:-/tmp}/bastide-build.$$" >&2
    rm -f "${TMPDIR:-/tmp}/bastide-build.$$"
    die "the dashboard could not be built"
  }
  rm -f "${TMPDIR:-/tmp}/bastide-build.$$"
  echo "$now" >"$stamp"
}
