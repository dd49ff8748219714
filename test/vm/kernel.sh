#!/bin/sh
# Prepares what a machine of the rig boots: the newest kernel that Debian ships for arm64, untouched, the
# modules of its that the rig needs, in the order of loading, and the device tree of QEMU's board with
# names on its GPIO lines. Prints the folder that holds vmlinuz, modules/ and board.dtb.
#
#	sh kernel.sh FOLDER	takes what FOLDER has; only where it has none asks Debian
#	sh kernel.sh FOLDER new	asks Debian whether there is a newer one
#
# Asking Debian fetches 75 MB. It needs no root and leaves the machine's own apt as it is.
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
board=virt
processor="-cpu cortex-a53 -smp 1 -m 256"
modules="virtio_mmio virtio_net virtio_blk virtio_console ext4 xhci_pci ftdi_sio usbhid hid_generic evdev"
# GPIO lines of the board's one chip (a PL061), by offset, as a Raspberry Pi names them.
lines="GPIO17 GPIO27 GPIO22 GPIO23 GPIO24 GPIO25 GPIO5 GPIO6"

recipe=$( { cat "$here/kernel.sh"; qemu-system-aarch64 --version; } | sha256sum | cut -c1-12)
mkdir -p "$1"
cd "$1"
kept() { find . -maxdepth 1 -name "linux-image-*+$recipe" | sed 's|^\./||' | sort -V | tail -1; }
[ -n "${2:-}" ] || [ -z "$(kept)" ] || { echo "$PWD/$(kept)"; exit 0; }

work=$(mktemp -d "$PWD/.work-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/kit/modules"

# A foreign architecture in lists of our own: the machine's own apt need not know of it.
foreign() {
	program=$1
	shift
	"$program" -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State::Lists="$work/lists" \
		-o Dir::Cache="$work/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@" >&2
}
fetch() {
	foreign apt-get update
	package=$(foreign apt-cache depends linux-image-arm64 2>&1 | awk '/Depends: linux-image/ { print $2; exit }')
	version=$(foreign apt-cache show "$package" 2>&1 | awk '/^Version:/ { print $2; exit }')
	kit=$package+$version+$recipe
	[ -d "$kit" ] || (cd "$work" && foreign apt-get download "$package")
}
# A mirror may be in the midst of a change: its index then names what it does not have yet.
fetch || { sleep 10; fetch; } || { sleep 30; fetch; } || {
	[ -n "$(kept)" ] && { echo "Debian cannot be asked; taking the kernel of last time" >&2; echo "$PWD/$(kept)"; exit 0; }
	exit 1
}
[ ! -d "$kit" ] || { echo "$PWD/$kit"; exit 0; }

dpkg-deb -x "$work"/linux-image-*.deb "$work/image"
release=$(basename "$work"/image/lib/modules/*)
cp "$work/image/boot/vmlinuz-$release" "$work/kit/vmlinuz"
depmod -b "$work/image" "$release"
# shellcheck disable=SC2086
modprobe -d "$work/image" -S "$release" -a --show-depends $modules | awk '/^insmod/ && !seen[$2]++ { print $2 }' |
	while read -r file; do
		n=$((${n:-100} + 1))
		cp "$file" "$work/kit/modules/$n-$(basename "$file")"
	done

# QEMU pads the tree that it dumps to 1 MiB, with which the kernel hangs: it is packed anew.
# shellcheck disable=SC2086
qemu-system-aarch64 -M "$board,dumpdtb=$work/padded.dtb" $processor -nodefaults -display none >&2
dtc -q -I dtb -O dtb -o "$work/kit/board.dtb" "$work/padded.dtb"
chip=/$(fdtget -l "$work/kit/board.dtb" / | grep '^pl061@' | head -1)
# shellcheck disable=SC2086
fdtput -t s "$work/kit/board.dtb" "$chip" gpio-line-names $lines
fdtput -r "$work/kit/board.dtb" /gpio-keys # the board's power key has line 3

mv -T "$work/kit" "$kit" 2>/dev/null || [ -d "$kit" ] # another was faster
find . -maxdepth 1 -name 'linux-image-*' ! -name "$kit" -exec rm -rf {} + # earlier ones
echo "$PWD/$kit"
