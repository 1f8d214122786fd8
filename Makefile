# Ganglion: from an environment's name to verified hardware. A thin front over `ganglion <command>`; `make help` lists all.
# Variables reach the commands through the environment, so that no shell reads their values; defaults are the commands' own.
ENV ?= Hopper
PYTHON ?= python3

PY := .venv/bin/python
READY := .venv/.ready
COMMANDS := hw bitstream explore growth train compress sweep evaluate figures delta delta-figure study export zoo games bundle deploy control

$(COMMANDS) bench: export ENV := $(ENV)
$(COMMANDS) bench: export GANGLION_CALLER := make
# ENV where it is a default: a command without environments does without. bench has commands of both kinds.
$(COMMANDS): export DEFAULTS := $(if $(findstring command,$(origin ENV)),,ENV)
bench: export DEFAULTS := ENV

.DEFAULT_GOAL := help
.PHONY: help setup $(COMMANDS) bench test test-all lint clean

help: $(READY) ## list the targets, then the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@$(PY) -m ganglion.models.command_line --help

setup: $(READY) ## create the virtual environment (every target does it by itself)

# uv resolves what pip cannot: docs/overrides.txt overrides pins of finn-plus. It is told where pip looks for wheels.
$(READY): pyproject.toml docs/overrides.txt
	@echo "setting up .venv (once)"
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@.venv/bin/pip install -q --disable-pip-version-check uv==0.13.8
	@UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" .venv/bin/uv pip install -q --python $(PY) \
	  --overrides docs/overrides.txt -e '.[dev]'
	@mkdir -p .venv/typing/ganglion
	@cd .venv/typing/ganglion && ln -sfn $(foreach room,models hw training deploy,../../../$(room)) .
	@touch $@

$(COMMANDS): $(READY)
	@$(PY) -m ganglion.models.command_line $@

bench: $(READY) ## speed of training, simulation, driver and frames, and the engines' table; to build/bench.json
	@$(PY) -m ganglion.models.command_line bench-training
	@$(PY) -m ganglion.models.command_line explore
	@$(PY) -m ganglion.models.command_line bench
	@$(PY) -m ganglion.models.command_line hw
	@$(PY) -m ganglion.models.command_line bench-driver
	@$(PY) -m ganglion.models.command_line bench-frames

test: $(READY) ## every claim, in minutes
	@$(PY) -m pytest -n 2 -m "not slow" tests

test-all: $(READY) ## every claim and the long proofs
	@$(PY) -m pytest -n 2 tests

lint: $(READY) ## ruff and pyright
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/pyright

clean: ## delete build/ (trained runs included) but not .venv
	rm -rf build
