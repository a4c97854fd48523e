# `make quick` and `make test` are all a newcomer needs; each sets up .venv by itself.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/ready

.PHONY: quick docs tutorials browser test test-all promises faults check mutants fmt lint coverage audit bench bench-save asv asv-compare clean

BASELINE := tests/benchmarks/baseline/baseline.json
BENCH_RUN = $(BIN)/pytest tests/benchmarks --benchmark-enable --benchmark-only \
	--benchmark-columns=median,iqr,rounds
# What `make asv-compare` compares HEAD with: the last release, or any revision (BASE=...).
BASE ?= $(shell git describe --tags --match 'v*' --abbrev=0 2>/dev/null)
FIRST = $$(git rev-list --max-parents=0 HEAD | tail -1)
# Options of asv for both: ASV="--quick --bench bench_harness".
ASV ?=
# A name for the machine in the history, where the host's name changes (hosted runners).
MACHINE ?=
ASV_OPTIONS = $(addprefix --machine=,$(MACHINE)) $(ASV)

quick: $(READY)
	$(BIN)/omicsbench run quick --first-look --out results/quick

# The site of docs/, into build/docs; a broken link is an error.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# What tutorials say to type is typed, and notebooks are run; `make promises` does so too.
tutorials: $(READY)
	$(BIN)/pytest -n 2 --dist worksteal -m "slow and promise" tests/project/test_site.py

# A browser for the tests of pages, where a package manager can install one; they are skipped else.
browser: $(READY)
	@sh .ci/browser

test: lint
	$(BIN)/pytest -n 2 --dist worksteal

# The slow tests behind sentences of the docs: docs/promises.md.
promises: $(READY)
	$(BIN)/pytest -n 2 --dist loadfile -m "slow and promise" --durations=10

# Faults put in for real: kills, full disks, damaged state, hostile plug-ins, thousands of runs. It
# takes two hours, writes the table of docs/reliability.md, and goes on with the kills if stopped.
# A part of it: make faults FAULTS="-k kills".
FAULTS ?=
DOWNLOADS = tests/inputs/test_download.py tests/inputs/test_limits.py tests/inputs/test_turns.py

faults: $(READY)
	$(BIN)/pytest tests/faults $(DOWNLOADS) -m "not gpu" --kills 300 --soak 5000 --keep .faults \
		--table docs/reliability.md $(FAULTS)

test-all: lint
	$(BIN)/pytest -n 2 --dist worksteal -m "not gpu"

# One room, or one file: make check WHAT=omicsbench/stats
WHAT ?= omicsbench/stats
PLACE = $(patsubst omicsbench/%,%,$(WHAT:/=))
TESTS = tests/$(if $(filter %.py,$(PLACE)),$(filter-out ./,$(dir $(PLACE)))test_$(notdir $(PLACE)),$(PLACE))

check: $(READY)
	$(BIN)/ruff check $(WHAT) $(TESTS)
	$(BIN)/ruff format --check $(WHAT) $(TESTS)
	$(BIN)/mypy $(if $(filter omicsbench%,$(WHAT)),$(WHAT))
	$(BIN)/pytest -n 2 --dist worksteal $(TESTS)

# Which small faults do the tests of a room or file notice? All, or a sample: SAMPLE=200 SEED=1.
SAMPLE ?= 0
SEED ?= 0

mutants: $(READY)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
		$(BIN)/python tests/mutants/run.py $(WHAT) --sample $(SAMPLE) --seed $(SEED)

fmt: $(READY)
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet --strict-collection .github
	$(BIN)/deptry --no-ansi .
	@# What only tests use is theirs; of the rest nothing may be dead.
	@found="$$($(BIN)/vulture)" || test $$? -eq 3 && ! echo "$$found" | grep -v '^tests/' | grep .

# How much of the rooms that judge and keep results their own tests run; too little is an error.
coverage: $(READY)
	$(BIN)/coverage run -m pytest tests/records tests/stats tests/tracking tests/verdict
	$(BIN)/coverage report

# Known holes in what constraints.txt pins; asks the network.
audit: $(READY)
	@$(BIN)/python -c 'import socket; socket.create_connection(("pypi.org", 443), 5)' 2>/dev/null \
		|| { echo "No network: nothing is asked of known holes."; exit 0; } \
		&& $(BIN)/pip-audit --strict --progress-spinner off --disable-pip --no-deps -r constraints.txt

# Times of every run are kept in .benchmarks; the baseline is committed.
bench: $(READY)
	$(BENCH_RUN) --benchmark-storage=file://.benchmarks --benchmark-autosave \
		$(addprefix --benchmark-group-by=name --benchmark-compare=,$(wildcard $(BASELINE)))

bench-save: $(READY)
	mkdir -p $(dir $(BASELINE))
	$(BENCH_RUN) --benchmark-json=$(BASELINE)

asv: $(READY)
	$(BIN)/asv machine --yes $(addprefix --machine=,$(MACHINE))
	$(BIN)/asv run --environment existing:$(BIN)/python --set-commit-hash $$(git rev-parse HEAD) $(ASV_OPTIONS)
	$(BIN)/asv publish

asv-compare: $(READY)
	@test -n "$(BASE)" || echo "There is no tag v*: HEAD is compared with the first commit."
	$(BIN)/asv machine --yes $(addprefix --machine=,$(MACHINE))
	$(BIN)/asv continuous $(ASV_OPTIONS) $(or $(BASE),$(FIRST)) HEAD

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "omicsbench needs Python 3.11 or newer; set PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all,dev]"
	touch $@

clean:
	rm -rf .venv .asv .benchmarks build dist *.egg-info
