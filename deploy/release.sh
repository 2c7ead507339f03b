#!/usr/bin/env bash
# Makes what people install: static programs for three kinds of computers, a Debian package of each, and their sums.
#
#   deploy/release.sh [--here] [--arch LIST] [OUT]
#
#   --here        builds this folder as it stands; without it, a fresh copy of the last commit
#   --arch LIST   of amd64, arm64, armv7, between commas; all when it is missing
#   OUT           folder to write, dist when it is missing
#
# The same commit gives the same bytes, wherever and whenever it is built. It needs Go, git and dpkg-deb.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
umask 022

here='' archs=amd64,arm64,armv7 out=dist
while [ $# -gt 0 ]; do
  case "$1" in
  --here) here=1 ;;
  --arch) archs=${2:?} && shift ;;
  -*) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 2 ;;
  *) out=$1 ;;
  esac
  shift
done
mkdir -p "$out" && out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT

# What decides about the bytes comes from here, not from whoever builds.
export CGO_ENABLED=0 GOOS=linux GOAMD64=v1 GOARM64=v8.0 GOARM=7 GOFLAGS='' LC_ALL=C TZ=UTC
unset GOEXPERIMENT
if [ -n "$here" ]; then
  src=$PWD vcs=auto
else
  src=$work/src vcs=true
  git clone -q --shared . "$src" # has the tags; go takes commit and time from it
fi
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH

# A commit with a tag is that version. Any other comes before the version that is being made: dpkg sorts ~ first.
version=$(sed -n 's/^const Version = "\(.*\)"$/\1/p' "$src/internal/app/version.go")
tag=$(git describe --exact-match --tags --match 'v*' HEAD 2>/dev/null || true)
if [ -n "$tag" ] && [ "$tag" != "v$version" ]; then
  echo "the tag $tag does not fit version $version of internal/app/version.go" >&2
  exit 1
elif [ -z "$tag" ]; then
  version=$version~git$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$(git rev-parse --short=10 HEAD 2>/dev/null || echo none)
fi

goarch() { echo "${1/armv7/arm}"; }
debarch() { echo "${1/armv7/armhf}"; } # Debian's name for ARMv7 with floating point

build() {
  GOARCH=$(goarch "$1") nice -n 10 go -C "$src" build -trimpath -buildvcs="$vcs" -ldflags '-s -w -buildid=' \
    -o "$out/cubby-$version-linux-$1" ./cmd/cubby
}

# package ARCH puts a program, its units and its settings into a Debian package.
package() {
  local root=$work/deb-$1
  install -d "$root/DEBIAN" "$root/etc/cubby" "$root/usr/bin" "$root/usr/lib/systemd/system" \
    "$root/usr/lib/udev/rules.d" "$root/usr/share/doc/cubby/examples"
  install -m 0755 "$out/cubby-$version-linux-$1" "$root/usr/bin/cubby"
  install -m 0640 "$work/cubby.yaml" "$root/etc/cubby/cubby.yaml"
  install -m 0644 "$src"/docs/examples/cubby-*.service "$root/usr/lib/systemd/system/"
  install -m 0644 "$src/deploy/debian/60-cubby.rules" "$root/usr/lib/udev/rules.d/"
  install -m 0644 "$src"/docs/examples/*.yaml "$root/usr/share/doc/cubby/examples/"
  install -m 0644 "$src/LICENSE" "$root/usr/share/doc/cubby/copyright"
  printf 'cubby (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md in the sources.\n\n -- %s  %s\n' "$version" \
    'Cubby <cubby@localhost>' "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$root/usr/share/doc/cubby/changelog.gz"
  local script
  for script in postinst prerm postrm; do
    install -m 0755 "$src/deploy/debian/$script" "$root/DEBIAN/$script"
  done
  echo /etc/cubby/cubby.yaml >"$root/DEBIAN/conffiles"
  sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$(debarch "$1")/" \
    -e "s/@SIZE@/$(du -k --apparent-size -s "$root/usr" | cut -f1)/" "$src/deploy/debian/control" >"$root/DEBIAN/control"
  (cd "$root" && find etc usr -type f ! -path etc/cubby/cubby.yaml -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Zgzip -z9 --build "$root" "$out/cubby_${version}_$(debarch "$1").deb" >/dev/null
}

# run NAME ARCH... does one thing for each kind of computer at the same time.
run() {
  local what=$1 arch pids=() pid
  shift
  for arch; do
    "$what" "$arch" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

IFS=, read -ra list <<<"$archs"
run build "${list[@]}"
# The settings are those of this very program, with the folders of a system.
GOARCH=$(go env GOHOSTARCH) go -C "$src" run -trimpath ./cmd/cubby config describe |
  sed -e 's|^\(  data_dir: \)cubby-data/|\1/var/lib/cubby/|' >"$work/cubby.yaml"
if command -v dpkg-deb >/dev/null 2>&1; then
  run package "${list[@]}"
else
  echo '!!!! no dpkg-deb: no packages are made' >&2
fi
(cd "$out" && sha256sum -- *"$version"* >"$work/sums" && mv "$work/sums" SHA256SUMS && cat SHA256SUMS)
