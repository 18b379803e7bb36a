# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
#
# One profile (house) serves demo, tests, clippy and benches, in one target directory, so that RocksDB
# is compiled once. On a CPU without AVX2/BMI2, or with PORTABLE=1, a portable build is made in a
# directory of its own.

SHELL := /bin/bash
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/parclose
ARCH := $(shell uname -m)
ifneq ($(ARCH),x86_64)
# The baseline, and the flag that RocksDB needs with it, are for x86-64 only.
PORTABLE := 0
export CXXFLAGS :=
endif
PORTABLE ?= $(shell grep -qw avx2 /proc/cpuinfo 2>/dev/null && grep -qw bmi2 /proc/cpuinfo && echo 0 || echo 1)
ifeq ($(PORTABLE),1)
export RUSTFLAGS := -Ctarget-cpu=x86-64
export CXXFLAGS :=
export CARGO_TARGET_DIR ?= $(CACHE)/target-portable
else
export CARGO_TARGET_DIR ?= $(CACHE)/target
endif

CARGO := cargo
PARCLOSE := $(CARGO_TARGET_DIR)/house/parclose
INVOICES ?= ../shared/data/invoices-calderdale
REPORT ?= regulator-report.html
TRADES ?= ../shared/data/trades-us-treasury-auctions/auctions_2008-04_2022-08.csv

.PHONY: help deps build demo test lint bench fuzz simulate attacks review mutants bill kills histories floods deal-kills deal-crashes faults-netns clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/'

deps: ## install what is missing (as root with apt; elsewhere print the command)
	@scripts/deps

build: deps ## build everything
	$(CARGO) build --locked --profile house --workspace

demo: build ## in consortia of separate processes: invoices as each party sees them, claims that are passed on and paid, auctions that settle against cash
	@if [ -d "$(INVOICES)" ]; then \
		$(PARCLOSE) demo --nodes --invoices "$(INVOICES)" --report "$(REPORT)"; \
	else \
		echo "skipped: no real invoices in $(INVOICES); generating some" >&2; \
		$(PARCLOSE) demo --nodes --report "$(REPORT)"; \
	fi
	@if [ -d "$(INVOICES)" ]; then \
		$(PARCLOSE) demo --scenario supply-chain --nodes --invoices "$(INVOICES)"; \
	else \
		$(PARCLOSE) demo --scenario supply-chain --nodes --documents 200; \
	fi
	@if [ -f "$(TRADES)" ]; then \
		$(PARCLOSE) demo --scenario settlement --nodes --trades "$(TRADES)"; \
	else \
		echo "skipped: no real auctions in $(TRADES); generating some" >&2; \
		$(PARCLOSE) demo --scenario settlement --nodes; \
	fi
	@echo "the regulator's report: $(REPORT)"

test: deps ## every test
	@scripts/test

lint: deps ## format, clippy, documentation, dependency policy
	@scripts/lint

bench: build ## what a record write costs, as a multiple of the unavoidable
	$(CARGO) bench --locked --profile house --workspace --bench record_write

fuzz: deps ## the fuzz suites, SECONDS=10 each, SEED=1, TARGET=F11 one of them: corpora, then mutants; a table of what was reached and found
	$(CARGO) build --locked --profile house --workspace --example fuzz_suites
	$(CARGO_TARGET_DIR)/house/examples/fuzz_suites --seconds $(or $(SECONDS),10) --seed $(or $(SEED),1) $(if $(TARGET),--target $(TARGET)) $(if $(REPLAY),--replay $(REPLAY)) --json fuzz-report.json

simulate: deps ## the real state machines under seeded faults in virtual time, SEEDS=400 from FROM=1
	$(CARGO) build --locked --profile house --workspace --bin parclose-simulate
	$(CARGO_TARGET_DIR)/house/parclose-simulate --seeds $(or $(SEEDS),400) --from $(or $(FROM),1) --json simulation-report.json
	$(CARGO_TARGET_DIR)/house/parclose-simulate --rooms --seeds $(or $(SEEDS),400) --from $(or $(FROM),1) --json simulation-rooms-report.json

attacks: build ## every attack of the kit on a throw-away consortium
	$(PARCLOSE) attack run --all

review: build ## the whole reviewer's kit, HOURS=0.3, SEED=1, SUITES="leaks worlds" some of it: review/review.html and review/review.json
	$(CARGO_TARGET_DIR)/house/parclose-review --hours $(or $(HOURS),0.3) --seed $(or $(SEED),1) $(SUITES)

mutants: deps ## changes what decides, binds and counts in one place after the other: every change must fail a test (hours; ONLY=quorum)
	@scripts/mutants

bill: deps ## the bill of materials of the program (CycloneDX), on standard output
	@$(CARGO) run --locked --quiet --profile house -p parclose-supply --example bill

kills: deps ## 20,000 acknowledgements under 80 kills: nothing is lost or doubled
	$(CARGO) nextest run --locked --cargo-profile house --workspace --test faults --run-ignored only -E 'test(soak_of_kills)'

histories: deps ## ten long histories of clients under faults, each checked for linearizable writes and sequential reads (about an hour)
	$(CARGO) nextest run --locked --cargo-profile house --workspace --test linearizable --run-ignored only --no-capture

floods: deps ## how honest clients fare while others flood the nodes (a quiet machine, about five minutes)
	$(CARGO) nextest run --locked --cargo-profile house --workspace --test floods --run-ignored only --no-capture

deal-kills: deps ## 200 deals between processes, of which one is killed at each step: none is halved, nothing is stuck (about half an hour)
	$(CARGO) nextest run --locked --cargo-profile house --workspace --test deal_kills --run-ignored only --no-capture -E 'test(soak_of_deals)'

deal-crashes: deps ## 10,000 deals of two channels whose members crash at any point
	PARCLOSE_DEAL_RUNS=10000 $(CARGO) test --locked --profile house --workspace --lib whoever_crashes_when -- --nocapture

faults-netns: deps ## links between machines fail in every way, in network namespaces (as root, about 5 minutes)
	$(CARGO) nextest run --locked --cargo-profile house --workspace --test network_namespaces --run-ignored only --no-capture

clean: ## remove the target directory
	rm -rf "$(CARGO_TARGET_DIR)"
