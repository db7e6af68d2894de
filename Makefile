# One verb for each thing a person does; "make" lists them.
#
#   PYTHON=python3.13   the Python that new environments are made with
#   VENV=.venv-3.13     our environment, to keep one per Python
#   JOBS=1              processes that run tests at the same time; most of them wait
#   ARGS="-k wire -x"   for pytest, or for bench/run.py
#   UV=uv               make environments with uv, in seconds
#   BUILDS=pure         test only one of the two builds; or: compiled
#   DEBUG=1             CPython watches the memory of the compiled build, and more (-X dev)
#   AGAIN=1             a few tests that failed run once more, for CI: see .ci/again

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 4
ARGS ?=
BUILDS ?= pure compiled
BIN := $(VENV)/bin
# Ours as wheels have it, with extensions; the environment itself has the sources.
COMPILED := build/compiled$(notdir $(VENV))
PYTEST = $(BIN)/$(if $(COVER),coverage run,python) -m pytest -n $(JOBS) $(ARGS)
RUN_TESTS = $(PYTEST) $(if $(AGAIN),--cache-clear || .ci/again $$? $(PYTEST))
PIP := -m pip --quiet --quiet --disable-pip-version-check --no-input

# $(call ENVIRONMENT,DIR) makes one, $(call INSTALL,DIR) installs there: uv does it in a tenth
# of pip's time. Only where UV says so: it does not know pip's settings, so it might not find
# what pip finds, nor by what pip trusts the registry.
ifneq ($(UV),)
WITH_UV := $(if $(PIP_CERT),SSL_CERT_FILE=$(PIP_CERT)) $(UV) --quiet --no-progress
ENVIRONMENT = $(WITH_UV) venv --allow-existing --seed --no-python-downloads --python $(PYTHON) $(1)
INSTALL = $(WITH_UV) pip install --python $(1)/bin/python
else
ENVIRONMENT = $(PYTHON) -m venv $(1)
INSTALL = $(1)/bin/python $(PIP) install
endif

PYRO5 := 5.17
PYRO4 := 4.82
GRPC := 1.85.1
RPYC := 6.0.2
UVLOOP := 0.23.0
ZMQ := 27.3.0
NATS := 2.16.0
PEERS := .peers/pyro5/ready-$(PYRO5)-pytest .peers/pyro4/ready-$(PYRO4)-pytest
BENCH_PEERS := .peers/bench/ready-$(GRPC)-$(RPYC)-$(UVLOOP)-$(ZMQ)-$(NATS)

# They are made for the tests, so a test that misses them has failed.
export REQUIRE_PEERS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-pure test-compiled compiled cover style types bench ready \
    peers browser nats build clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/installed ## the main job for real: name server, server, two clients
	@$(BIN)/python examples/demo.py

test: $(BUILDS:%=test-%) ## run all tests, pure and compiled; COVER=1 measures them too

test-pure: $(VENV)/ready $(PEERS) browser
	@echo "Testing$(if $(COVER), and measuring,) the sources with $$($(BIN)/python --version)"
	$(if $(COVER),@$(BIN)/coverage erase)
	@$(RUN_TESTS)
ifdef COVER
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@$(BIN)/coverage json --quiet --fail-under=0 -o - | $(BIN)/python -c "$$BRANCHES"
endif

test-compiled: COVER :=
test-compiled: export PYTHONPATH := $(CURDIR)/$(COMPILED)
test-compiled: export PYROPHONE_REQUIRE_COMPILED := 1
ifdef DEBUG
test-compiled: export PYTHONMALLOC := debug
test-compiled: export PYTHONDEVMODE := 1
endif
test-compiled: $(VENV)/ready $(COMPILED)/ready $(PEERS) browser
	@echo "Testing the compiled build with $$($(BIN)/python --version)"
	@$(RUN_TESTS)

compiled: $(COMPILED)/ready ## our package with extensions, in build/

cover: ## run the tests of the library under coverage; below the bar is a failure
	@$(MAKE) --no-print-directory test-pure COVER=1 ARGS="tests $(ARGS)"

style: $(VENV)/ready ## ruff: lint and format
	@echo "Checking style"
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --diff --quiet; exit 1; }

types: $(VENV)/ready ## mypy, strict
	@echo "Checking types"
	@$(BIN)/mypy

bench: $(VENV)/installed $(COMPILED)/ready $(PEERS) $(BENCH_PEERS) nats ## ours and others', measured
	@$(BIN)/python bench/run.py --compiled $(COMPILED) $(ARGS)

peers: $(PEERS) ## environments with the real Pyro5 and Pyro4

