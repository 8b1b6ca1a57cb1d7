# Every target sets up what it needs by itself; the first time takes minutes, later none.
BIN := .venv/bin
SET_UP := pyproject.toml packaging/constraints.txt packaging/set_up.sh packaging/set_up.py engine/common/system_libraries.py
# With --quiet, MkDocs would not count its warnings as errors.
BUILD_DOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
# Whole blocks of neighbours, which share fixtures, go to a worker; who is done first takes from the other's.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist worksteal

.PHONY: help demo run test test-fast abuse test-research lint quick-lint docs format catalogues audit release bundle bench clean

help:
	@echo "make demo               review the bundled demo scene"
	@echo "make run [VIDEO=file]   open the program"
	@echo "make test               formatting, lint, types, import rules, documentation, then all tests"
	@echo "make test-fast          tests of the engine that take no long time, in less than a minute"
	@echo "make abuse              all damaged and hostile inputs, all real footage; make test takes a part of them"
	@echo "make test-research      tests of the experiments in tests/research"
	@echo "make lint               all of make test but the tests"
	@echo "make docs               the documentation as a site, in the folder site"
	@echo "make format             format the code and mend what the linter can"
	@echo "make audit              look up known vulnerabilities of the pinned packages"
	@echo "make release            wheel, sdist, SBOM and requirements with hashes, in the folder dist"
	@echo "make bundle             the program for machines without Python, in the folder dist/vadgui"
	@echo "make bench [BENCH=...]  benchmarks, by name: $(notdir $(basename $(filter-out %/__init__.py %/__main__.py,$(wildcard tests/benchmarks/*.py))))"
	@echo "make clean              remove .venv and caches of the checks"
	@echo "PYTHON=/path/to/python names the Python (3.11 to 3.13) to set up with."

demo: .venv/ready
	$(BIN)/vadgui --demo

run: .venv/ready
	$(BIN)/vadgui $(if $(VIDEO),"$(VIDEO)")

# Types are looked through while the tests run: without mypy's cache, as in a clean checkout, that takes 20 seconds.
test: quick-lint
	@types=$$(mktemp); $(BIN)/mypy >$$types 2>&1 & mypy=$$!; \
	$(PYTEST); tests=$$?; \
	wait $$mypy; typed=$$?; \
	echo "$(BIN)/mypy"; cat $$types; rm -f $$types; \
	exit $$((tests || typed))

test-fast: .venv/ready-dev
	$(PYTEST) -m "not slow and not gui and not research and not abuse"

abuse: .venv/ready-dev
	$(PYTEST) -m "not research" --hypothesis-profile=random tests/abuse
	$(PYTEST) -m abuse tests/engine tests/vadgui

test-research: .venv/ready-dev
	$(BIN)/python -m pytest -m research tests/research

lint: quick-lint
	$(BIN)/mypy

quick-lint: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BUILD_DOCS)

docs: .venv/ready-dev
	$(BUILD_DOCS)
	@echo "Open site/index.html in a browser."

format: .venv/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

catalogues: .venv/ready-dev
	$(BIN)/python packaging/catalogues.py

audit: .venv/ready-dev
	$(BIN)/python packaging/release.py --audit

release: .venv/ready-dev
	$(BIN)/python packaging/release.py

bundle: .venv/ready-dev
	$(BIN)/python packaging/bundle.py

bench: .venv/ready-dev
	$(BIN)/python -m tests.benchmarks $(BENCH)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist site *.egg-info

.venv/ready: $(SET_UP)
	PYTHON="$(PYTHON)" sh packaging/set_up.sh

.venv/ready-dev: $(SET_UP)
	PYTHON="$(PYTHON)" sh packaging/set_up.sh --dev
