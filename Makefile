# Needs nothing but Python (3.11 to 3.13, with venv), make and a shell.
#   make run PORT=9000                              another port
#   make test PYTHON=python3.13 VENV=.venv-3.13     another Python, beside the first

PYTHON ?= python3
VENV ?= .venv
# Programs are run as modules of this Python, so a moved or renamed checkout goes on working.
python = "$(VENV)/bin/python"

.DEFAULT_GOAL := help
.PHONY: help run test lint format messages bench crash clean

# $(call install,FILE): the virtual environment holds what FILE names; at once when it already does.
define install
@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo 'There is no "$(PYTHON)" here: install Python 3.11, 3.12 or 3.13, or name yours with PYTHON=/path/to/python.' >&2; exit 1; }
@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "Switchboard needs Python 3.11, 3.12 or 3.13, and \"$(PYTHON)\" is $$("$(PYTHON)" -V 2>&1): name another with PYTHON=/path/to/python." >&2; exit 1; }
@"$(PYTHON)" scripts/install.py "$(VENV)" $(1)
endef

# $(call step,NAME,COMMAND): a heading, the command, and a clear end if it fails.
define step
@printf '\n=== %s\n' '$(1)'; $(2) || { printf '\n%s\n' 'make $@ stopped at "$(1)": mend what is named above and run it again.' >&2; exit 1; }
endef

define lint
$(call step,Lint,$(python) -m ruff check)
$(call step,Format,$(python) -m ruff format --check)
$(call step,Types,$(python) -m mypy .)
$(call step,Layers,$(python) "$(VENV)/bin/lint-imports" --no-logo)
$(call step,System checks,$(python) manage.py check)
$(call step,Migrations,$(python) manage.py makemigrations --check --dry-run)
$(call step,Audit triggers,$(python) manage.py makeaudit --check)
endef

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: ## install, prepare the database, start web and bot (another port: PORT=9000)
	$(call install,requirements.txt)
	@PORT="$$($(python) -m scripts.port)" || exit 1; \
	PATH="$$(cd "$(VENV)" && pwd)/bin:$$PATH"; PYTHONUNBUFFERED=1; export PORT PATH PYTHONUNBUFFERED; \
	python manage.py quickstart && exec python scripts/processes.py

test: ## install, then all checks and all tests, with coverage in var/coverage
	$(call install,requirements-dev.txt)
	$(lint)
	$(call step,Tests,$(python) -m pytest -n auto --maxprocesses 4 --dist worksteal -p scripts.coverage_by_app --cov --cov-report html)

lint: ## the checks of make test, without the tests
	$(call install,requirements-dev.txt)
	$(lint)

format: ## put the code into shape and mend what ruff can mend
	$(call install,requirements-dev.txt)
	@$(python) -m ruff check --fix --quiet; $(python) -m ruff format

messages: ## collect the texts that people see into locale/, and compile the translations
	$(call install,requirements-dev.txt)
	@$(python) scripts/messages.py

bench: ## measure, each thing beside what it is compared with (benchmarks/)
	$(call install,requirements-bench.txt)
	@$(python) -m benchmarks.run
	@$(python) -m benchmarks.broadcasts
	@$(python) -m benchmarks.audit

crash: ## the long tests that kill processes, some minutes
	$(call install,requirements-dev.txt)
	$(call step,Crash tests,$(python) -m pytest -m crash -p no:cacheprovider)

clean: ## remove the virtual environment and what checks and tests left (never the database)
	@test ! -e "$(VENV)/pyvenv.cfg" || rm -rf "$(VENV)"
	@rm -rf var/coverage var/coverage.data* var/mypy .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
