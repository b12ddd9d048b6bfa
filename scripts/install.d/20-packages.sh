# shellcheck shell=bash
# Docker and Compose, when they are missing or too old, from the distribution or from Docker's own repository.

packages() {
  docker_is_there && return 0
  step "$EXIT_PREFLIGHT_FAILED" 'Packages: Docker and Compose'
  changed "install $(docker_packages | paste -sd ' ') from $(docker_source)"
  $DRY_RUN && return 0
  # A daemon that the packages start must not inherit the lock of this run.
  install_docker 9>&- || fail "$EXIT_PREFLIGHT_FAILED" 'Docker could not be installed.' "$(log_tail 6)" "Install it yourself, then run scripts/install.sh again:
$(docker_commands)"
  docker_is_there || fail "$EXIT_PREFLIGHT_FAILED" 'Docker is installed and does not work yet.' \
    "docker: $(docker version --format '{{.Server.Version}}' 2>&1 | head -n 1), compose: $(docker compose version --short 2>&1 | head -n 1)" \
    'systemctl enable --now docker, then run scripts/install.sh again.'
}

docker_is_there() {
  local version
  have docker && docker version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1 || return 1
  version=$(docker compose version --short 2>/dev/null) || return 1
  ! version_below "${version#v}" "$COMPOSE_FLOOR"
}

# With somebody's consent, as root, with apt, and from where a new enough Compose comes.
can_install_docker() {
  is_root && have apt-get && [[ -n $(docker_packages) ]] && { $YES || interactive; } &&
    { [[ $DOCKER_FROM == docker ]] || ! $YES || [[ $(docker_source) == *distribution* ]]; }
}

# Debian 12 has Compose 1.29 only, so there it is Docker's own repository or nothing.
docker_source() {
  if [[ $DOCKER_FROM == docker || $(os_field ID)$(os_field VERSION_ID) == debian12 ]]; then
    echo "Docker's own repository (download.docker.com)"
  else
    echo 'the distribution'
  fi
}

# Without apparmor's parser Docker runs its containers unconfined and says nothing.
docker_packages() {
  case $(docker_source) in
    Docker*) printf '%s\n' docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin apparmor ;;
    *) case $(os_field ID) in
      debian) printf '%s\n' docker.io docker-cli docker-compose docker-buildx apparmor ;;
      ubuntu) printf '%s\n' docker.io docker-compose-v2 docker-buildx apparmor ;;
    esac ;;
  esac
}

docker_commands() {
  local id
  id=$(os_field ID)
  case $id in debian | ubuntu) ;; *)
    echo 'https://docs.docker.com/engine/install/'
    return 0
    ;;
  esac
  if [[ $(docker_source) == Docker* ]]; then
    cat <<TEXT
curl -fsSL https://download.docker.com/linux/$id/gpg -o /etc/apt/keyrings/docker.asc
echo "deb [signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/$id $(os_field VERSION_CODENAME) stable" > /etc/apt/sources.list.d/docker.list
TEXT
  fi
  printf 'apt-get update && apt-get install -y %s\n' "$(docker_packages | paste -sd ' ')"
}

install_docker() {
  local packages
  mapfile -t packages < <(docker_packages)
  confirm "Install ${packages[*]} from $(docker_source)?" || return 1
  if [[ $(docker_source) == Docker* ]]; then add_docker_repository || return 1; fi
  tell 'apt-get update, then the packages; a minute or two'
  logged apt-get update -qq || return 1
  logged env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
}

add_docker_repository() {
  local id
  id=$(os_field ID)
  install -d -m 755 /etc/apt/keyrings
  logged curl -fsSL --max-time 30 "https://download.docker.com/linux/$id/gpg" -o /etc/apt/keyrings/docker.asc || return 1
  printf 'deb [signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/%s %s stable\n' "$id" "$(os_field VERSION_CODENAME)" |
    atomic_write /etc/apt/sources.list.d/docker.list 644
}
