# Ganglion: from an environment's name to verified hardware. `make help` lists what there is.
ENV ?= Hopper
BOARD ?= Pynq-Z2
ENGINE ?= auto
POLICY ?=
SEED ?= 1
PYTHON ?= python3

PY := .venv/bin/python
GANGLION := $(PY) -c 'from ganglion.models.command_line import main; main()'
READY := .venv/.ready
NAME := $(if $(POLICY),$(notdir $(patsubst %/,%,$(POLICY))),$(ENV))
comma := ,
opt = $(if $($(1)),$(2) $($(1)))

.DEFAULT_GOAL := help
.PHONY: help setup hw explore growth train compress sweep evaluate figures export bitstream zoo bench test test-all lint clean
.PHONY: policy compile simulate closed_loop synth bitstream_if_vivado report
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  variables: ENV=$(ENV) BOARD=$(BOARD) POLICY=<folder> SPARSITY= STEPS= SEED= FROM="
	@echo "  engines:   ENGINE=$(ENGINE) LATENCY_US= (dense; folded: LANES= MULTIPLIER=dsp|lut; unrolled: CUT= CSD_DIGITS=)"
	@echo "             or one a layer, ENGINE=unrolled,folded,dense"

setup: $(READY) ## create the virtual environment (every target does it by itself)

# uv resolves what pip cannot: pyproject.toml overrides two of finn-plus' pins. It is told where pip looks for wheels.
$(READY): pyproject.toml
	@echo "setting up .venv (once)"
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@.venv/bin/pip install -q --disable-pip-version-check uv==0.13.8
	@UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" .venv/bin/uv pip install -q --python $(PY) -e '.[dev]'
	@touch $@

hw: $(READY) ## shipped policy of ENV (or POLICY=<folder>) to verified RTL, resources and a report
	@$(MAKE) --no-print-directory -j2 report

policy:
	@$(PY) -m ganglion.models.select_policy $(NAME) $(call opt,POLICY,--policy)
compile: policy
	@$(PY) -m ganglion.hw.compile $(NAME) --board $(BOARD) --engine $(ENGINE) \
	  $(call opt,LATENCY_US,--latency-us) $(call opt,LANES,--lanes) $(call opt,MULTIPLIER,--multiplier) \
	  $(call opt,CUT,--cut) $(call opt,CSD_DIGITS,--csd-digits)
simulate: compile
	@$(PY) -m ganglion.hw.simulate $(NAME)
closed_loop: simulate
	@$(PY) -m ganglion.hw.closed_loop $(NAME)
synth: compile
	@$(PY) -m ganglion.hw.synth $(NAME)
bitstream_if_vivado: closed_loop synth
	@$(PY) -m ganglion.hw.bitstream $(NAME)
report: bitstream_if_vivado
	@$(PY) -m ganglion.hw.report $(NAME)

explore: $(READY) ## every engine for one policy, measured side by side
	@$(MAKE) --no-print-directory policy
	@$(PY) -m ganglion.hw.studies.explore $(NAME) --board $(BOARD)

bitstream: $(READY) ## bit file for BOARD; needs Vivado
	@$(MAKE) --no-print-directory -j2 closed_loop
	@$(PY) -m ganglion.hw.bitstream $(NAME) --require

train: $(READY) ## train ENV: SPARSITY= PRUNING= STEPS= SEED= FROM= DISTILL=1 SET="batch_size=128 tau=0.01"; resumes
	@$(GANGLION) train $(ENV) --seed $(SEED) \
	  $(call opt,SPARSITY,--sparsity) $(call opt,STEPS,--steps) $(call opt,QAT_STEPS,--qat-steps) \
	  $(call opt,ENV_ID,--env-id) $(call opt,PRUNING,--pruning) $(call opt,DISTRIBUTION,--distribution) \
	  $(call opt,WEIGHT_BITS,--weight-bits) $(call opt,ACTIVATION_BITS,--activation-bits) \
	  $(call opt,INPUT_BITS,--input-bits) $(call opt,OUTPUT_BITS,--output-bits) \
	  $(call opt,CSD_DIGITS,--csd-digits) $(if $(PTQ),--ptq) $(if $(SET),--set "$(SET)") \
	  $(call opt,FROM,--from) $(if $(DISTILL),--distill) $(call opt,RUN,--run)

compress: $(READY) ## stable-baselines3 zip CHECKPOINT= to a sparse int8 policy: SPARSITY= FT_STEPS= VECNORMALIZE=
	@$(GANGLION) compress $(or $(CHECKPOINT),$(error CHECKPOINT=<zip> is missing)) $(ENV) --seed $(SEED) \
	  $(call opt,SPARSITY,--sparsity) $(call opt,STEPS,--steps) $(call opt,QAT_STEPS,--qat-steps) \
	  $(call opt,FT_STEPS,--ft-steps) $(call opt,VECNORMALIZE,--vecnormalize) \
	  $(if $(HIDDEN),--hidden $(subst $(comma), ,$(HIDDEN))) $(call opt,BASE,--base) $(call opt,RUN,--run) $(call opt,TO,--to)

sweep: $(READY) ## ENVS= x SPARSITIES= x SEEDS= on Ray: SWEEP=<name> GRID=<toml> ADDRESS= DRY_RUN=1; resumes
	@$(GANGLION) sweep $(or $(SWEEP),sweep) $(call opt,GRID,--grid) \
	  $(if $(ENVS),--environments $(subst $(comma), ,$(ENVS))) $(if $(SEEDS),--seeds $(subst $(comma), ,$(SEEDS))) \
	  $(if $(SPARSITIES),--sparsities $(subst $(comma), ,$(SPARSITIES))) $(call opt,QAT,--qat) \
	  $(call opt,STEPS,--steps) $(call opt,QAT_STEPS,--qat-steps) $(call opt,DISTILL_STEPS,--distill-steps) \
	  $(call opt,ADDRESS,--address) $(call opt,PROCESSES,--processes) $(if $(DRY_RUN),--dry-run)

evaluate: $(READY) ## deterministic episodes of the best policy in RUN=<run folder>
	@$(GANGLION) evaluate $(RUN)

figures: $(READY) ## pictures of whatever runs there are, to build/figures
	@$(GANGLION) figures

zoo: $(READY) ## the shipped policies as the README's table
	@$(GANGLION) zoo

export: $(READY) ## trained RUN=<run folder> to a policy folder TO=<folder>: VECTORS= to compare
	@$(GANGLION) export $(RUN) $(TO) $(call opt,VECTORS,--vectors)

bench: $(READY) ## speed of training and simulation, and the engines' table; to build/bench.json
	@$(MAKE) --no-print-directory policy
	@$(GANGLION) bench-training
	@$(PY) -m ganglion.hw.studies.explore $(NAME) --board $(BOARD)
	@$(PY) -m ganglion.hw.studies.bench $(NAME)

growth: $(READY) ## how each engine grows with the nonzero weights: a table and a plot from some 25 builds
	@$(MAKE) --no-print-directory policy
	@$(PY) -m ganglion.hw.studies.growth $(NAME) --board $(BOARD)

test: $(READY) ## every claim, in minutes
	@$(PY) -m pytest -n 2 -m "not slow" tests

test-all: $(READY) ## every claim and the long proofs
	@$(PY) -m pytest -n 2 tests

lint: $(READY) ## ruff and pyright
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/pyright

clean: ## delete build/ (trained runs included) but not .venv
	rm -rf build
