# shellcheck shell=bash
# The installation's folder as a git clone: releases are tags vX.Y.Z.

# Root may operate a clone of another user; hooks of the clone have no business in an upgrade.
repository() { git -C "$ROOT" -c safe.directory="$ROOT" -c core.hooksPath=/dev/null -c advice.detachedHead=false "$@"; }

in_git() { [[ $(repository rev-parse --show-toplevel 2>/dev/null) == "$ROOT" ]]; }

head_commit() { repository rev-parse HEAD; }

# Its branch, or the commit itself when it stands on none.
head_name() { repository symbolic-ref --quiet --short HEAD || head_commit; }

fetch_releases() {
  repository remote get-url origin >/dev/null 2>&1 || return 0
  repository fetch --quiet --tags --force origin
}

# Newest release tag; those with a suffix (v2.0.0-rc.1) have to be asked for by name.
newest_release() { repository tag --list 'v[0-9]*' --sort=-version:refname | grep -E '^v[0-9]+\.[0-9]+\.[0-9]+$' | head -n 1 || true; }

# resolve_release NAME: the commit of a tag (with or without its v), a branch of origin, or a commit.
resolve_release() {
  local try
  for try in "refs/tags/v$1" "refs/tags/$1" "refs/remotes/origin/$1" "$1"; do
    if repository rev-parse --verify --quiet "$try^{commit}" 2>/dev/null; then return 0; fi
  done
  return 1
}

# Changes to files that git knows; .env, secrets/ and what else an operator adds are not among them.
local_changes() { repository status --porcelain --untracked-files=no; }

# Files that are here without git knowing them and that COMMIT would put in their place.
in_the_way_of() {
  local file
  repository diff --no-renames --name-only --diff-filter=A HEAD "$1" | while read -r file; do
    [[ ! -e $ROOT/$file ]] || echo "$file"
  done
}

# file_at COMMIT PATH: its content there; nothing when it does not exist.
file_at() { repository show "$1:$2" 2>/dev/null || true; }
