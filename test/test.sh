#!/bin/sh
# Every test; those of real processes never from the cache, which cannot see the built programs.
# Ends with the number of tests, and names each skipped one with what it lacks. What the tests of
# faults have tried and counted goes into the table of firmware-notes/faults.md.
set -u
EVALPAD_TRIALS=$(mktemp) && export EVALPAD_TRIALS
trap 'rm -f "$EVALPAD_TRIALS"' EXIT
units=$(go list ./... | grep -v '^evalpad/test$')
# shellcheck disable=SC2086
go tool gotestsum --format pkgname -- -timeout 10m $units
one=$?
go tool gotestsum --format testname -- -count=1 -timeout 15m ./test
two=$?
[ $one = 0 ] && [ $two = 0 ] && go run ./test/faults -tier "make test" -from "$EVALPAD_TRIALS"
