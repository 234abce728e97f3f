# What a contributor runs; `make` alone prints it. A fresh clone needs `make test` and `make check`, as in .ci/run.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
TOOL := $(GO) tool -modfile=tools/go.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# A copy of the Go vulnerability database, so that `make vuln` needs no network: a directory or a tar.xz.
VULNDB ?= $(or $(AIKAGI_VULNDB),$(lastword $(wildcard ../shared/vulndb/*.tar.xz)))

# Two packages at a time: each may start a PostgreSQL cluster or a browser of its own.
TEST_FLAGS ?= -p 2 -count=1 -timeout 20m

# The race detector slows SQLite, which is C translated to Go, so it runs the short set and leaves the browser out.
RACE_PACKAGES ?= $(shell $(GO) list ./... | grep -v -E '/internal/(e2e|bench|awsapi/clients)(/|$$)')
RACE_FLAGS ?= -p 2 -count=1 -short -timeout 20m

##@ Every day

.PHONY: help
help: ## print this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## start a sample call centre on loopback and print its addresses and logins
	$(GO) run ./cmd/aikagi demo

.PHONY: build
build: ## build the static binary bin/aikagi
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/aikagi ./cmd/aikagi

.PHONY: fmt
fmt: ## format all Go code
	$(TOOL) gofumpt -w .

.PHONY: generate
generate: ## run all generators
	$(GO) generate ./...

##@ Tests

.PHONY: test-needs
test-needs: ## install what the tests need (Debian, as root), or say what is missing
	@scripts/install-test-needs.sh

.PHONY: test
test: test-needs ## run every test, browser tests included
	set -a; . .cache/test-needs.env; set +a; $(GO) test $(TEST_FLAGS) ./...

.PHONY: race
race: ## run the short tests under the race detector
	CGO_ENABLED=1 $(GO) test -race $(RACE_FLAGS) $(RACE_PACKAGES)

.PHONY: faults
faults: test-needs ## the long sweeps: crash after every step, every fault of disk, mail and network (tests run a short form)
	set -a; . .cache/test-needs.env; set +a; AIKAGI_FAULTS=full AIKAGI_FAULTS_WRITE=$(CURDIR)/docs/reliability.md \
		$(GO) test -tags faults -p 1 -count=1 -timeout 180m -run 'Crash|Fault|Kill|TestK1[26]|TestL[0-9]|TestJ[0-9]' ./...
	AIKAGI_FAULTS=full $(GO) test -count=1 -timeout 180m -run 'TestA13|TestA16|TestB04|TestB19' ./internal/attack
	AIKAGI_FAULTS=full $(GO) test -count=1 -timeout 60m -run TestH03 ./internal/awsapi/sigv4

# How long each fuzz target runs, and which: `make fuzz FUZZTIME=5m FUZZ=Policy`.
FUZZTIME ?= 20s
FUZZ ?= .

.PHONY: fuzz
fuzz: ## try every parser with inputs that nobody thought of, FUZZTIME each (tests run the seeds only)
	GO=$(GO) scripts/fuzz.sh $(FUZZTIME) '$(FUZZ)'

# What to give the bench, for example BENCH_FLAGS="-only P6 -users 2000" or "-database postgres".
BENCH_FLAGS ?= -users 1000,100000 -database sqlite,postgres -write docs/performance.md

.PHONY: bench
bench: ## measure against the goals of docs/performance.md, as ratios to what this machine can do (30 minutes, alone)
	$(GO) run ./internal/bench $(BENCH_FLAGS)

.PHONY: timing
timing: ## measure whether anybody learns from the clock who exists, 5,000 samples of each state (two hours, alone)
	for part in asking failed federated waiting locked old; do $(GO) run ./internal/timing -only $$part -write docs/timing.md; done

.PHONY: screenshots
screenshots: test-needs ## photograph every page in both languages into docs/screenshots, and check the whole matrix
	set -a; . .cache/test-needs.env; set +a; AIKAGI_LOOK=full AIKAGI_SCREENSHOTS=$(CURDIR)/docs/screenshots \
		$(GO) test -count=1 -timeout 60m -run 'Screenshots|PagesAxe|Printed|OwnColours' ./internal/e2e/...

##@ Checks

.PHONY: check
check: fmt-check vet staticcheck deadcode generated docs modules race vuln ## all of the following but lint

.PHONY: fmt-check
fmt-check: ## no file is formatted otherwise than gofumpt would
	@unformatted=$$($(TOOL) gofumpt -l .); \
		[ -z "$$unformatted" ] || { echo "Not formatted (make fmt):"; echo "$$unformatted"; exit 1; }

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: staticcheck
staticcheck: ## mistakes that compile
	$(TOOL) staticcheck ./...

.PHONY: deadcode
deadcode: ## no function that the binary cannot reach, but those of scripts/deadcode.known
	scripts/deadcode.sh

.PHONY: generated
generated: ## generated files are fresh
	scripts/check-generated.sh

.PHONY: docs
docs: ## documents name only what exists; layers and sizes hold
	$(GO) test -count=1 .

.PHONY: modules
modules: ## go.mod is verified, tidy, and says why for each direct dependency
	scripts/check-modules.sh

.PHONY: vuln
vuln: ## no known vulnerability is called
	scripts/vulncheck.sh "$(VULNDB)" ./...

.PHONY: lint
lint: ## golangci-lint (the first run builds it, which takes minutes)
	$(GO) tool -modfile=tools/lint/go.mod golangci-lint run ./...

.PHONY: clean
clean: ## remove what these recipes made
	rm -rf bin dist .cache
