# shellcheck shell=bash
# Checks of Docker and of the ports that its containers take.

readonly DOCKER_FLOOR=20.10 COMPOSE_FLOOR=2.26

check_docker() {
  local version program
  if ! have docker; then
    if can_install_docker; then fine 'Docker is missing and will be installed'; else
      bad 'Docker is missing.' 'Everything runs in containers.' "Run this again with --yes to install it, or yourself:
$(docker_commands)"
    fi
    return 0
  fi
  program=$(readlink -f "$(command -v docker)")
  if [[ $program == /snap/* || $program == /usr/bin/snap ]]; then
    bad 'Docker comes from a snap.' 'It sees only parts of the file system, and the files in secrets/ are not among them.' \
      "snap remove docker
$(docker_commands)"
    return 0
  fi
  version=$(docker version --format '{{.Server.Version}}' 2>/dev/null) || version=''
  if [[ -z $version ]]; then
    bad 'Docker does not answer.' "$(docker version --format '{{.Server.Version}}' 2>&1 | head -n 1)" 'systemctl enable --now docker; then: docker info'
  elif version_below "$version" "$DOCKER_FLOOR"; then
    bad "Docker is $version; $DOCKER_FLOOR or newer is needed." 'Older ones lack what the compose files use.' "$(docker_commands)"
  else
    fine "Docker $version"
  fi
  [[ $(docker info --format '{{.Driver}}' 2>/dev/null) != vfs ]] || warn 'Docker uses the storage driver vfs.' \
    'It copies every image as a whole: slow, and several times the disk.' 'Use a file system that overlay2 works on (ext4, xfs).'
  [[ $(docker info --format '{{.SecurityOptions}}' 2>/dev/null) != *rootless* ]] || bad 'Docker runs without root.' \
    'Ports below 1024 and the owners of files in secrets/ need root.' 'Use the Docker of the system: systemctl enable --now docker'
}

check_compose() {
  have docker || { fine 'comes with Docker' && return 0; }
  local version
  version=$(docker compose version --short 2>/dev/null) || version=''
  version=${version#v}
  if [[ -n $version ]] && ! version_below "$version" "$COMPOSE_FLOOR"; then
    if docker buildx version >/dev/null 2>&1; then fine "Compose $version"; else
      bad 'buildx is missing.' 'Our images are built with it.' "$(docker_commands)"
    fi
  elif can_install_docker; then
    fine "Compose is ${version:-missing} and will be installed"
  else
    bad "Compose is ${version:-missing}; $COMPOSE_FLOOR or newer is needed." 'The stack is described in its language.' \
      "Run this again with --yes to install it, or yourself:
$(docker_commands)"
  fi
}

check_ports() {
  local port ports=(80 443)
  [[ $MODE != local ]] || ports=("$(env_value HTTP_PORT 80)" "$(env_value HTTPS_PORT 443)")
  ! has_profile postal || ports+=(25 587)
  for port in "${ports[@]}"; do check_port "$port"; done
}

check_port() {
  local port=$1 holders container name owner
  holders=$(listeners "$port")
  if [[ -z $holders ]]; then
    fine "port $port is free"
    return 0
  fi
  container=$(publisher "$port")
  IFS=$'\t' read -r name owner <<<"$container"
  if [[ -n $owner && $owner == "$(project)" ]]; then
    fine "port $port is ours already"
  elif [[ -n $name ]]; then
    bad "Port $port is taken by the container $name." 'The edge has to listen there.' "docker stop $name"
  else
    bad "Port $port is taken by $(paste -sd ' ' <<<"$holders")." 'The edge has to listen there.' "$(port_fix "$port" "$holders")"
  fi
}

port_fix() {
  local program=${2%% *}
  case $program in
    nginx | apache2 | httpd | caddy | lighttpd | haproxy) echo "systemctl disable --now $program" ;;
    master) echo 'systemctl disable --now postfix' ;;
    exim*) echo 'systemctl disable --now exim4' ;;
    *) if [[ $MODE == local ]]; then echo "Stop it, or choose others: --http-port 8080 --https-port 8443"; else echo "Stop that program; ss -lntp 'sport = :$1' shows it."; fi ;;
  esac
}
