PORT ?= 8000
PYTHON ?= python3.11
# Where pip's own configuration offers a CPU build of torch, that one is taken; elsewhere this index holds it.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
ENCODER := var/models/packaged/encoder.json

export PYTHONWARNINGS ?= ignore
export RASA_TELEMETRY_ENABLED := false
export HF_HUB_OFFLINE ?= 1
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help serve test check format lock decision clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

serve: $(READY)  ## set up what is missing and serve on PORT (default 8000)
	@test -f var/current || $(BIN)/auskunft train
	@exec $(BIN)/auskunft serve --port $(PORT)

test: $(READY) $(ENCODER)  ## the whole test suite
	$(BIN)/python -m pytest

check: $(READY)  ## formatter, linter, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## write the format that check wants
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## resolve requirements.lock anew
	$(BIN)/uv pip compile pyproject.toml --group dev --python-version 3.11 --no-emit-package torch --upgrade \
		--no-header --quiet --output-file requirements.lock

decision: $(READY)  ## ship the published release's decision as the one for texts without calibration questions
	cp var/releases/$$($(BIN)/python -c "import json; print(json.load(open('var/current'))['release'])")/decision.json \
		knowledge/decision.json

clean:  ## remove the environment and everything produced at run time
	rm -rf $(VENV) var

$(ENCODER): | $(READY)
	$(BIN)/python -c "from pathlib import Path; from knowledge.encoder import open_encoder; \
		from knowledge.settings import EncoderSettings; open_encoder(EncoderSettings(), Path('var'))"

# torch comes first and by pip: its ordinary Linux build would drag gigabytes of CUDA along.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) --version >/dev/null 2>&1 || { echo "Python 3.11 is needed; name it with PYTHON=…"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --retries 1 --extra-index-url $(TORCH_INDEX) torch==2.13.0
	$(BIN)/python -m pip install --quiet "uv>=0.9,<1"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)
