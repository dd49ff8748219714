# Two commands matter: make run, make test. The rest is for those who work here.
OUT     ?= .build
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'

.PHONY: run test check soak system bench build arm needs golden hooks clean

run: build ## headquarters and one counter on this machine; Ctrl-C stops both
	@$(BUILD) -o $(OUT)/run ./test/run && exec $(OUT)/run -bin $(OUT)

test: needs ## everything that must hold before a commit is pushed
	@sh test/test.sh

check: ## what the pre-commit hook and CI run: under a minute
	@sh test/check.sh

soak: needs ## the tests of faults, long and random: most of an hour; fills its table in firmware-notes/faults.md
	@sh test/soak.sh

system: ## the ARM agent on an emulated board with Debian's kernel, and under emulated ARMv6 and ARMv7; fills its table too
	@sh test/system.sh

bench: needs ## measured promises, each as a ratio to a limit of the same run
	@sh test/bench.sh

build: ## both programs for this machine
	@$(BUILD) -o $(OUT)/evalpad ./cmd/evalpad
	@$(BUILD) -o $(OUT)/inspector ./cmd/inspector

arm: ## static evalpad for ARMv6, ARMv7 and arm64 boxes
	GOOS=linux GOARCH=arm GOARM=6 $(BUILD) -o $(OUT)/evalpad-armv6 ./cmd/evalpad
	GOOS=linux GOARCH=arm GOARM=7 $(BUILD) -o $(OUT)/evalpad-armv7 ./cmd/evalpad
	GOOS=linux GOARCH=arm64 $(BUILD) -o $(OUT)/evalpad-arm64 ./cmd/evalpad
	@ls -l $(OUT)/evalpad-arm*

needs: ## installs what the tests use, if root; else says what is missing
	@sh test/needs.sh

golden: ## writes every golden file anew; read the difference like code
	go test ./... -run 'Golden|Table' -update

hooks: ## the checks before each commit
	git config core.hooksPath test/hooks

clean:
	rm -rf $(OUT) .run
