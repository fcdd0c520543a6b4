# Two commands set everything up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := Scripts
else
BIN := bin
endif
VENV := .venv
DEMO_VENV := .venv-demo
RUN := $(VENV)/$(BIN)/python
PIP_FLAGS := --quiet --disable-pip-version-check

.PHONY: demo test check fix docs i18n lock build bench drill clean

demo: $(DEMO_VENV)/.ready
	$(DEMO_VENV)/$(BIN)/dvc-cli demo $(DEMO_FLAGS)

test: $(VENV)/.ready
	$(RUN) -m pytest -n 2 --dist loadgroup $(TEST_FLAGS)

check: $(VENV)/.ready
	$(VENV)/$(BIN)/ruff format --check .
	$(VENV)/$(BIN)/ruff check .
	$(VENV)/$(BIN)/mypy
	$(VENV)/$(BIN)/lint-imports
	$(VENV)/$(BIN)/codespell
	$(RUN) tools/i18n.py check
	$(RUN) tools/docs.py check

fix: $(VENV)/.ready
	$(VENV)/$(BIN)/ruff check --fix .
	$(VENV)/$(BIN)/ruff format .
	$(RUN) tools/i18n.py compile
	$(RUN) tools/docs.py write

docs: $(VENV)/.ready
	$(RUN) tools/docs.py write

i18n: $(VENV)/.ready
	$(RUN) tools/i18n.py compile

lock: $(VENV)/.ready
	$(RUN) tools/lock.py

build: $(VENV)/.ready
	$(RUN) -m hatchling build

bench: $(VENV)/.ready
	$(RUN) benchmarks/startup.py
	$(RUN) benchmarks/scan.py

drill: $(VENV)/.ready
	$(RUN) -m pytest drills $(TEST_FLAGS)

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install $(PIP_FLAGS) --require-hashes -r requirements/dev.txt
	$(RUN) -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation -e .
	$(RUN) -c "open('$@', 'w').close()"

$(DEMO_VENV)/.ready: requirements/demo.txt pyproject.toml
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements/demo.txt
	$(DEMO_VENV)/$(BIN)/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation -e .
	$(DEMO_VENV)/$(BIN)/python -c "open('$@', 'w').close()"

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(name, ignore_errors=True) for name in ('$(VENV)', '$(DEMO_VENV)', 'dist')]"
