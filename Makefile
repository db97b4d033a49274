# Every command of this repository. People and the CI run the same ones.
#
#   ARGS          arguments of the development server, as in ARGS="--listen 127.0.0.1:9000"
#   FUZZ_SECONDS  how long `make fuzz` runs each target

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export CARGO_TARGET_DIR ?= $(CURDIR)/target

FUZZ_SECONDS ?= 300
ARGS ?= --dev-root-token-id root

# The same profile and the same features everywhere: RocksDB is compiled once.
CARGO_BUILD := --release --locked
BINARY := $(CARGO_TARGET_DIR)/release/sealgate

.PHONY: help run test check bench fuzz packages test-packages python clients

help: ## say what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)$$/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

run: packages ## build Sealgate and start a development server (ARGS="...")
	@cargo build $(CARGO_BUILD) -p sealgate
	@exec $(BINARY) server --dev $(ARGS)

test: test-packages python clients ## prove that it works: Rust tests, tests of the real server, short fuzzing
	@scripts/step "build" cargo build $(CARGO_BUILD) --workspace
	@scripts/step "Rust tests" env SEALGATE_BIN=$(BINARY) cargo test $(CARGO_BUILD) --workspace
	@scripts/step "SDK against the peer" env BAO_BIN=$(CURDIR)/.venv/bin/bao cargo test $(CARGO_BUILD) -p sealgate-sdk
	@scripts/step "server tests" env SEALGATE_BIN=$(BINARY) .venv/bin/python -m pytest tests
	@scripts/step "fuzzing" scripts/fuzz 5

check: packages ## check format, lints, and the dependencies' licences, origins and advisories
	@scripts/step "format" cargo fmt --all --check
	@scripts/step "lints" cargo clippy $(CARGO_BUILD) --workspace --all-targets -- -D warnings
	@scripts/step "dependencies" scripts/dependencies

bench: packages ## measure the keyring with criterion
	cargo bench --profile release --locked --workspace --bench '*'

fuzz: packages ## fuzz every parser, FUZZ_SECONDS each
	@scripts/fuzz $(FUZZ_SECONDS)

packages: # what the build needs from the operating system
	@scripts/system-packages build

test-packages: # what the tests need from the operating system
	@scripts/system-packages build test

python: # the Python environment of the tests
	@scripts/python-environment

clients: test-packages # the unmodified clients of the tests that are not Python packages
	@scripts/step "Go clients" scripts/go-tools
	@scripts/step "Node.js clients" scripts/node-packages
