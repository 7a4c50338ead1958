#!/bin/sh
# Checks that a tag matches the project's version, in both files that have it.
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
