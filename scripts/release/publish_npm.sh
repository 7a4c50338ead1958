#!/bin/sh
# Publishes the npm tarballs. The package that people install comes last, when
# all its dependencies exist. Skips what an earlier run has published.
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
