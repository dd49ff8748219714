#!/bin/sh
# The agent for ARM. First its packages' tests on an emulated ARMv6 and ARMv7 processor, where an int has
# 32 bits. Then the whole program on an emulated board with Debian's newest kernel, for a long day, and
# with bugs planted to see that day fail. Its table goes into firmware-notes/faults.md.
# SYSTEM_ONLY=TestName runs one test of the board and leaves the table.
set -u
sh test/needs.sh system
export EVALPAD_SYSTEM=1
EVALPAD_TRIALS=$(mktemp) && export EVALPAD_TRIALS
trap 'rm -f "$EVALPAD_TRIALS"' EXIT
began=$(date +%s)

# Two tests of the outbox start themselves again, which this machine's kernel cannot: it is for ARM.
packages="./device/... ./sync/outbox ./sync/seal ./sync/wire ./agent/evaluation"
others='TestKilled|TestACheckerIsAsked'
on() {
	echo "== ARMv$1: $packages"
	# shellcheck disable=SC2086
	GOOS=linux GOARCH=arm GOARM=$1 CGO_ENABLED=0 go test -vet=off -short -count=1 -timeout 20m -skip "$others" -exec "qemu-arm-static -cpu $2" $packages || failed=yes
}
if [ -z "${SYSTEM_ONLY:-}" ]; then
	if command -v qemu-arm-static >/dev/null; then
		on 6 arm1176
		on 7 cortex-a7
	else
		echo "== ARMv6, ARMv7: not run, qemu-arm-static is not installed"
		failed=yes
	fi
fi

go tool gotestsum --format standard-verbose -- -count=1 -timeout 60m -run "^${SYSTEM_ONLY:-TestSystem}" ./test || failed=yes
echo "system: $(( ($(date +%s) - began) / 60 )) minutes"
[ -z "${failed:-}" ] || exit 1
[ -n "${SYSTEM_ONLY:-}" ] || go run ./test/faults -tier "make system" -from "$EVALPAD_TRIALS"
