#!/bin/sh
# The measured promises, each as a ratio to a limit of the same run.
set -eu
go test -run '^$' -bench . -benchtime "${BENCHTIME:-1s}" ./sync/... ./device/... ./agent/... ./cmd/...
go test -run '^$' -bench . -benchtime 1x -timeout 30m ./test
