# The commands of this house: `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help
.PHONY: help demo test soak bench bench-small profile pictures machine lint lock sbom audit catalogue clean

VENV := .venv
BIN := $(VENV)/bin
# The first Python found that is 3.11 or later; `make demo PYTHON=/path/to/python3` uses another.
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3.14 python3,$(shell $(p) -c 'import sys; print("$(p)") if sys.version_info >= (3, 11) else None' 2>/dev/null)))
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
HOST ?= 127.0.0.1
PORT ?= 8050

help:
	sed -n 's/^## //p' Makefile

## make demo    a demo warehouse, and the dashboard on http://127.0.0.1:8050 (PORT=8051 for another)
demo: export ASSAY_DATABASE_URL ?= sqlite:///assay-demo.db
demo: $(VENV)/run
	$(BIN)/assay demo --port $(PORT)

## make test    everything that CI checks: lint, types, import contracts and every test
test: machine $(VENV)/test lint
	$(BIN)/python -m pytest -n $${ASSAY_WORKERS:-2} --dist loadfile --no-loadscope-reorder

## make soak    the same tests with larger numbers, drawn anew each time (EXAMPLES=500)
EXAMPLES ?= 500
soak: export ASSAY_EXAMPLES := $(EXAMPLES)
soak: test

## make bench   every figure of docs/performance.md, measured and written there anew (half an hour on two idle cores)
bench: machine $(VENV)/test
	$(BIN)/python -m benchmarks --size whole --json benchmarks/last.json --write

## make bench-small  the same at small sizes, printed (three minutes)
bench-small: machine $(VENV)/test
	$(BIN)/python -m benchmarks --size small

## make profile PAGE=heatmap  a flame graph of a page in build/profile-PAGE.svg (DEPARTMENTS=1000; COLD=1: nothing kept)
DEPARTMENTS ?= 1000
profile: machine $(VENV)/test $(VENV)-bench-profile/made
	if [ -z "$(PAGE)" ]; then echo "Which page? make profile PAGE=heatmap" >&2; exit 1; fi
	$(BIN)/python -m benchmarks.profiled $(VENV)-bench-profile/bin/py-spy $(PAGE) --departments $(DEPARTMENTS) $(if $(COLD),--cold)

$(VENV)-bench-profile/made: benchmarks/requirements-profile.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)-bench-profile
	$(VENV)-bench-profile/bin/python -m pip --disable-pip-version-check --no-input install -q -r $<
	touch $@

## make pictures  every page of the demo, a meeting and the pack as pictures in docs/screenshots (needs Chromium)
pictures: $(VENV)/test
	$(BIN)/python -m tests.pictures

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What the tests need of the machine: a PostgreSQL server, a browser, and what reads systemd's units.
machine:
	wanted=
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || wanted="$$wanted postgresql"
	command -v chromium chromium-browser google-chrome >/dev/null || wanted="$$wanted chromium"
	command -v systemd-analyze >/dev/null || wanted="$$wanted systemd" # reads the units of deploy/
	if [ -z "$$wanted" ]; then exit 0; fi
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "Installing$$wanted (Debian packages), which the tests need"
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends $$wanted >/dev/null
	else
		echo "The tests that need$$wanted will be skipped, saying so. To run them: sudo apt-get install$$wanted" >&2
	fi

$(BIN)/python:
	if [ -z "$(PYTHON)" ]; then echo "Assay needs Python 3.11 or later, and none was found. On Debian: apt-get install python3 python3-venv" >&2; exit 1; fi
	if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
			echo "Installing python3-venv (a Debian package), without which Python cannot make a virtual environment"
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
		else
			echo "$(PYTHON) cannot make a virtual environment. On Debian: sudo apt-get install python3-venv" >&2; exit 1
		fi
	fi
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements.lock pyproject.toml | $(BIN)/python
	echo "Installing Assay and what it stands on into $(VENV) (about a minute)"
	$(PIP) install -q --require-hashes -r requirements.lock
	$(PIP) install -q --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/test: requirements-test.lock $(VENV)/run
	echo "Installing what the tests need into $(VENV)"
	$(PIP) install -q --require-hashes --no-build-isolation --use-pep517 -r requirements-test.lock
	touch $@

## make lock    take the newest versions pyproject.toml allows into both lock files
# One resolution for every platform and Python from 3.11 on, hence uv; what it writes is plain pip.
lock: $(BIN)/python
	tools=$$(mktemp -d)
	trap 'rm -rf "$$tools"' EXIT
	$(PYTHON) -m venv "$$tools"
	"$$tools/bin/python" -m pip install -q uv
	compile="$$tools/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-config --upgrade"
	build() { echo 'setuptools>=77'; } # what installs Assay itself; see [build-system] in pyproject.toml
	UV_CUSTOM_COMPILE_COMMAND="make lock" $$compile pyproject.toml -o requirements.lock - < <(build)
	UV_CUSTOM_COMPILE_COMMAND="make lock" $$compile -c requirements.lock --extra test pyproject.toml -o requirements-test.lock - < <(build)

## make sbom    what Assay is made of, with hashes, as CycloneDX in build/sbom.json
sbom: $(VENV)-supply/made
	mkdir -p build
	$(VENV)-supply/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --of JSON -o build/sbom.json

## make audit   ask PyPI for known faults of every locked package; fails where there is one (needs the internet)
audit: $(VENV)-supply/made
	$(VENV)-supply/bin/pip-audit --requirement requirements.lock --no-deps --disable-pip --strict
	$(VENV)-supply/bin/pip-audit --requirement requirements-test.lock --no-deps --disable-pip --strict

$(VENV)-supply/made: deploy/requirements-supply.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)-supply
	$(VENV)-supply/bin/python -m pip --disable-pip-version-check --no-input install -q -r $<
	touch $@

## make catalogue  find the texts of the pages, for translators (dashboard/languages)
catalogue: $(VENV)/test
	$(BIN)/python -m tests.dashboard.catalogue

## make clean   remove the virtual environment, caches and the demo's warehouse
clean:
	rm -rf $(VENV) $(VENV)-bench* $(VENV)-supply build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache test-results
	rm -f assay-demo.db assay-demo.db-* assay-demo.secret
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
