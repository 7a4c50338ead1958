#!/bin/sh
# Runs inside a fresh container with the release in /release. Installs it as
# usual on this system, and asks for a name that is also a script of the
# folder's package.json, which a stripped binary would run instead.
set -eu

if command -v apk >/dev/null; then
  apk add --quiet curl libstdc++
  PORT_FOR_BASE_URL=file:///release sh /release/install.sh
elif command -v dnf >/dev/null; then
  dnf install -y --quiet /release/port-for-*."$(uname -m)".rpm
else
  apt-get update -qq
  apt-get install -y -qq /release/port-for_*_"$(dpkg --print-architecture)".deb
fi

mkdir /trap
cd /trap
echo '{ "scripts": { "web": "echo stripped" } }' >package.json
port=$(port-for web)
case $port in
  *[!0-9]* | '')
    echo "port-for web printed '$port'" >&2
    exit 1
    ;;
esac
echo "$port"
