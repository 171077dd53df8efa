# `make help` lists what there is.

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
COMPONENTS := $(notdir $(patsubst %/,%,$(dir $(wildcard components/*/MLproject))))

# pip brings certificates of its own and leaves a company's, in the system's store, aside.
CA_BUNDLE := $(firstword $(PIP_CERT) $(REQUESTS_CA_BUNDLE) $(SSL_CERT_FILE) \
	$(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt))
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export MLFLOW_TRACKING_URI ?= sqlite:///$(CURDIR)/mlflow.db
export TRACKIO_DIR ?= $(CURDIR)/.relay/trackio
export MPLCONFIGDIR ?= $(CURDIR)/.relay/matplotlib
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: help setup run publish test test-fast lint format lock bench results ui

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: .venv/ready ## Install what main.py needs into .venv

run: .venv/ready ## Run the pipeline; settings: make run ARGS="data=pokemon steps=train+"
	@.venv/bin/python main.py $(ARGS)

publish: .venv/ready ## Bring local runs to W&B; list them only: make publish ARGS=--dry-run
	@.venv/bin/python main.py publish $(ARGS)

test: .venv-dev/ready ## Run all tests; some of them: make test ARGS="tests/unit -k plan"
	@.venv-dev/bin/python -m pytest $(ARGS)

test-fast: .venv-dev/ready ## Run the tests that take seconds
	@.venv-dev/bin/python -m pytest tests/unit tests/config

lint: .venv-dev/ready ## Check style and types
	@.venv-dev/bin/ruff check .
	@.venv-dev/bin/ruff format --check .
	@.venv-dev/bin/mypy src main.py tools tests benchmarks
	@for name in $(COMPONENTS); do \
		echo "components/$$name"; \
		(cd components/$$name && MYPYPATH=../../src:. ../../.venv-dev/bin/mypy \
			--config-file ../../pyproject.toml --cache-dir ../../.mypy_cache/$$name *.py) || exit 1; \
	done

format: .venv-dev/ready ## Bring the code into shape
	@.venv-dev/bin/ruff check --fix .
	@.venv-dev/bin/ruff format .

lock: .venv-dev/ready ## Compile the locks; to the newest versions: make lock ARGS=--upgrade
	@PATH="$(CURDIR)/.venv-dev/bin:$$PATH" .venv-dev/bin/python tools/lock.py $(ARGS)

bench: .venv-dev/ready ## Measure beside other ways to run the same steps: make bench ARGS="--only small"
	@PATH="$(CURDIR)/.venv-dev/bin:$$PATH" PYTHONPATH=src .venv-dev/bin/python -m benchmarks $(ARGS)

results: .venv/ready ## Measure models on data sets: make results ARGS=FOLDER (docs/results.md)
	@.venv/bin/python tools/results.py $(ARGS)

# Each in a process group of its own (set -m): Ctrl-C reaches this shell alone, which ends both.
# The lines with Trackio's write token are for nobody to read.
ui: .venv/ready ## Show results in the browser: MLflow on port 5000, Trackio on port 7860
	@echo "MLflow: http://127.0.0.1:5000   Trackio: http://127.0.0.1:7860   Ctrl-C ends both"; \
	set -m; \
	PYTHONUNBUFFERED=1 .venv/bin/trackio show --project relay < /dev/null \
		> >(grep --line-buffered -v write_token) & \
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
		.venv/bin/mlflow ui --port 5000 --workers 1 < /dev/null & \
	trap 'trap "" INT TERM HUP; exec 2> /dev/null; kill -- $$(jobs -p | sed s/^/-/); wait' EXIT; \
	trap 'exit 0' INT TERM HUP; \
	wait $$!

.venv/ready: requirements.txt requirements/uv.txt
	@$(call make-venv,.venv,requirements.txt)

.venv-dev/ready: requirements/dev.txt requirements/uv.txt
	@$(call make-venv,.venv-dev,requirements/dev.txt)

# $(1): folder of the environment; $(2): its lock
define make-venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
		echo "Error: Python 3.11 is needed, and $(PYTHON) is not it: make $@ PYTHON=/path/to/python3.11" >&2; \
		exit 2; }; \
	set -e; \
	echo "Installing $(2) into $(1) ..."; \
	rm -rf $(1); \
	$(PYTHON) -m venv $(1); \
	$(1)/bin/python -m pip config list | grep cert= > /dev/null || export PIP_CERT="$(CA_BUNDLE)"; \
	$(1)/bin/python -m pip install --quiet -r requirements/uv.txt; \
	$(1)/bin/uv pip install --quiet --compile-bytecode --python $(1)/bin/python -r $(2); \
	touch $(1)/ready
endef
