# shellcheck shell=bash
# Checks of the machine itself. Each calls fine, warn or bad.

check_root() {
  if is_root; then fine 'runs as root'; else
    bad 'This is not root.' 'Secrets must belong to root, and Docker is root as well.' "sudo scripts/install.sh"
  fi
}

check_tools() {
  local tool missing=()
  for tool in openssl curl ss ip flock awk sed find timeout getent sha256sum; do have "$tool" || missing+=("$tool"); done
  if ((${#missing[@]} == 0)); then fine 'all commands are there'; else
    bad "Commands are missing: ${missing[*]}." 'This script is made of them.' \
      'apt-get install openssl curl iproute2 util-linux gawk sed findutils coreutils libc-bin'
  fi
}

check_os() {
  local id version
  id=$(os_field ID)
  version=$(os_field VERSION_ID)
  case $id in
    debian) version_below "$version" 12 || { fine "Debian $version" && return 0; } ;;
    ubuntu) version_below "$version" 24.04 || { fine "Ubuntu $version" && return 0; } ;;
  esac
  bad "This is $(os_field PRETTY_NAME), and Bastide is tested on Debian 12, 13 and Ubuntu 24.04." \
    'Package names and the versions of Docker differ elsewhere.' \
    'Use one of those, or --skip-check os when Docker and Compose are installed already.'
}

check_architecture() {
  case $(uname -m) in
    x86_64) fine 'x86-64' ;;
    aarch64) warn 'This is a 64-bit ARM machine.' 'Not every third-party image is published for it, and the stack is not tested there.' \
      'Nothing, if the images can be had; otherwise an x86-64 server.' ;;
    *) bad "This is $(uname -m)." 'The images exist for x86-64.' 'Use an x86-64 server.' ;;
  esac
}

check_cores() {
  local cores
  cores=$(nproc)
  if ((cores >= 4)); then
    fine "$cores cores"
  elif ((cores >= 2)); then
    warn "There are $cores cores; 4 are recommended." 'About thirty programs share them: starting takes longer, and a busy site slows the others.' \
      'Give the server more cores, or live with it for few tenants.'
  else
    bad "There is $cores core; 2 are needed and 4 recommended." 'About thirty programs share it.' 'Give the server more cores.'
  fi
}

check_memory() {
  local memory needed=7500 size
  memory=$(usable_memory)
  size=$(env_value SIZE s)
  case $size in m) needed=15000 ;; l) needed=30000 ;; esac
  if ((memory >= needed)); then
    fine "$memory MiB of memory, size $size"
  elif ((memory >= 7500)); then
    bad "There are $memory MiB of memory; size $size is made for $needed." 'The limits of all containers together would not fit.' \
      "scripts/install.sh --size $(size_for "$memory")"
  else
    bad "There are $memory MiB of memory; $needed are needed (a server of 8 GB has about 7700)." \
      'The limits of all containers together are 7400 MiB: the kernel would kill programs.' 'Give the server 8 GB of memory.'
  fi
}

check_swap() {
  local swap
  swap=$(meminfo SwapTotal)
  if ((swap >= 2000)); then fine "$swap MiB of swap"; else
    warn "There are $swap MiB of swap; 4 GB are recommended." 'Memory that nobody touches leaves room for the databases, and a short peak kills nothing.' \
      "fallocate -l 4G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile
echo '/swapfile none swap sw 0 0' >> /etc/fstab"
  fi
}

# What an installation that runs already needs for its next images, and what a new one needs.
check_disk() {
  local place free needed=60 least
  [[ $MODE != local ]] || needed=30
  [[ $(state installed) != yes ]] || needed=10
  place=$(docker_root)
  free=$(free_space "$place")
  if ((free >= needed)); then fine "$free GiB free at $place"; else
    bad "There are $free GiB free at $place; $needed are needed." 'Images take about 12 GB, and a full disk stops the databases.' \
      'Use a bigger disk (100 GB SSD recommended), or put Docker elsewhere: "data-root" in /etc/docker/daemon.json.'
  fi
  least=$(df --output=fstype "$(existing_part "$place")" | tail -n 1)
  case $least in
    nfs* | cifs | fuse*) bad "$place is on $least." 'Databases need a disk that keeps what it says it wrote.' 'Put Docker on a local disk: "data-root" in /etc/docker/daemon.json.' ;;
  esac
  is_rotating "$place" || return 0
  warn "$place is on a rotating disk." 'Databases and sites wait for it; an SSD is many times faster.' 'Move to a server with an SSD.'
}

is_rotating() {
  local device
  device=$(df --output=source "$(existing_part "$1")" | tail -n 1)
  [[ $(lsblk -ndo ROTA "$device" 2>/dev/null | tr -d ' ') == 1 ]] && [[ $(lsblk -ndo TRAN,VENDOR "$device" 2>/dev/null) != *irt* ]] &&
    [[ $device != /dev/vd* && $device != /dev/xvd* ]]
}

check_inodes() {
  local place free
  place=$(docker_root)
  free=$(df --output=iavail "$(existing_part "$place")" | tail -n 1 | tr -dc '0-9')
  # Some file systems (btrfs) have no fixed number and say 0.
  if [[ -z $free || $free == 0 ]] || ((free >= 500000)); then fine 'enough inodes'; else
    bad "Only $free inodes are free at $place." 'Images and sites are hundreds of thousands of small files.' 'Make a file system with more inodes, or free some.'
  fi
}

check_cgroups() {
  have docker || { fine 'Docker is not there yet' && return 0; }
  local limits
  limits=$(docker info --format '{{.MemoryLimit}} {{.PidsLimit}}' 2>/dev/null) || { fine 'Docker does not answer yet' && return 0; }
  if [[ $limits == 'true true' ]]; then fine 'limits of memory and processes work'; else
    bad "The kernel cannot limit memory or processes of containers ($limits)." 'Without limits one program can take the whole machine.' \
      'On Debian and Ubuntu: add cgroup_enable=memory swapaccount=1 to GRUB_CMDLINE_LINUX, update-grub, reboot. In a container: use a virtual machine.'
  fi
}

check_kernel() {
  local overcommit
  overcommit=$(cat "$HOST_ROOT/proc/sys/vm/overcommit_memory" 2>/dev/null || echo 1)
  if [[ $overcommit == 1 ]]; then fine 'vm.overcommit_memory is 1'; else
    warn "vm.overcommit_memory is $overcommit." 'Valkey forks to save its data; with little free memory the kernel refuses, and saving fails.' \
      "echo vm.overcommit_memory=1 > /etc/sysctl.d/90-bastide.conf && sysctl -p /etc/sysctl.d/90-bastide.conf"
  fi
}

check_security_module() {
  if [[ $(cat "$HOST_ROOT/sys/fs/selinux/enforce" 2>/dev/null) == 1 ]]; then
    warn 'SELinux is enforcing.' 'Containers may not read files of this folder that have no label for it.' \
      "chcon -Rt container_file_t $ROOT"
  else
    fine 'no SELinux in the way'
  fi
}
