# `make help` says what there is. Everything happens in .venv, which is made when it is missing.

SHELL := /bin/sh
PORT ?= 8000
LISTINGS ?=
PYTHON := .venv/bin/python
# Installs exactly what a lock file lists.
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement
# What `make test` hands to pytest, such as ARGS="-k board".
ARGS ?=
# The tests that `make check` runs; none where `make test` runs them beside it.
PROJECT ?= tests/test_project.py

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-admin bench-api bench-boards bench-dumps bench-extraction bench-merging bench-review lock clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed-requirements.lock .venv/npm/package-lock.json ## Run the site at http://localhost:8000 (PORT=9000, LISTINGS="one.txt two.txt")
	@exec env DJANGO_SETTINGS_MODULE=leaderboard.settings.base PORT='$(PORT)' $(PYTHON) manage.py run $(LISTINGS)

# Three runs side by side, for much of their time is waiting: the tests with a database on SQLite, the same on PostgreSQL, and what asks a
# browser and then what asks no database. All are run to their end: a failure of one says nothing about the others.
# What a shell starts beside itself hears no Ctrl-C, so the traps end it. What one of them compiles the next ones find, whatever the shell
# wishes: that is a third of what they take to begin, and of each program that a test starts.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/installed-requirements-dev.lock .venv/npm/package-lock.json .venv/paperswithcode/installed.lock ## Run all tests on SQLite and on PostgreSQL where a server answers (TEST_DATABASE_URL)
	@status=0; sqlite=passed; postgresql=passed; apart=passed; browser=passed; server=; beside=; aside=; logs=$$(mktemp -d); \
	trap 'rm -rf "$$logs"; for run in $$beside $$aside; do kill "$$run" 2>/dev/null; done' EXIT; trap 'exit 130' INT TERM; \
	found=; is_fine() { case "$$1" in 0) found=yes;; 5) [ -n '$(subst ','\'',$(ARGS))' ];; *) found=yes; false;; esac; }; \
	url="$${TEST_DATABASE_URL:-postgres://postgres@127.0.0.1:5432/claimboard_$$$$}"; unset TEST_DATABASE_URL; \
	keep() { log="$$logs/$$1"; shift; env "$$@" $(PYTHON) -m pytest $(ARGS) >"$$log" 2>&1 & run=$$!; wait "$$run"; echo $$? >"$$log.status"; }; \
	if $(PYTHON) -c 'import psycopg, sys; psycopg.connect(sys.argv[1], dbname="postgres", connect_timeout=3).close()' "$$url" 2>/dev/null; then server=yes; fi; \
	( trap 'kill "$$run"; exit' TERM; keep browser TESTS=browser; keep apart TESTS=apart ) & aside=$$!; \
	if [ -n "$$server" ]; then ( trap 'kill "$$run"; exit' TERM; keep postgresql TESTS=database TEST_DATABASE_URL="$$url" ) & beside=$$!; fi; \
	echo "== Tests on SQLite"; \
	TESTS=database $(PYTHON) -m pytest $(ARGS); is_fine $$? || { status=1; sqlite=FAILED; }; \
	if [ -n "$$server" ]; then \
		wait "$$beside"; beside=; \
		echo "== Tests on PostgreSQL, which ran beside those on SQLite"; cat "$$logs/postgresql"; \
		is_fine "$$(cat "$$logs/postgresql.status")" || { status=1; postgresql=FAILED; }; \
	else \
		postgresql="NOT TESTED: no PostgreSQL server answers (TEST_DATABASE_URL names one; the default is 127.0.0.1:5432)"; \
		if [ "$$REQUIRE_ALL" = 1 ]; then status=1; postgresql="$$postgresql, and REQUIRE_ALL=1 makes that a failure"; fi; \
	fi; \
	wait "$$aside"; aside=; \
	echo "== Tests in a browser, which ran beside those on SQLite"; cat "$$logs/browser"; \
	is_fine "$$(cat "$$logs/browser.status")" || { status=1; browser=FAILED; }; \
	echo "== Tests without a database, which ran after those in a browser"; cat "$$logs/apart"; \
	is_fine "$$(cat "$$logs/apart.status")" || { status=1; apart=FAILED; }; \
	echo "== SQLite: $$sqlite"; echo "== Without a database: $$apart"; echo "== In a browser: $$browser"; echo "== PostgreSQL: $$postgresql"; \
	[ -n "$$found" ] || { echo "No test is selected by ARGS."; status=1; }; \
	exit $$status

