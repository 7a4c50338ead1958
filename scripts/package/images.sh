#!/bin/sh
# Builds the images from the files of `deno task package`, one for each C
# library, for both processors: port-for:VERSION and port-for:VERSION-musl. With
# a third argument, such as ghcr.io/x/port-for, pushes them there.
#
# Usage: scripts/package/images.sh dist/image VERSION [IMAGE]
set -eu
context=$1
version=$2
image=${3:-}

for libc in glibc musl; do
  case $libc in
    glibc) tag=$version ;;
    *) tag=$version-$libc ;;
  esac
  buildah build --manifest "localhost/port-for:$tag" --build-arg "LIBC=$libc" \
    --platform linux/amd64,linux/arm64 "$context"
  if [ -n "$image" ]; then
    buildah manifest push --all "localhost/port-for:$tag" "docker://$image:$tag"
  fi
done
