#!/bin/sh
# Installs the Debian programs that some tests run: other shells, strace,
# network namespaces, what makes and checks packages, the Python port-for.
# Without them those tests are left out, except in CI. Does nothing where there
# is no apt, or no right to use it.
set -eu

packages="bash binutils bsdutils buildah busybox curl dash e2fsprogs \
etcd-client etcd-server faketime fish git hyperfine iproute2 \
libc6-arm64-cross lintian make man-db mandoc musl nftables procps python3 \
python3-port-for python3-pytest-xdist python3-yaml qemu-user-static rpm runit \
shellcheck strace systemd tmux unzip util-linux wget zip zsh"

command -v apt-get >/dev/null || exit 0
missing=""
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "to run every test: sudo apt-get install$missing" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
apt-get install -y -qq --no-install-recommends $missing >/dev/null
