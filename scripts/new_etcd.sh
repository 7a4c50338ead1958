#!/bin/sh
# Builds the current release of etcd, for tests beside Debian's, where there is
# Go, and prints where it is; otherwise it prints nothing. It is built once, and
# kept outside of this folder.
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
  # "go install" refuses a module with replace directives: a module of our own
  # requires it instead.
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
