#!/bin/sh
# Installs port-for: finds the archive for this machine, downloads it, checks
# its SHA-256 sum, and puts the program into place atomically, then its man page
# and completions. Running programs are not disturbed.
#
#   sh install.sh              install, or replace what is installed
#   sh install.sh --uninstall  take all of that away again
#
#   PORT_FOR_VERSION  a release's tag, such as v2.0.0 (default: the latest)
#   PORT_FOR_BIN      the folder to install to (default: /usr/local/bin, or
#                     ~/.local/bin for those who cannot write there)
#   PORT_FOR_ENGINE   bun (starts fastest) or deno (default: bun where it runs)
#   PORT_FOR_BASE_URL a mirror: the folder that has SHA256SUMS and the archives
#   PORT_FOR_ATTESTATION
#                     skip: do not ask gh who built the archive
set -eu

repository=x/port-for
version=${PORT_FOR_VERSION:-}
engine=${PORT_FOR_ENGINE:-}
work=

fail() {
  echo "install port-for: cannot $*" >&2
  exit 1
}

say() {
  echo "install port-for: $*" >&2
}

# --- which archive -----------------------------------------------------------

# Sets target, the end of the archive's name.
find_target() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "install on $(uname -s): there is no binary for it (use deno install)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "install on $(uname -m): there is no binary for it (use deno install)" ;;
  esac
  target=$os-$cpu
  if [ "$os" = linux ]; then
    [ -e /proc/self/exe ] ||
      fail "install here: port-for does not start without /proc (mount -t proc proc /proc)"
    choose_for_linux
  fi
  case ${engine:=bun} in
    bun) ;;
    deno) target=$target-deno ;;
    *) fail "install for the engine $engine: it is neither bun nor deno (set PORT_FOR_ENGINE)" ;;
  esac
}

choose_for_linux() {
  if is_musl; then
    [ "$engine" != deno ] ||
      fail "install Deno's binary with musl: only Bun's runs there (PORT_FOR_ENGINE=bun)"
    lacks_sse42 &&
      fail "install on this processor with musl: Bun's binary needs SSE4.2, and there is no other (use a system with glibc)"
    say "the C library here is musl: taking the archive for it"
    target=$target-musl
  elif [ -z "$engine" ] && lacks_sse42; then
    say "this processor has no SSE4.2, which Bun's binary needs: taking Deno's"
    engine=deno
  fi
}

# Whether this system's programs use musl, even if another C library is
# installed, too: ldd tells, or else the loaders that exist.
is_musl() {
  if command -v ldd >/dev/null 2>&1; then
    ldd --version 2>&1 | grep -qi musl
  else
    ! ls /lib/ld-linux-* >/dev/null 2>&1 &&
      ! ls /lib64/ld-linux-* >/dev/null 2>&1 &&
      ls /lib/ld-musl-* >/dev/null 2>&1
  fi
}

lacks_sse42() {
  [ "$cpu" = x64 ] && grep -q '^flags' /proc/cpuinfo 2>/dev/null &&
    ! grep -q '^flags.* sse4_2' /proc/cpuinfo
}

# --- where to ----------------------------------------------------------------

# Sets bin, share and made.
find_places() {
  if [ -n "${PORT_FOR_BIN:-}" ]; then
    bin=$PORT_FOR_BIN
  elif [ "$(id -u)" = 0 ] || { [ -d /usr/local/bin ] && [ -w /usr/local/bin ]; }; then
    bin=/usr/local/bin
  else
    [ -n "${HOME:-}" ] || fail "find a folder to install to: HOME is not set (set PORT_FOR_BIN)"
    bin=$HOME/.local/bin
  fi
  case $bin in
    *"
"*) fail "install to a folder with a line break in its name (set PORT_FOR_BIN)" ;;
    /*) ;;
    *) bin=$PWD/$bin ;;
  esac
  case $bin in
    */bin) share=${bin%/bin}/share ;;
    *) share=$bin/share ;;
  esac
  # The list of folders that this script created, for --uninstall.
  made=$share/port-for/folders
}

# Calls a function for the man page and each completion, with its path in the
# archive and its path below share.
each_paper() {
  "$1" port-for.1 man/man1/port-for.1
  "$1" completions/port-for.bash bash-completion/completions/port-for
  "$1" completions/_port-for zsh/site-functions/_port-for
  "$1" completions/port-for.fish fish/vendor_completions.d/port-for.fish
}

