#!/bin/sh
# Runs inside a fresh container with the release in /release: installs it as
# this system does, and gives a port to a name that the folder's package.json
# has a script for, which is what a stripped binary would run instead.
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
