# Two commands matter: `make run` shows Svod at work, `make test` checks it. Both install what they need.
.DEFAULT_GOAL := help
.PHONY: help run test check fuzz up down clean
export SVOD_HOME ?= $(CURDIR)/var
export UV_LINK_MODE ?= copy
UV_VERSION := 0.13.9
UV := .tools/bin/uv
DEMO := $(SVOD_HOME)/demo
AIRFLOW_PORT ?= 8080
CHROMIUM := /usr/bin/chromium
OS_RELEASE ?= /etc/os-release

help: ## say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 14

run: .venv/ready ## the main job on the demo region: the real DAGs, ledger and reports
	@.venv/bin/svod sandbox demo --out $(DEMO) --connected-on 2026-09-16

test: $(CHROMIUM) .venv/ready check ## all checks and tests
	.venv/bin/pytest -n 2 --dist loadscope --no-loadscope-reorder

check: .venv/ready ## style, types, floors and the lock
	$(UV) lock --check
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/ruff check --select AIR --preview dags
	.venv/bin/mypy
	.venv/bin/lint-imports

fuzz: .venv/ready ## 100,000 damaged inputs to every reader and every whole source
	.venv/bin/python -m tests.fuzz.run --inputs 100000

up: .venv/ready ## Airflow, the dashboard and the sandbox on this machine; prints the addresses
	@test -f $(DEMO)/region.yml || .venv/bin/svod sandbox generate --out $(DEMO)
	@.venv/bin/svod init
	@.venv/bin/svod schools import $(DEMO)/region.yml
	@.venv/bin/svod up --sandbox-data $(DEMO) --port $(AIRFLOW_PORT)

down: .venv/ready ## stop what `make up` started
	@.venv/bin/svod down

clean: ## remove what `make run` and `make up` made
	rm -rf $(SVOD_HOME)

$(UV):
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target .tools uv==$(UV_VERSION)

# The dashboard is tried in a real browser. Debian's own package: of Ubuntu it would be a snap.
$(CHROMIUM):
	@if [ "$$(id -u)" = 0 ] && grep -qs '^ID=debian' $(OS_RELEASE); then \
	  apt-get update -qq && apt-get install -qq --no-install-recommends chromium fonts-liberation; \
	else \
	  echo "make test drives a browser: install Chromium as $@ (Debian, as root: apt-get install chromium)" >&2; exit 1; \
	fi

.venv/ready: $(UV) uv.lock pyproject.toml
	$(UV) sync --frozen --quiet
	@touch $@