# Prints a folder and its parents as far as they are missing, deepest first.
missing_folders() {
  folder=$1
  while [ ! -d "$folder" ] && [ -n "$folder" ]; do
    echo "$folder"
    folder=${folder%/*}
  done
}

missing_for_paper() {
  missing_folders "$share/$(dirname "$2")"
}

# Lists the folders that will be created, before creating them. Looks for
# missing folders first: those that another run creates meanwhile are already in
# its list. Fails without write permission; then port-for is installed without
# man page and completions.
write_down_folders() {
  missing=$(
    missing_folders "$share/port-for"
    each_paper missing_for_paper
    missing_folders "$bin"
  )
  mkdir -p "$share/port-for" 2>/dev/null || return 1
  {
    if [ -f "$made" ]; then cat "$made"; fi
    echo "$missing"
  } | awk 'NF && !seen[$0]++' >"$made.$$" 2>/dev/null && mv -f "$made.$$" "$made"
}

# --- installing --------------------------------------------------------------

download() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -t 3 -O "$2" "$1"
  else
    fail "download: there is neither curl nor wget (install either)"
  fi || fail "download $1 (check the version, the address and the network)"
}

sum() {
  if command -v sha256sum >/dev/null 2>&1; then
    line=$(sha256sum <"$1")
  elif command -v shasum >/dev/null 2>&1; then
    line=$(shasum -a 256 <"$1")
  else
    fail "check the download: there is neither sha256sum nor shasum (install either)"
  fi
  echo "${line%% *}"
}

# Prints "SUM NAME" for every line of SHA256SUMS, which may have sha256sum's
# usual format or that of --binary or --tag.
sums() {
  awk '{ sub(/\r$/, "") }
    $1 == "SHA256" && $3 == "=" { print tolower($4), substr($2, 2, length($2) - 2); next }
    { sub(/^[*]/, "", $2); sub(/^[.]\//, "", $2); print tolower($1), $2 }' "$1"
}

# Downloads the archive of the wanted version, by default the latest.
get_archive() {
  base=${PORT_FOR_BASE_URL:-https://github.com/$repository/releases}
  tag=v${version#v}
  if [ -n "${PORT_FOR_BASE_URL:-}" ]; then
    from=${base%/}
  elif [ -n "$version" ]; then
    from=$base/download/$tag
  else
    from=$base/latest/download
  fi
  download "$from/SHA256SUMS" "$work/SHA256SUMS"
  archive=$(sums "$work/SHA256SUMS" |
    awk -v start="port-for-${version#v}" -v end="-$target.tar.gz" '
      index($2, start) == 1 && substr($2, length($2) - length(end) + 1) == end &&
        (start == "port-for-" || (start end) == $2) && $2 !~ /\// { print $2; exit }')
  [ -n "$archive" ] ||
    fail "install port-for-${version:-VERSION}-$target.tar.gz: it is not in $from/SHA256SUMS (set PORT_FOR_VERSION to a release that has it)"
  version=${archive#port-for-}
  version=${version%"-$target.tar.gz"}
  # Use this version's own address: a new release may come out meanwhile.
  [ -n "${PORT_FOR_BASE_URL:-}" ] || from=$base/download/v$version

  download "$from/$archive" "$work/$archive"
  wanted=$(sums "$work/SHA256SUMS" | awk -v name="$archive" '$2 == name { print $1; exit }')
  found=$(sum "$work/$archive")
  [ "$found" = "$wanted" ] ||
    fail "install $archive: its SHA-256 sum is $found, not $wanted (nothing was installed; try again)"
  verify_attestation
  mkdir "$work/unpacked"
  tar -xzf "$work/$archive" -C "$work/unpacked" ||
    fail "unpack $archive (install tar and gzip)"
  unpacked=$work/unpacked/port-for-$version-$target
}

# Asks gh, if installed, whether the project's own workflow built the archive.
verify_attestation() {
  [ "${PORT_FOR_ATTESTATION:-}" != skip ] || return 0
  command -v gh >/dev/null 2>&1 || return 0
  status=0
  gh auth status >/dev/null 2>&1 || status=$?
  if [ $status != 0 ] || ! gh attestation --help >/dev/null 2>&1; then
    say "who built $archive was not checked: gh is too old, or not logged in (gh auth login)"
    return 0
  fi
  gh attestation verify "$work/$archive" --repo $repository \
    --signer-workflow $repository/.github/workflows/release.yml >&2 ||
    fail "install $archive: gh finds no attestation that $repository built it (nothing was installed; PORT_FOR_ATTESTATION=skip goes without)"
}

# Runs the binary and compares its version: a broken one may run as something
# else and still exit with status 0.
try_out() {
  if ! said=$("$unpacked/port-for" --version 2>&1); then
    said=$(echo "$said" | head -n 2)
    case $target in
      *-musl) said="$said (with musl it needs libstdc++: apk add libstdc++)" ;;
    esac
    fail "run $archive on this machine: $said"
  fi
  [ "$said" = "port-for $version" ] ||
    fail "install $archive: it says that it is $said, not port-for $version (nothing was installed; try again)"
}

put_paper() {
  to=$share/$2
  [ -f "$unpacked/$1" ] && mkdir -p "${to%/*}" &&
    cp "$unpacked/$1" "$to.$$" && mv -f "$to.$$" "$to"
}

put_papers() {
  each_paper put_paper 2>/dev/null ||
    say "the man page and completions were left out: they cannot be written to $share"
}

install() {
  find_target
  find_places
  [ ! -d "$bin/port-for" ] ||
    fail "install to $bin: there is a folder named port-for (set PORT_FOR_BIN)"
  sweep
  trap clean_up EXIT
  trap 'exit 1' HUP INT TERM
  write_down_folders || true
  mkdir -p "$bin" 2>/dev/null || fail "create $bin (run with sudo, or set PORT_FOR_BIN)"
  # Work in the same folder, so that the last step is a rename.
  mkdir "$bin/.port-for-install.$$" 2>/dev/null ||
    fail "write to $bin (run with sudo, or set PORT_FOR_BIN)"
  work=$bin/.port-for-install.$$
  get_archive
  chmod 755 "$unpacked/port-for"
  try_out
  mv -f "$unpacked/port-for" "$bin/port-for"
  put_papers
  echo "port-for $version is now $bin/port-for"
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) echo "$bin is not in your PATH: add it to call port-for by its name" ;;
  esac
}

# --- cleaning up -------------------------------------------------------------

clean_up() {
  [ -z "$work" ] || rm -rf "$work"
  [ -e "$bin/port-for" ] || is_other_run || remove_folders
}

# Removes what killed runs left behind: files whose names end in the id of a
# process that no longer exists.
sweep() {
  sweep_all "$bin"/.port-for-install.*[0-9]
  sweep_all "$made".*[0-9]
  each_paper sweep_paper
}

sweep_paper() {
  sweep_all "$share/$2".*[0-9]
}

sweep_all() {
  for left; do
    process=${left##*.}
    if [ -e "$left" ] && ! kill -0 "$process" 2>/dev/null && [ ! -d "/proc/$process" ]; then
      rm -rf "$left"
    fi
  done
}

is_other_run() {
  for other in "$bin"/.port-for-install.*; do
    [ ! -e "$other" ] || return 0
  done
  return 1
}

# Removes the folders that this script created, if they are empty.
remove_folders() {
  [ -f "$made" ] || return 0
  folders=$(cat "$made")
  rm -f "$made"
  rmdir "$share/port-for" 2>/dev/null || true
  # Longest first: a folder's path is longer than its parent's.
  echo "$folders" | awk '{ print length($0), $0 }' | sort -rn | sed 's/^[0-9]* //' |
    while IFS= read -r folder; do
      rmdir "$folder" 2>/dev/null || true
    done
}

remove_paper() {
  rm -f "$share/$2"
}

uninstall() {
  find_places
  [ -e "$bin/port-for" ] ||
    fail "uninstall: there is no $bin/port-for (set PORT_FOR_BIN to the folder that it is in)"
  rm -f "$bin/port-for" || fail "remove $bin/port-for (run with sudo)"
  sweep
  each_paper remove_paper
  remove_folders
  echo "port-for is no longer in $bin"
  state=${XDG_STATE_HOME:-${HOME:-}/.local/state}
  for file in /etc/port-for.toml "$state/port-for/port-for.toml" \
    ${PORT_FOR_STORE:+"$PORT_FOR_STORE"} /etc/sysctl.d/99-zz-port-for.conf; do
    [ ! -e "$file" ] || echo "left as it is: $file (remove it if you no longer need it)"
  done
}

# Everything is called from the last line, so a script that was cut off during a
# download to a pipe does nothing.
main() {
  # Everybody may read and run what root installs.
  umask 022
  case ${1:-} in
    '') install ;;
    --uninstall) uninstall ;;
    *)
      echo "install port-for: unknown argument $1: not --uninstall" >&2
      exit 2
      ;;
  esac
}

{ main "$@"; }
