#!/bin/sh
# Whether a tag is that of the version that the project says it has, in both
# places.
#
# Usage: scripts/release/check_tag.sh TAG
set -eu
for file in deno.json lib/version.ts; do
  version=$(sed -nE 's/^ *("version":|export const VERSION =) "(.*)"[,;]$/\2/p' "$file")
  if [ "$1" != "v$version" ]; then
    echo "cannot release $1: $file says $version (see .github/RELEASING.md)" >&2
    exit 1
  fi
done
