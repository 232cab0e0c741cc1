# `make demo` and `make test` do all their set-up: a virtual environment, the pinned packages, the models.
.DEFAULT_GOAL := help
.PHONY: help demo up test test-kafka lint types bench lock clean

PYTHON ?= python3
BIN := .venv/bin
# The machine's own certificates: a company's proxy is in there, and not in what uv brings along.
UV := $(BIN)/uv --system-certs
UV_VERSION := 0.13.9
MEMBERS := libs/contracts libs/chassis libs/encoder libs/youtube libs/client \
	services/gateway services/metadata services/transcribe services/analyze services/mindmap services/indexer \
	deploy/local
MANIFESTS := pyproject.toml $(addsuffix /pyproject.toml,$(MEMBERS))
EXPORT := $(UV) export --quiet --frozen --no-emit-workspace --no-header --no-annotate

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/.runtime ## Turn two sample talks, or URL=…, into mind maps on the embedded stack
	@$(BIN)/python -m vidmap_local.demo $(URL)

up: .venv/.runtime ## Start the embedded stack and stay up until Ctrl-C
	$(BIN)/vidmap up

test: .venv/.dev ## Run all tests
	$(BIN)/vidmap models
	$(BIN)/pytest -m "not stack" -n 2 --dist loadgroup $(PYTEST_ARGS)
	$(BIN)/pytest -m stack $(PYTEST_ARGS)

test-kafka: .venv/.dev ## Run the tests of delivery on Apache Kafka, which KAFKA_HOME names
	$(BIN)/pytest --broker=apache tests/integration/chassis $(PYTEST_ARGS)

lint: .venv/.dev ## Check style, import rules and declared dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	for member in $(MEMBERS); do (cd $$member && $(CURDIR)/$(BIN)/deptry src --no-ansi) || exit 1; done

types: .venv/.dev ## Check types
	$(BIN)/basedpyright

bench: .venv/.dev ## Measure speed, as ratios within one run
	$(BIN)/python -m tests.benchmarks

lock: .venv/.uv ## Resolve the dependencies anew and pin them
	$(UV) lock --upgrade
	$(EXPORT) --no-default-groups --group demo --output-file requirements.lock
	$(EXPORT) --group dev --output-file requirements-dev.lock

clean: ## Remove the virtual environment and the demo's state
	rm -rf .venv .vidmap

.venv/.uv:
	@$(PYTHON) -c 'import sys; sys.exit("vidmap needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "making .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $@

.venv/.runtime: .venv/.uv requirements.lock $(MANIFESTS)
	@echo "installing the pinned packages"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps $(addprefix -e ,$(MEMBERS))
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@echo "installing the development packages"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@