browser: ## Chromium, for the tests of the gateway's page; they are skipped without
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	    { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium" && \
	    apt-get update -qq && \
	    apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	    echo "There is no Chromium, and it can't be installed from here"

nats: ## nats-server, for the benchmark of events, which goes on without
	@command -v nats-server >/dev/null || \
	    { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing nats-server" && \
	    apt-get update -qq && \
	    apt-get install -y -qq --no-install-recommends nats-server >/dev/null; } || \
	    echo "There is no nats-server, and it can't be installed from here"

build: $(VENV)/installed ## wheels of all distributions, in dist/
	@echo "Building wheels"
	@rm -rf dist build compat/*/build
	@$(BIN)/python $(PIP) wheel --no-deps --wheel-dir dist . ./compat/pyro5 ./compat/pyro4 \
	    ./compat/pyro3
	@ls dist

clean: ## remove all that was made, environments too
	rm -rf .venv .venv-* $(VENV) .peers build dist compat/*/build
	rm -rf .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src compat tests bench examples -depth \( -name __pycache__ -o -name '*.egg-info' \) \
	    -exec rm -rf {} +

# The library and the compatibility packages; enough to run programs. To build each in an
# environment of its own would take longer than all the rest.
$(VENV)/installed: pyproject.toml $(wildcard compat/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Pyrophone needs Python 3.11 or newer: make PYTHON=..."; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(call ENVIRONMENT,$(VENV))
	@$(call INSTALL,$(VENV)) 'cython>=3.1' 'setuptools>=77'
	@PYROPHONE_BUILD=pure $(call INSTALL,$(VENV)) --no-build-isolation \
	    --editable . --editable compat/pyro5 --editable compat/pyro4 --editable compat/pyro3
	@touch $@

# For CI: all is there that tests need, and they are compiled, which takes each of the
# processes that run them 15 s, if none has done it for the others. So it is with what
# Hypothesis looks up about characters, and about constants in the sources: one test with
# texts has it look. ARGS says which tests, all by default.
ready: $(VENV)/ready
	@echo "Compiling the tests for $(VENV)"
	@$(BIN)/python -m pytest -n 0 -qq -p no:cacheprovider -k test_atoms_are_written_as_their_repr $(ARGS) >/dev/null

# What checks them.
$(VENV)/ready: $(VENV)/installed
	@echo "Adding the tools to $(VENV)"
	@PYROPHONE_BUILD=pure $(call INSTALL,$(VENV)) --no-build-isolation --editable '.[dev]'
	@touch $@

# Made anew where a source has changed: compiled tests of old sources would say nothing.
$(COMPILED)/ready: $(VENV)/installed setup.py $(shell find src/pyrophone -name '*.p[yx]*' -not -name '*.pyc')
	@echo "Compiling for $(VENV)"
	@mkdir -p $(COMPILED) && find $(COMPILED) -name '*.py' -delete
	@PYROPHONE_BUILD=require $(BIN)/python setup.py --quiet build --parallel 2 --build-lib $(COMPILED)
	@touch $@

.peers/pyro5/ready-$(PYRO5)-pytest:
	@$(call peer,Pyro5==$(PYRO5) serpent msgpack pytest pytest-timeout)

.peers/pyro4/ready-$(PYRO4)-pytest:
	@$(call peer,Pyro4==$(PYRO4) serpent msgpack cloudpickle dill pygame-ce pytest pytest-timeout)

# For the benchmark alone, which goes on without; ours is there because of uvloop.
$(BENCH_PEERS):
	@echo "Making $(@D) with grpcio, rpyc, pyzmq, nats-py, uvloop and numpy"
	@rm -rf $(@D) && $(call ENVIRONMENT,$(@D)) && PYROPHONE_BUILD=pure $(call INSTALL,$(@D)) \
	    grpcio==$(GRPC) rpyc==$(RPYC) pyzmq==$(ZMQ) nats-py==$(NATS) uvloop==$(UVLOOP) msgpack numpy \
	    --editable . --editable compat/pyro5 && touch $@ || \
	    { rm -rf $(@D); echo "They can't be installed from here; measuring goes on without"; }

define peer
echo "Making $(@D) with $(firstword $(1))"
rm -rf $(@D)
$(call ENVIRONMENT,$(@D))
$(call INSTALL,$(@D)) $(1)
touch $@
endef

# The report's total mixes lines and branches; the bar holds for branches alone too.
define BRANCHES
import json, sys
totals = json.load(sys.stdin)["totals"]
share = 100 * totals["covered_branches"] / max(totals["num_branches"], 1)
print(f"branches alone: {share:.1f} %")
sys.exit(share < 95)
endef
export BRANCHES
