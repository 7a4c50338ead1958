#!/bin/sh
# Signs binaries for macOS, on macOS, and verifies them: an arm64 Mac runs only
# signed programs. MACOS_IDENTITY names a certificate in the keychain; without
# it the signature is ad hoc and shows only that the file is intact.
#
# Usage: scripts/release/sign_macos.sh FILE...
set -eu
entitlements=$(dirname "$0")/macos_entitlements.plist

for binary; do
  codesign --force --options runtime --entitlements "$entitlements" \
    --sign "${MACOS_IDENTITY:--}" "$binary"
  codesign --verify --strict --verbose=2 "$binary"
done