check: .venv/installed-requirements-dev.lock ## Check format, style, types, imports, migrations, lock files and the production settings
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	@$(if $(PROJECT),$(PYTHON) -m pytest --quiet $(PROJECT))
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	export DJANGO_SETTINGS_MODULE=leaderboard.settings.base DATA_DIR="$$folder" SITE_URL=https://example.org DATABASE_URL= CELERY_BROKER_URL= && \
	export SECRET_KEY="$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(64))')" && \
	echo "manage.py makemigrations --check" && $(PYTHON) manage.py makemigrations --check --dry-run && \
	echo "manage.py check --deploy" && $(PYTHON) manage.py check --deploy --fail-level WARNING

bench: .venv/installed-requirements-bench.lock ## Measure reading and boards against named peers (ARGS="board", ARGS="--help")
	@$(PYTHON) tests/bench/run.py $(ARGS)

bench-boards: .venv/installed-requirements-bench.lock ## Measure the pages of a site with a million claims (ARGS="--only sqlite --rounds 50")
	@$(PYTHON) tests/bench/boards.py $(ARGS)

bench-admin: .venv/installed-requirements-bench.lock ## Measure the lists of the admin with a million claims (ARGS="--only sqlite --keep folder")
	@$(PYTHON) tests/bench/admin.py $(ARGS)

bench-api: .venv/installed-requirements-bench.lock ## Measure the API against Datasette on the same rows of 200,000 claims (ARGS="--rounds 9")
	@$(PYTHON) tests/bench/api.py $(ARGS)

bench-dumps: .venv/installed-requirements-bench.lock ## Measure dump and restore of a site with a million claims (ARGS="--only sqlite --claims 20000")
	@$(PYTHON) tests/bench/dumps.py $(ARGS)

bench-merging: .venv/installed-requirements-dev.lock ## Measure merging datasets with 50,000 claims, and taking it back (ARGS="--only sqlite --claims 5000")
	@$(PYTHON) tests/bench/merging.py $(ARGS)

bench-extraction: .venv/installed-requirements-bench.lock ## Measure extraction against spaCy on the abstracts beside the project (ARGS="papers.jsonl")
	@$(PYTHON) tests/bench/extraction.py $(ARGS)

bench-review: .venv/installed-requirements-bench.lock ## Measure decisions of the review queue on the listings beside the project (ARGS="--only sqlite")
	@$(PYTHON) tests/bench/review.py $(ARGS)

lock: .venv/bin/python ## Write the lock files anew from pyproject.toml
	@.venv/bin/uv --version >/dev/null 2>&1 || $(PYTHON) -m pip install --quiet --disable-pip-version-check uv
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --constraint requirements.lock --extra dev pyproject.toml -o requirements-dev.lock
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --constraint requirements.lock --extra bench pyproject.toml -o requirements-bench.lock

clean: ## Remove what can be made again: .venv and caches; data/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making .venv with $$($$python --version)."; \
			rm -rf .venv; \
			$$python -m venv .venv && exit 0; \
			echo "$$python cannot make a virtual environment; Debian and Ubuntu have that in the package python3-venv." >&2; \
			rm -rf .venv; exit 1; \
		fi; \
	done; \
	echo "Claimboard needs Python 3.11 or newer as python3, and found none." >&2; exit 1

# A lock file that was installed is kept beside what it installed: only another one is installed again.
.venv/installed-%.lock: %.lock | .venv/bin/python
	@cmp -s $< $@ || { echo "Installing $<."; $(INSTALL) $<; }
	@cp $< $@

# The client that Papers with Code had, with libraries of its day: they can't stand beside ours. Without a package index in reach its test
# is skipped, and counted as not tested.
.venv/paperswithcode/installed.lock: tests/paperswithcode.lock | .venv/bin/python
	@cmp -s $< $@ || { \
		echo "Installing the old client of Papers with Code."; \
		rm -rf $(@D) && $(PYTHON) -m venv --without-pip $(@D) && \
		$(PYTHON) -m pip --python $(@D)/bin/python install --quiet --disable-pip-version-check --retries 1 --timeout 20 \
			--no-deps --require-hashes --only-binary :all: --requirement $<; \
	} && cp $< $@ || { rm -rf $(@D); echo "It could not be installed; what is asked with it goes untested."; }

# The chart's library in its smallest form. Without npm, or without a registry in reach, the one of plotly for Python does: it is
# three times as large, and nothing here fails.
.venv/npm/package-lock.json: leaderboard/assets/package-lock.json leaderboard/assets/package.json | .venv/bin/python
	@if command -v npm >/dev/null 2>&1; then \
		echo "Installing the chart's library."; \
		mkdir -p $(@D) && cp $^ $(@D)/ && \
		npm ci --prefix $(@D) --omit=dev --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 >/dev/null 2>&1 || \
		{ rm -f $@; echo "npm could not install it; the larger one of plotly for Python is used."; }; \
	fi
