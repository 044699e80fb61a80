# `make up` runs Tally on this machine; `make test` runs every test that needs no extra set-up.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: help setup up test lint format generate lock bench clean

help: ## show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## create .venv and .venv-triton, or bring them up to date
	@$(PYTHON) scripts/setup.py

up: setup ## run the whole mesh with a demo camera; options: make up ARGS="--help"
	@$(BIN)/tally up $(ARGS)

test: setup ## run all tests; a part of them: make test ARGS="tests/unit"
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder $(ARGS)

lint: setup ## ruff, mypy, import rules, contracts, generated code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python -m gateway_envoy --check
	$(BIN)/buf lint build/contracts-with-sources.binpb --path tally
	$(BIN)/python scripts/breaking.py

format: setup ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: setup ## generate code from protos/ and the gateway's configuration from both
	$(BIN)/python scripts/generate.py
	$(BIN)/python -m gateway_envoy

lock: setup ## pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		--all-extras pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		triton_models/requirements.in -o triton_models/requirements.txt

bench: setup ## measure; figures go to the terminal and benchmarks/out
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove environments, caches, build output and the data of `make up`
	rm -rf .venv .venv-triton .tally build dist benchmarks/out .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf services/*.egg-info
