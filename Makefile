# `make help` lists what there is.

SHELL := /bin/bash
# The Python that environments are made with; where none is named, tools/venv.sh looks for one.
PYTHON ?=
# Where the words of docs/style.md are kept. Not in relay_dates.py, which stored models hold a copy of.
PROSE := '*.md' config docs benchmarks components src/relay tests tools main.py pyproject.toml Makefile
COMPONENTS := $(notdir $(patsubst %/,%,$(dir $(wildcard components/*/MLproject))))

# A company's certificates are in the system's store.
CA_BUNDLE := $(firstword $(PIP_CERT) $(REQUESTS_CA_BUNDLE) $(SSL_CERT_FILE) \
	$(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt))
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export MLFLOW_TRACKING_URI ?= sqlite:///$(CURDIR)/mlflow.db
export TRACKIO_DIR ?= $(CURDIR)/.relay/trackio
export MPLCONFIGDIR ?= $(CURDIR)/.relay/matplotlib
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: .venv .venv-dev help setup run publish test test-slow test-fast lint format lock docs bench results ui site .venv-docs

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: .venv ## Install what main.py needs into .venv

run: .venv ## Run the pipeline; settings: make run ARGS="data=pokemon steps=train+"
	@.venv/bin/python main.py $(ARGS)

publish: .venv ## Upload local runs to W&B; only list them: make publish ARGS=--dry-run
	@.venv/bin/python main.py publish $(ARGS)

test: .venv-dev ## Run the tests but the slow ones; some of them: make test ARGS="tests/unit -k plan"
	@.venv-dev/bin/python -m pytest -m "not slow" $(ARGS)

test-slow: .venv-dev ## Run the slow tests: environments, a cluster, outages, kills, long stories on W&B
	@.venv-dev/bin/python -m pytest -m slow $(ARGS)

test-fast: .venv-dev ## Run the fast tests: tests/unit and tests/config
	@.venv-dev/bin/python -m pytest tests/unit tests/config

lint: .venv-dev ## Check style and types
	@.venv-dev/bin/ruff check .
	@.venv-dev/bin/ruff format --check .
	@.venv-dev/bin/codespell
	@.venv-dev/bin/python tools/prose.py $(PROSE)
	@PYTHONPATH=src .venv-dev/bin/lint-imports --no-cache
	@.venv-dev/bin/mypy src main.py tools tests benchmarks
	@# One after the other: components have modules of the same name, and mypy keeps one cache.
	@for name in $(COMPONENTS); do \
		printf 'components/%s: ' $$name; \
		MYPYPATH=components/$$name .venv-dev/bin/mypy components/$$name/*.py || exit 1; \
	done

format: .venv-dev ## Format the code, and fix what the linter can
	@.venv-dev/bin/ruff check --fix .
	@.venv-dev/bin/ruff format .

lock: .venv-dev ## Compile the locks; to the newest versions: make lock ARGS=--upgrade
	@PATH="$(CURDIR)/.venv-dev/bin:$$PATH" .venv-dev/bin/python tools/lock.py $(ARGS)

docs: .venv-dev ## Write the reference of settings from config/ and the components
	@PYTHONPATH=src .venv-dev/bin/python -m tools.reference

site: .venv-docs ## Build the site of docs/ into site/, and check its links
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet
	@echo "To read it: python3 -m http.server -d site -b 127.0.0.1 8000, or open site/index.html (without its search)"

bench: .venv .venv-dev ## Measure Relay against other ways to run the same steps: make bench ARGS="--only small"
	@PATH="$(CURDIR)/.venv-dev/bin:$$PATH" PYTHONPATH=src .venv-dev/bin/python -m benchmarks $(ARGS)

results: .venv-dev ## Measure models on data sets: make results ARGS=FOLDER (docs/reference/results.md)
	@PATH="$(CURDIR)/.venv-dev/bin:$$PATH" PYTHONPATH=src .venv-dev/bin/python -m tools.results $(ARGS)

ui: .venv ## Show results in the browser; other ports: make ui ARGS="--port 8081 --mlflow-port 5001"
	@.venv/bin/python main.py ui $(ARGS)

# Whether they are what the locks say, the script finds out: by content, not by time.
.venv:
	@CA_BUNDLE="$(CA_BUNDLE)" PYTHON="$(PYTHON)" tools/venv.sh $@ requirements.txt

.venv-dev:
	@CA_BUNDLE="$(CA_BUNDLE)" PYTHON="$(PYTHON)" tools/venv.sh $@ requirements/dev.txt $(wildcard requirements/own.txt)

.venv-docs:
	@CA_BUNDLE="$(CA_BUNDLE)" PYTHON="$(PYTHON)" tools/venv.sh $@ requirements/docs.txt

# Targets of your project, in a file that Relay does not have.
-include project.mk
