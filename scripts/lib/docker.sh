# shellcheck shell=bash
# A Docker Engine, Compose and buildx for the stack test, and a Debian 13 base image made without any registry.
# Sourced after common.sh, servers.sh and install.sh; needs $RUN, a folder of its own.

# Debian 13's Compose; older ones lack !reset and !override, which compose.standins.yml uses.
readonly COMPOSE_FLOOR=2.26
readonly DEBIAN_IMAGE=standin/debian:test
readonly DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

docker_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# ensure_docker: uses the daemon that answers, or starts one (DOCKERD_PID) whose images and containers live and end with
# $RUN. It takes the usual socket, which nobody answers at and which docker-compose.yml mounts.
ensure_docker() {
  ensure_installed docker
  docker_answers || start_dockerd
  ensure_debian_image
  ensure_plugins
}

start_dockerd() {
  is_root || die "no Docker Engine answers, and only root may start one"
  log "Starting a private Docker Engine"
  mount_cgroups
  mkdir -p "$RUN/docker"
  detached dockerd --data-root "$RUN/docker/data" --exec-root "$RUN/docker/exec" \
    --pidfile "$RUN/docker/pid" >"$RUN/docker/log" 2>&1 9>&- &
  DOCKERD_PID=$!
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    docker_answers && return 0
    kill -0 "$DOCKERD_PID" 2>/dev/null || break
    sleep 0.1
  done
  tail -15 "$RUN/docker/log" >&2
  die "the Docker Engine did not start; its log is above"
}

# An init system mounts these; a machine that was started without one has none.
mount_cgroups() {
  [[ -f /sys/fs/cgroup/cgroup.controllers ]] && return 0
  mountpoint -q /sys/fs/cgroup || mount -t tmpfs -o uid=0,gid=0,mode=0755 cgroup /sys/fs/cgroup
  local controller
  while read -r controller; do
    mkdir -p "/sys/fs/cgroup/$controller"
    mountpoint -q "/sys/fs/cgroup/$controller" ||
      mount -n -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" ||
      rmdir "/sys/fs/cgroup/$controller"
  done < <(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups)
}

stop_dockerd() {
  [[ -n ${DOCKERD_PID:-} ]] || return 0
  local running
  mapfile -t running < <(docker ps -q 2>/dev/null)
  ((${#running[@]} == 0)) || docker kill "${running[@]}" >/dev/null 2>&1 || true
  stop_process "$DOCKERD_PID"
  # A container that ends late keeps its overlay mounted.
  local point
  while read -r point; do umount -l "$point" || true; done < <(awk -v at="$RUN/docker/" 'index($2, at) == 1 { print $2 }' /proc/mounts)
}

# The base of every stand-in: what `debian:trixie-slim` is, made from Debian's own packages. Made anew when this recipe changes.
ensure_debian_image() {
  local now rootfs=$RUN/debian
  now=$(declare -f make_rootfs ensure_debian_image | sha256sum | cut -d' ' -f1)
  [[ $(docker image inspect -f '{{index .Config.Labels "bastide.recipe"}}' "$DEBIAN_IMAGE" 2>/dev/null) == "$now" ]] && return 0
  ensure_installed debootstrap
  log "Making the base image (Debian 13)"
  make_rootfs "$rootfs" >"$RUN/debootstrap.log" 2>&1 || {
    tail -15 "$RUN/debootstrap.log" >&2
    die "debootstrap could not make Debian 13; its log is above"
  }
  tar -C "$rootfs" -c --numeric-owner . |
    docker import --change 'CMD ["bash"]' --change "LABEL bastide.recipe=$now" - "$DEBIAN_IMAGE" >/dev/null
  rm -rf "$rootfs"
}

make_rootfs() {
  local rootfs=$1
  debootstrap --variant=minbase --include=ca-certificates trixie "$rootfs" "$DEBIAN_MIRROR"
  # As in the official image: no caches, no documentation, no fsync, no service started by a package.
  rm -rf "$rootfs"/var/cache/apt/archives/*.deb "$rootfs"/usr/share/{doc,man,locale,info}/*
  # Java's package wants to link its pages there.
  mkdir -p "$rootfs/usr/share/man/man1"
  printf 'force-unsafe-io\n' >"$rootfs/etc/dpkg/dpkg.cfg.d/unsafe-io"
  printf 'path-exclude /usr/share/%s/*\n' doc man locale info >"$rootfs/etc/dpkg/dpkg.cfg.d/slim"
  printf 'APT::Install-Recommends "false";\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n' >"$rootfs/etc/apt/apt.conf.d/slim"
  printf '#!/bin/sh\nexit 101\n' >"$rootfs/usr/sbin/policy-rc.d"
  chmod 755 "$rootfs/usr/sbin/policy-rc.d"
  printf 'deb %s trixie main\ndeb %s trixie-updates main\ndeb %s-security trixie-security main\n' \
    "$DEBIAN_MIRROR" "$DEBIAN_MIRROR" "$DEBIAN_MIRROR" >"$rootfs/etc/apt/sources.list"
}

# Debian 12 and Ubuntu have no Compose v2 or an older one. The plugins are static Go programs: those of Debian 13 run anywhere.
ensure_plugins() {
  local version
  version=$(docker compose version --short 2>/dev/null || echo 0)
  if ! older_than "$version" "$COMPOSE_FLOOR" && docker buildx version >/dev/null 2>&1; then return 0; fi
  log "Taking Compose and buildx from Debian 13"
  export DOCKER_CONFIG=$RUN/docker-config
  mkdir -p "$DOCKER_CONFIG/cli-plugins"
  docker run --rm --network host -v "$DOCKER_CONFIG/cli-plugins:/out" "$DEBIAN_IMAGE" sh -ec '
    cd /tmp
    apt-get update -qq
    apt-get download -qq docker-compose docker-buildx
    for package in *.deb; do dpkg-deb -x "$package" .; done
    install -m 755 usr/libexec/docker/cli-plugins/* /out/' >"$RUN/plugins.log" 2>&1 || {
    tail -15 "$RUN/plugins.log" >&2
    die "Compose $COMPOSE_FLOOR and buildx could not be had from Debian 13; see above"
  }
}

# older_than A B: by version, not by letter.
older_than() { [[ $1 != "$2" && $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1) == "$1" ]]; }
