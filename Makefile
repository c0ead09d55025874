# Everything runs in .venv, made on first use from the Python named here.
PYTHON ?= python3
SCRIPTS := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN := .venv/$(SCRIPTS)
# The same on the lowest versions that pyproject.toml promises.
LOWEST := .venv-lowest/$(SCRIPTS)
# What builds and checks a release, apart from what is tested.
RELEASE := .venv-release/$(SCRIPTS)

# Four, for many tests wait more than they compute; a file is one worker's, with what its tests share.
WORKERS ?= 4
PYTEST_OPTIONS := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
PYTEST := $(BIN)/pytest $(PYTEST_OPTIONS)
# Of what a full run tries in all its variants, a quick one tries some: tests/depth.py.
QUICK_OPTIONS := -p no:nbval -q -m "not slow" --hypothesis-profile=quick

# Images of Python forbid to keep what was compiled; each worker and each process of a test would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check types quick lowest lab app format notebooks mutants release bench docs pictures clean

demo: .venv/base
	@$(BIN)/nexmo-nb demo

test: .venv/test
	$(PYTEST) --nbval tests notebooks

check: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory --jobs=2 types quick

types: .venv/test
	$(BIN)/mypy --strict nexmo_nb

quick: .venv/test
	$(PYTEST) $(QUICK_OPTIONS)

lowest: .venv-lowest/test
	$(LOWEST)/pytest $(PYTEST_OPTIONS) $(QUICK_OPTIONS)

lab: .venv/lab
	$(BIN)/nexmo-nb lab notebooks

app: .venv/app
	$(BIN)/nexmo-nb app

format: .venv/test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

notebooks: .venv/test
	NEXMO_NB_PROGRESS=0 $(BIN)/jupyter execute --inplace notebooks/*.ipynb

# All takes hours; make mutants ONLY='nexmo_nb.sms.response*' takes minutes.
mutants: .venv/mutants
	$(BIN)/mutmut run --max-children 2 $(ONLY)
	$(BIN)/mutmut results

# Whether this commit can be released, and what would be: dist/. It publishes nothing: pushing the tag does, by the workflow.
release: .venv-release/tools
	$(RELEASE)/python .ci/check_release.py
	@$(MAKE) --no-print-directory check test
	rm -rf dist
	$(RELEASE)/python -m build
	$(RELEASE)/twine check --strict dist/*
	$(RELEASE)/python .ci/try_wheel.py dist/*.whl

bench: .venv/bench
	$(BIN)/python benchmarks/run_all.py

# Warnings are errors. --fresh-env reads all pages anew, for the reference is made of docstrings, whose changes no page shows.
docs: .venv/docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going --nitpicky --fresh-env --quiet docs docs/_build/html
	@echo "docs/_build/html/index.html"

pictures: .venv/test
	NEXMO_NB_PROGRESS=0 $(BIN)/python docs/pictures.py

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

.venv-release/tools:
	$(PYTHON) -m venv .venv-release
	$(RELEASE)/python -m pip install --quiet --disable-pip-version-check "build>=1.2" "twine>=6.1"
	@touch $@

.venv/bench: .venv/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	@touch $@

.venv/docs: .venv/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[docs]"
	@touch $@

.venv-lowest/constraints.txt: .ci/list_lowest.py pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	$(PYTHON) .ci/list_lowest.py >.venv-lowest/listed.txt
	@mv .venv-lowest/listed.txt $@

.venv-lowest/test: .venv-lowest/constraints.txt
	$(LOWEST)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]" --constraint $<
	@touch $@

.venv/mutants: .venv/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[mutants]"
	@touch $@

clean:
	rm -rf .venv .venv-lowest .venv-release dist mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis docs/_build docs/reference
