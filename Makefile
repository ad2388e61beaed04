# cityhub: the verbs. Each works in a fresh clone; the first of a kind sets up what it needs, later ones need no network.
#
#   make up      everything on this machine (Ctrl-C ends it)      make test    set-up, checks and all tests
#   make status  what is running                                  make check   format, lint, types, imports
#   make down    end what runs                                    make bench   measure        make chaos   break things
#   make clean   remove what was built (never the data in var/)   make lock    pin new versions
#
# PYTHON=python3.12 chooses the interpreter; ARGS="--port 9000" goes to `cityhub up`, ARGS=tests/unit/sdk to pytest.

PYTHON ?= python3
UV ?= uv
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --require-virtualenv install --quiet
COMPILE := $(UV) pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
LINTED := bus adapters kpi graphql dashboard sandbox hub tests

.DEFAULT_GOAL := up
.DELETE_ON_ERROR:
.PHONY: up down status test check bench chaos clean lock

up: $(VENV)/hub.installed
	@exec $(BIN)/cityhub up $(ARGS)

down status: $(VENV)/hub.installed
	@exec $(BIN)/cityhub $@ $(ARGS)

test: check
	@tests/e2e/install_browser
	@$(BIN)/python -m tests.unit.helm.tools
	$(BIN)/python -m tests.together $(ARGS)

check: $(VENV)/test.installed
	$(BIN)/ruff format --check $(LINTED)
	$(BIN)/ruff check $(LINTED)
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/test.installed
	$(BIN)/python -m pytest -s tests/bench $(ARGS)

chaos: $(VENV)/test.installed
	@tests/e2e/install_browser
	HUB=chart $(BIN)/python -m pytest -s tests/chaos tests/e2e $(ARGS)

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(LINTED) -name __pycache__ -type d -prune -exec rm -rf {} +

lock:
	$(COMPILE) --upgrade --extra build -o requirements/hub.txt
	$(COMPILE) --upgrade --extra build --extra test -c requirements/hub.txt -o requirements/test.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "cityhub needs Python 3.11 or newer, $(PYTHON) is %d.%d: name another one, as in make PYTHON=python3.12" % v[:2])'
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment, see above" >&2; exit 1; }

# The test environment holds everything the hub needs, in the same versions: it counts as both.
$(VENV)/test.installed: requirements/test.txt pyproject.toml | $(BIN)/python
	@echo "installing what the hub and its tests need, this takes a minute or two"
	@$(PIP) --require-hashes -r requirements/test.txt
	@$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $(VENV)/hub.installed $@

$(VENV)/hub.installed: requirements/hub.txt pyproject.toml | $(BIN)/python
	@echo "installing what the hub needs, this takes a minute"
	@$(PIP) --require-hashes -r requirements/hub.txt
	@$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@
