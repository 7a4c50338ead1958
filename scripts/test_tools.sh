#!/bin/sh
# Installs the Debian programs that some tests run: other shells, strace, tools
# for network namespaces and for packages, the programs in recipes, the Python
# port-for. None of them is started as a service. Without them those tests are
# skipped, except in CI. Does nothing without apt or the right to use it.
set -eu

packages="ansible-core bash binutils bsdutils buildah busybox caddy curl dash \
direnv docker-compose e2fsprogs etcd-client etcd-server faketime fish \
git haproxy hyperfine iproute2 libc6-arm64-cross lintian make man-db \
mandoc musl nftables nginx-light procps python3 python3-dotenv \
python3-port-for python3-pytest-xdist python3-yaml qemu-user-static \
rpm ruby-foreman runit s6 shellcheck strace systemd unzip \
util-linux wget zip zsh"

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
# Debian runs this before it starts a newly installed service.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
apt-get install -y -qq --no-install-recommends $missing >/dev/null
