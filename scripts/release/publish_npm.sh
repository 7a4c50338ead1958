#!/bin/sh
# Publishes npm tarballs, the package that people install last: by then all that
# it asks for is there. Leaves out what a run before this one has published.
#
# Usage: scripts/release/publish_npm.sh FOLDER VERSION
set -eu
folder=$1
version=$2

publish() {
  name=$(tar -xzOf "$1" package/package.json | sed -n 's/^  "name": "\(.*\)",$/\1/p')
  if npm view "$name@$version" version >/dev/null 2>&1; then
    echo "$name $version is there already"
  else
    npm publish --access public "$1"
  fi
}

for tarball in "$folder"/port-for-*-*-"$version".tgz; do
  publish "$tarball"
done
publish "$folder/port-for-$version.tgz"
