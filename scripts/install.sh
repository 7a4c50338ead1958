#!/bin/sh
# Installs port-for: finds the binary for this machine, downloads it, checks
# its SHA-256 sum, and puts it into place as a whole or not at all.
#
#   PORT_FOR_BASE_URL  where the binaries and SHA256SUMS are
#                      (default: the project's latest release)
#   PORT_FOR_BIN       the folder to install to
#                      (default: /usr/local/bin, or ~/.local/bin where that
#                      cannot be written)
#   PORT_FOR_ENGINE    bun (default: starts fastest) or deno
set -eu

base=${PORT_FOR_BASE_URL:-https://github.com/x/port-for/releases/latest/download}
engine=${PORT_FOR_ENGINE:-bun}
work=

fail() {
  echo "install port-for: cannot $*" >&2
  exit 1
}

target() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "install on $(uname -s): there is no binary for it (use deno install)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "install on $(uname -m): there is no binary for it (use deno install)" ;;
  esac
  libc=
  if [ "$os" = linux ] && is_musl; then
    libc=-musl
    [ "$engine" = bun ] ||
      fail "install the $engine binary with musl: only Bun's runs there (PORT_FOR_ENGINE=bun)"
  fi
  echo "port-for-$engine-$os-$arch$libc"
}

# The C library that programs here are made for, whatever lies beside it: its
# own ldd says so, or else the loader that is there.
is_musl() {
  if command -v ldd >/dev/null 2>&1; then
    ldd --version 2>&1 | grep -qi musl
  else
    ! ls /lib/ld-linux-* >/dev/null 2>&1 &&
      ! ls /lib64/ld-linux-* >/dev/null 2>&1 &&
      ls /lib/ld-musl-* >/dev/null 2>&1
  fi
}

folder() {
  if [ -n "${PORT_FOR_BIN:-}" ]; then
    echo "$PORT_FOR_BIN"
  elif [ -d /usr/local/bin ] && [ -w /usr/local/bin ]; then
    echo /usr/local/bin
  else
    [ -n "${HOME:-}" ] || fail "find a folder to install to: HOME is not set (set PORT_FOR_BIN)"
    echo "$HOME/.local/bin"
  fi
}

download() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -t 3 -O "$2" "$1"
  else
    fail "download: there is neither curl nor wget (install either)"
  fi || fail "download $1 (check the address and the network)"
}

sum() {
  if command -v sha256sum >/dev/null 2>&1; then
    line=$(sha256sum "$1")
  elif command -v shasum >/dev/null 2>&1; then
    line=$(shasum -a 256 "$1")
  else
    fail "check the download: there is neither sha256sum nor shasum (install either)"
  fi
  echo "${line%% *}"
}

# All that is done, in one function: a script that was cut short on its way
# through a pipe does nothing.
main() {
  file=$(target)
  folder=$(folder)
  mkdir -p "$folder" || fail "create $folder (set PORT_FOR_BIN)"
  [ ! -d "$folder/port-for" ] ||
    fail "install to $folder: there is a folder named port-for (set PORT_FOR_BIN)"
  # In the same folder, so that the last step is a rename.
  work=$(mktemp -d "$folder/.port-for-install.XXXXXX") ||
    fail "write to $folder (run with sudo, or set PORT_FOR_BIN)"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM

  download "$base/SHA256SUMS" "$work/SHA256SUMS"
  wanted=$(awk -v file="$file" '$2 == file { print $1 }' "$work/SHA256SUMS")
  [ -n "$wanted" ] || fail "install $file: it is not in $base/SHA256SUMS"
  download "$base/$file" "$work/port-for"
  found=$(sum "$work/port-for")
  [ "$found" = "$wanted" ] ||
    fail "install $file: its SHA-256 sum is $found, not $wanted (nothing was installed; try again)"

  chmod 755 "$work/port-for"
  if ! version=$("$work/port-for" --version 2>&1); then
    version=$(echo "$version" | head -n 2)
    [ -z "${file##*-musl}" ] &&
      fail "run $file on this machine: $version (with musl it needs libstdc++: apk add libstdc++)"
    fail "run $file on this machine: $version"
  fi
  mv -f "$work/port-for" "$folder/port-for"
  echo "$version is now $folder/port-for"
  case ":$PATH:" in
    *":$folder:"*) ;;
    *) echo "$folder is not in your PATH: add it to call port-for by its name" ;;
  esac
}

main
