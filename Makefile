# make demo | make test do all the set-up themselves; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO_OPTIONS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint format typecheck pytest install system clean

help:  ## list what can be made
	@sed -n 's/^\([a-z]*\):.*##/make \1\t/p' Makefile | expand -t 18

demo: $(INSTALLED)  ## install, run the main job on phantom images, show the result
	@$(PYTHON) tools/system_libraries.py --if-display
	$(RUN)/medssl demo $(DEMO_OPTIONS)

test: lint typecheck pytest  ## everything that CI runs, GUI tests included

lint: $(INSTALLED)  ## style rules and formatting
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .

format: $(INSTALLED)  ## apply the formatting and the safe fixes
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

typecheck: $(INSTALLED)  ## strict type checking
	$(RUN)/mypy

pytest: $(INSTALLED) system  ## the tests, under a virtual screen where there is no other
	$(RUN)/python -m pytest $(PYTEST_OPTIONS)

install: $(INSTALLED)  ## only create the environment and install into it

system:  ## check the system libraries that windows and virtual screens need
	@$(PYTHON) tools/system_libraries.py

$(INSTALLED): pyproject.toml setup.cfg constraints.txt
	tools/make_environment.sh $(PYTHON) $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e '.[pyqt6,test]'
	@touch $@

clean:  ## remove the environment and everything that was made
	rm -rf $(VENV) demo_out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
