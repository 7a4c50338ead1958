#!/bin/sh
# Creates a draft release on GitHub with all files, or updates the draft of an
# earlier run. Never changes a published release.
#
# Usage: scripts/release/draft_on_github.sh FOLDER TAG NOTES
set -eu
folder=$1
tag=$2
notes=$3

case $(gh release view "$tag" --json isDraft --jq .isDraft 2>/dev/null || true) in
  '') gh release create "$tag" --draft --verify-tag --generate-notes --notes-file "$notes" "$folder"/* ;;
  true) gh release upload "$tag" --clobber "$folder"/* ;;
  *)
    echo "cannot draft the release $tag: it is public already (make a new version)" >&2
    exit 1
    ;;
esac
