# Everything runs in .venv, made on first use from the Python named here.
PYTHON ?= python3
BIN := .venv/bin

# Four, for many tests wait more than they compute; a file is one worker's, with what its tests share.
WORKERS ?= 4
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Images of Python forbid to keep what was compiled; each worker and each process of a test would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check lab app format notebooks bench clean

demo: .venv/base
	@$(BIN)/nexmo-nb demo

test: .venv/test
	$(PYTEST) --nbval tests notebooks

check: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict nexmo_nb
	$(PYTEST) -p no:nbval -q -m "not slow"

lab: .venv/lab
	$(BIN)/nexmo-nb lab

app: .venv/app
	$(BIN)/nexmo-nb app

format: .venv/test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

notebooks: .venv/test
	$(BIN)/jupyter execute --inplace notebooks/*.ipynb

bench: .venv/bench
	$(BIN)/python benchmarks/run_all.py

.venv/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/base: .venv/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/test: .venv/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@

.venv/lab: .venv/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[lab]"
	@touch $@

.venv/app: .venv/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[app]"
	@touch $@

.venv/bench: .venv/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	@touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
