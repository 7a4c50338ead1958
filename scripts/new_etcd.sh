#!/bin/sh
# Builds the current release of etcd, if Go is installed, and prints its path,
# for tests in addition to Debian's etcd. Without Go, prints nothing. It is
# built only once and kept outside of this folder.
set -eu

version=3.7.3

command -v go >/dev/null || exit 0
folder="${XDG_CACHE_HOME:-$HOME/.cache}/port-for-tests"
program="$folder/etcd-$version"
if [ ! -x "$program" ]; then
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  mkdir -p "$folder"
  cd "$build"
  # "go install" refuses modules with replace directives, so require it from a
  # module of our own.
  {
    go mod init example.com/etcd
    go get "go.etcd.io/etcd/server/v3@v$version"
    go build -o "$build/etcd" go.etcd.io/etcd/server/v3
  } >"$build/log" 2>&1 || {
    cat "$build/log" >&2
    exit 1
  }
  mv "$build/etcd" "$program"
fi
echo "$program"
