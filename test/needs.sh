#!/bin/sh
# Installs what the tests use from Debian, if we may; else names what is missing. Its tests are then
# skipped, counted and named.
#
#	sh needs.sh		what make test uses
#	sh needs.sh system	and what make system uses besides
set -u
missing=""
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"; }
need mosquitto mosquitto
need mosquitto_sub mosquitto-clients
need socat socat
need mkfs.ext4 e2fsprogs
need chromium chromium
need qemu-system-aarch64 qemu-system-arm
need dtc device-tree-compiler
need depmod kmod
[ "${1:-}" != system ] || need qemu-arm-static qemu-user-static
need curl curl
need npm npm # fetches axe-core once, which looks at the touch page
fc-list :lang=zh 2>/dev/null | grep -q . || missing="$missing fonts-noto-cjk fontconfig"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	install() { apt-get update -q && apt-get install -y -q --no-install-recommends $missing; }
	# A mirror in the midst of a change names what it does not have yet.
	{ install || { sleep 20; install; }; } >/tmp/evalpad-needs.log 2>&1 && exit 0
	tail -5 /tmp/evalpad-needs.log
fi
echo "missing, so their tests are skipped and counted:$missing (apt-get install$missing)"
