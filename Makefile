# One thin line each: what a target does lives in the project's own commands.
.DEFAULT_GOAL := help
.PHONY: help preview report up destroy test coverage lint format bench crash-test scenarios campaign deciders mutants proofs model both-engines inventories clean

PYTHON ?= python3
STACK  ?= sandbox
PY     := .venv/bin/python
ON_TWO := -n 2 --dist loadfile --no-loadscope-reorder

# Container images often forbid Python to keep compiled modules; compiling the cloud SDKs anew costs each run ten seconds.
unexport PYTHONDONTWRITEBYTECODE

help:            ## show this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)$$/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

preview: .venv/cli  ## show what would change, without credentials (STACK=sandbox)
	@$(PY) -m infra preview --stack $(STACK)

up: .venv/cli       ## apply the sandbox stack to the simulated clouds
	@$(PY) -m infra up --stack $(STACK)

destroy: .venv/cli  ## remove what the sandbox stack made from the simulated clouds
	@$(PY) -m infra destroy --stack $(STACK)

report: .venv/report  ## write what would change as a page, report.html (STACK=sandbox)
	@$(PY) -m infra report --stack $(STACK) --html report.html

test: .venv/dev     ## all tests
	@$(PY) -m pytest $(ON_TWO)

coverage: .venv/dev  ## the tests that count the lines they reach: all of the kernel, nine in ten of the rest
	@$(PY) -m pytest $(ON_TWO) -m "not campaign and not no_cover" --cov --cov-report= && $(PY) -m tests.support.coverage_floor

lint: .venv/dev     ## lint, format, import rules, strict types, holders locks and workflows
	@$(PY) -m ruff check && $(PY) -m ruff format --check && .venv/bin/lint-imports && .venv/bin/basedpyright && $(PY) -m infra lock --check && .venv/bin/zizmor --offline --quiet --persona pedantic .github/workflows

format: .venv/dev   ## mend what can be mended
	@$(PY) -m ruff check --fix && $(PY) -m ruff format

bench: .venv/dev    ## benchmarks: ratios within one run
	@$(PY) -m tests.bench

crash-test: .venv/dev  ## kill `up` at 1,000 points and rerun it (SEED=n)
	@$(PY) -m tests.crash --points 1000 $(if $(SEED),--seed $(SEED))

model: .venv/dev    ## explore a legacy site's life, two operators, to the last of its 3 million states
	@$(PY) -m tests.retirement.model

proofs: .venv/dev   ## production through all phases; every unknown, and 1,000 changes of certificates and previews: none passes
	@$(PY) -m tests.verify

.PHONY: ci upgrade-check
ci: .venv/dev       ## play a pull request from its edit to its evidence on the simulated clouds, and nine sabotages of it
	@$(PY) -m tests.ci

upgrade-check: .venv/dev  ## the newest SDKs beside the pinned ones: new inputs, what is gone, other inventories
	@$(PY) -m tests.upgrade

both-engines: .venv/dev  ## compare every edit of the stack files through pulumi and the embedded engine, and its policy pack
	@$(PY) -m pytest -n 2 -m campaign tests/integration

scenarios: .venv/dev  ## 100 random lives of a program through pulumi and the embedded engine: the same steps, calls and states (SEED=n)
	@$(PY) -m tests.engine.explore $(if $(SEED),--seed $(SEED))

campaign: .venv/dev  ## 100,000 random sequences of edits: none may lose what holds data (SEED=n)
	@$(PY) -m tests.campaign --sequences 100000 $(if $(SEED),--seed $(SEED))

deciders: .venv/dev  ## two deciders of each theorem on 100,000 random instances each, and 10 million requests (SEED=n)
	@$(PY) -m tests.deciders $(if $(SEED),--seed $(SEED))

mutants: .venv/dev  ## seed more than 100 kinds of leaks at every place of both stacks: all must be found, no safe rewrite refused
	@$(PY) -m tests.mutants

inventories: .venv/dev  ## write tests/inventories/ anew, to be read as a diff
	@$(PY) -m tests.inventories

clean:           ## remove the environment and the simulated clouds
	rm -rf .venv .sandbox

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "usdata needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/cli: requirements.txt pyproject.toml | .venv/bin/uv
	@echo "installing what the command line needs into .venv (once, about a minute)" >&2
	@.venv/bin/uv pip install --quiet --python $(PY) -r pyproject.toml --extra cli && touch $@

.venv/report: .venv/cli
	@echo "installing what the page needs into .venv (once)" >&2
	@.venv/bin/uv pip install --quiet --python $(PY) -r pyproject.toml --extra report && touch $@

.venv/deploy: .venv/cli
	@echo "installing what deploying needs into .venv (once)" >&2
	@.venv/bin/uv pip install --quiet --python $(PY) -r pyproject.toml --extra cli --extra deploy --extra evidence && touch $@

.venv/dev: .venv/cli
	@echo "installing what the tests need into .venv (once)" >&2
	@.venv/bin/uv pip install --quiet --python $(PY) -r pyproject.toml --extra cli --extra deploy --extra evidence --extra report --extra retirement --extra inventory --extra dev && touch $@
