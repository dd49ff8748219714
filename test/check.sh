#!/bin/sh
# gofmt, vet, staticcheck, go fix, the map, and the race tests of the packages that changed.
set -eu
bad=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)
[ -z "$bad" ] || { echo "gofmt: $bad"; exit 1; }
go vet ./...
go tool staticcheck ./...
fix=$(go fix -diff ./... 2>&1) || true
[ -z "$fix" ] || { echo "$fix"; echo "go fix ./... would change this"; exit 1; }
go test -count=1 -run 'TestMap|TestTopLevel' ./test
changed=$( { git diff --name-only HEAD -- '*.go'; git ls-files -o --exclude-standard '*.go'; } 2>/dev/null |
	xargs -r -n1 dirname | sort -u | grep -v '^test$' | sed 's|^|./|') || true
[ -z "$changed" ] || go test -race -short $changed
echo "check: ok"
