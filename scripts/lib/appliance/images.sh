# shellcheck shell=bash
# The images that the stack's files name: which are here, which are ours to build.

# service_images: service, image and yes|no (built here), tab-separated; from compose's own normalised output.
service_images() {
  compose config | awk '
    /^[a-z]/ { inside = ($0 == "services:") }
    !inside { next }
    /^  [^ ].*:$/ { flush(); service = substr($1, 1, length($1) - 1) }
    /^    image: / { image = $2; gsub(/^["'\'']|["'\'']$/, "", image) }
    /^    build:/ { built = "yes" }
    END { flush() }
    function flush() { if (service != "" && image != "") print service "\t" image "\t" (built == "" ? "no" : built); image = built = "" }'
}

# Those of them that Docker does not have; one a line.
missing_images() {
  local image
  service_images | cut -f2 | sort -u | while read -r image; do
    docker image inspect "$image" >/dev/null 2>&1 || echo "$image"
  done
}

# pull_image IMAGE: three tries; networks and registries have bad minutes.
pull_image() {
  local try
  for try in 1 2 3; do
    logged docker pull --quiet "$1" && return 0
    ((try == 3)) || sleep $((try * 5))
  done
  return 1
}

# What our images are made from, as one hash.
build_fingerprint() {
  local path paths=()
  for path in services package.json package-lock.json .dockerignore tsconfig.base.json; do
    [[ ! -e $ROOT/$path ]] || paths+=("$path")
  done
  (
    cd "$ROOT" || exit 1
    find "${paths[@]}" -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/test/*' -not -name '*.test.ts' -print0 |
      sort -z | xargs -0 sha256sum
  ) | sha256sum | cut -d' ' -f1
}
