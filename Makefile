.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready
UV := $(BIN)/uv
AS_OF ?= 2017-12-04
export PROMOLOOP_HOME ?= $(CURDIR)/var

.PHONY: help
help: ## List the commands.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV):
	@command -v $(PYTHON) >/dev/null || { echo "missing: $(PYTHON)"; \
		echo "    apt-get install -y python3.11 python3.11-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(READY): requirements.lock pyproject.toml | $(UV)
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(BENCH_READY): requirements-bench.lock $(READY)
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-bench.lock
	@touch $@

.PHONY: install
install: $(READY) ## Create .venv from requirements.lock.

.PHONY: lock
lock: $(UV) ## Resolve pyproject.toml into requirements.lock.
	$(UV) pip compile --quiet --python-version 3.11 --no-emit-index-url --generate-hashes \
		--group dev pyproject.toml --output-file requirements.lock
	$(UV) pip compile --quiet --python-version 3.11 --no-emit-index-url --generate-hashes \
		--group bench --constraints requirements.lock --output-file requirements-bench.lock

.PHONY: preflight up down status
preflight: $(READY) ## Say what is missing on this machine.
	@$(BIN)/promoloop preflight
up: $(READY) ## Start Airflow, MLflow and Spark.
	@$(BIN)/promoloop up
down: $(READY) ## Stop everything that was started.
	@$(BIN)/promoloop down
status: $(READY) ## Show the services and where to look.
	@$(BIN)/promoloop status

.PHONY: demo
demo: $(READY) ## Refresh one day on real data (AS_OF=2017-12-04).
	@$(BIN)/promoloop demo --as-of $(AS_OF)

.PHONY: bench-refresh
bench-refresh: $(READY) ## Time a full refresh and the next day's.
	@$(BIN)/python -m benchmarks.refresh

.PHONY: bench-demand
bench-demand: AS_OF = 2017-12-25
bench-demand: $(BENCH_READY) ## Score the demand model beside its peers (AS_OF=2017-12-25).
	@$(BIN)/python -m benchmarks.demand --as-of $(AS_OF)

.PHONY: bench-training
bench-training: $(READY) ## Time trainings of up to a million product-weeks, and candidate prices.
	@$(BIN)/python -m benchmarks.demand.scale

.PHONY: bench-plan
bench-plan: $(READY) ## Solve plan problems of a retailer's size beside peers.
	@$(BIN)/python -m benchmarks.plan

.PHONY: bench-serve
bench-serve: $(BENCH_READY) ## Readers on the API while schedules are switched, after `make demo`.
	@$(BIN)/python -m benchmarks.serve

.PHONY: bench-review
bench-review: $(READY) ## Open the review page on a plan of 5,000 lines, after `make demo`.
	@$(BIN)/python -m benchmarks.review

.PHONY: bench-simulation
bench-simulation: $(READY) ## Play the plan and its rivals in simulated shops.
	@$(BIN)/python -m benchmarks.simulation

.PHONY: bench-recommend
bench-recommend: $(BENCH_READY) ## Rank products for customers beside simple recommenders.
	@$(BIN)/python -m benchmarks.recommend

.PHONY: bench-propensity
bench-propensity: AS_OF = 2017-12-25
bench-propensity: $(READY) ## Score category propensities beside their peers (AS_OF=2017-12-25).
	@$(BIN)/python -m benchmarks.propensity --as-of $(AS_OF)

.PHONY: test
test: $(BENCH_READY) ## Run every test, the end-to-end one included.
	$(BIN)/pytest -m "not e2e" --numprocesses 2 --dist loadfile
	$(BIN)/pytest -m e2e

.PHONY: lint
lint: $(READY) ## Check style, SQL and types, two at a time.
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target mypy sqlfluff ruff

.PHONY: ruff sqlfluff mypy
ruff:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
sqlfluff:
	home=$$(mktemp -d) && PROMOLOOP_HOME=$$home $(BIN)/sqlfluff lint dbt_project/models dbt_project/tests && rm -r $$home
mypy:
	$(BIN)/mypy

.PHONY: contracts
contracts: $(READY) ## Write dbt's yml of the marts and docs/data-contracts.md from ml/contracts.
	$(BIN)/python -m ml.contracts.dbt_yml
	$(BIN)/python -m ml.contracts.docs_page

.PHONY: docs
docs: $(READY) ## Build dbt's documentation under the state folder.
	cd dbt_project && PROMOLOOP_AS_OF=$(AS_OF) $(CURDIR)/$(BIN)/dbt docs generate --quiet --static \
		--target-path $(PROMOLOOP_HOME)/dbt/docs
	@echo "$(PROMOLOOP_HOME)/dbt/docs/static_index.html"

.PHONY: clean
clean: ## Stop the services, then remove the state folder.
	@test ! -x $(BIN)/promoloop || $(BIN)/promoloop down
	rm -rf $(PROMOLOOP_HOME)
