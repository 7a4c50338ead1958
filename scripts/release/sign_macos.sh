#!/bin/sh
# Signs binaries for macOS, on macOS, and verifies what came out: an arm64 Mac
# starts nothing that is not signed. MACOS_IDENTITY names a certificate in the
# keychain; without one the signature is ad hoc, and says nothing but that the
# file is whole.
#
# Usage: scripts/release/sign_macos.sh FILE...
set -eu
entitlements=$(dirname "$0")/macos_entitlements.plist

for binary; do
  codesign --force --options runtime --entitlements "$entitlements" \
    --sign "${MACOS_IDENTITY:--}" "$binary"
  codesign --verify --strict --verbose=2 "$binary"
done
