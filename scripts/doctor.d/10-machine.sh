# shellcheck shell=bash
# The machine: memory, disk, what Docker keeps.

check_machine_memory() {
  local available total
  available=$(meminfo MemAvailable)
  total=$(usable_memory)
  if ((available * 100 / total >= 8)); then fine "$available of $total MiB of memory are available"; else
    warn "Only $available of $total MiB of memory are available." 'The kernel kills programs when there is none left.' \
      'docker stats shows who takes it; relief in this order: profile pdf off, GRAFANA and LOKI smaller, more memory. docs/sizing.md'
  fi
}

check_disk_space() {
  local place used
  for place in "$(docker_root)" "$ROOT" "$(backup_folder)"; do
    used=$(df --output=pcent "$(existing_part "$place")" | tail -n 1 | tr -dc '0-9')
    if ((used >= 95)); then
      bad "The disk of $place is $used % full." 'Databases stop when they cannot write.' "$(disk_fix)"
    elif ((used >= 85)); then
      warn "The disk of $place is $used % full." 'Databases stop when it is full.' "$(disk_fix)"
    else
      fine "the disk of $place is $used % full"
    fi
  done
}

disk_fix() {
  echo "docker system df; docker image prune (images of old releases)
du -xsh $(docker_root)/volumes/$(project)_* | sort -h   (which volume grows)
Shorter: LOG_RETENTION_HOURS, METRICS_RETENTION_SIZE, BACKUP_KEEP_* in .env"
}

backup_folder() {
  local folder
  folder=$(env_value BACKUP_DIR ./backups/repository)
  [[ $folder == /* ]] || folder=$ROOT/$folder
  printf '%s' "$folder"
}

check_docker_disk() {
  local kind reclaimable
  while IFS=$'\t' read -r kind reclaimable; do
    if [[ $reclaimable =~ ^([0-9]+)(\.[0-9]+)?GB && ${BASH_REMATCH[1]} -ge 20 ]]; then
      warn "Docker keeps $reclaimable of $kind that nothing uses." 'It is space that the databases may need.' 'docker image prune; docker builder prune'
    fi
  done < <(docker system df --format '{{.Type}}	{{.Reclaimable}}' | grep -E '^(Images|Build)')
  fine "$(docker system df --format '{{.Type}} {{.Size}}' | paste -sd ',' | sed 's/,/, /g')"
}
