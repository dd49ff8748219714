#!/bin/sh
# Feeds every decoder and every reader of messages for a while; make soak calls it. What turns one red
# lies afterwards in that package's testdata/fuzz, and make test replays it from then on.
#
#	sh test/fuzz.sh [SECONDS]	default 10 each
set -eu
cd "$(dirname "$0")/.."
for target in \
	device/serialpad/profiles:FuzzDecoder \
	device/serialpad/profiles:FuzzCompile \
	device/touch:FuzzPress \
	agent/evaluation:FuzzState \
	agent/counterdesk:FuzzBody \
	sync/wire:FuzzRecord \
	sync/wire:FuzzTopic \
	sync/seal:FuzzReaders \
	sync/seal:FuzzMessages \
	sync/seal:FuzzToken \
	sync/link:FuzzBroker \
	sync/uplink:FuzzWords \
	cmd/internal/config:FuzzRead \
	cmd/internal/config:FuzzWriteSerial \
	cmd/evalpad/internal/probing:FuzzFixture \
	cmd/evalpad:FuzzStatus \
	cmd/inspector/internal/intake:FuzzLetters \
	cmd/inspector/internal/ledger:FuzzTake \
	cmd/inspector/internal/qrdesk:FuzzBody \
	cmd/inspector/internal/board:FuzzWish; do
	echo "== $target"
	go test -vet=off -run '^$' -fuzz "^${target#*:}\$" -fuzztime "${1:-10}s" -fuzzminimizetime 5s "./${target%:*}"
done
