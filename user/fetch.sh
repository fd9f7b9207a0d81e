#!/bin/sh
# fetch.sh DIR [PACKAGE]... - fetch Debian's i386 packages and unpack into DIR
# what the user land is made of:
#
#   DIR/busybox             the static BusyBox
#   DIR/musl/include, lib   the C library and the Linux headers
#   DIR/VERSIONS            what was fetched
#
# With packages, those instead, as they are, into DIR/tree.
#
# apt works on a private state folder, so that the architectures and the lists
# of the machine's own dpkg stay as they are.
set -eu

packages='busybox-static musl-dev linux-libc-dev'
help='give local copies instead: make BUSYBOX=FILE MUSL=DIR'

fail()
{
	echo "fetch.sh: $1; $help" >&2
	exit 1
}

command -v apt-get >/dev/null || fail 'this machine has no apt-get'
[ $# -ge 1 ] || fail 'usage: fetch.sh DIR [PACKAGE]...'
mkdir -p "$1"
to=$(cd "$1" && pwd)
shift
[ $# -eq 0 ] || packages=$* help='is the network there?' as_is=1
work=$to/fetch.$$
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/lists/partial" "$work/apt/archives/partial" "$work/tree"
cd "$work"

set -- -q -oAPT::Architecture=i386 -oAPT::Architectures=i386 \
	-oAPT::Sandbox::User="$(id -un)" -oAcquire::Languages=none \
	-oDir::State::Lists="$work/lists" -oDir::Cache="$work/apt" \
	-oDir::State::status=/dev/null

# One index of several may be out of service: only the packages count.
apt-get "$@" update >log 2>&1 || true
# shellcheck disable=SC2086 # the list is to be split
apt-get "$@" download $packages >>log 2>&1 || {
	tail -n 3 log >&2
	fail 'apt-get could not download the i386 packages'
}

for deb in *.deb; do
	dpkg -x "$deb" tree
done
if [ "${as_is-}" ]; then
	rm -rf "$to/tree"
	mv tree "$to/tree"
	ls -- *.deb >"$to/VERSIONS"
	exit
fi
usr=tree/usr
mkdir musl
cp -R $usr/include/i386-linux-musl musl/include
cp -R $usr/lib/i386-linux-musl musl/lib
for part in linux asm-generic mtd; do
	cp -R $usr/include/$part musl/include/
done
cp -R $usr/include/i386-linux-gnu/asm musl/include/
rm -rf "$to/musl"
mv musl "$to/musl"
mv tree/bin/busybox "$to/busybox"
ls -- *.deb >"$to/VERSIONS"
touch "$to/.fetched"
