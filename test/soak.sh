#!/bin/sh
# Long and random: every test of faults many times over, every planted bug, every fuzz target. Its
# table goes into firmware-notes/faults.md. SOAK_ONLY=TestName runs one test and leaves the table.
set -u
export EVALPAD_SOAK=1
EVALPAD_TRIALS=$(mktemp) && export EVALPAD_TRIALS
trap 'rm -f "$EVALPAD_TRIALS"' EXIT
began=$(date +%s)
packages=$(grep -rl --include='*_test.go' '"evalpad/test/trial"' . | xargs -n1 dirname | sort -u)
# Two packages at a time: the longest of them, a life of a million evaluations, has one core's work.
# shellcheck disable=SC2086
go tool gotestsum --format testname -- -p 2 -count=1 -timeout 40m -run "${SOAK_ONLY:-.}" $packages || failed=yes
[ -n "${SOAK_ONLY:-}" ] || sh test/fuzz.sh || failed=yes
echo "soak: $(( ($(date +%s) - began) / 60 )) minutes"
[ -z "${failed:-}" ] || exit 1
[ -n "${SOAK_ONLY:-}" ] || go run ./test/faults -tier "make soak" -from "$EVALPAD_TRIALS"
