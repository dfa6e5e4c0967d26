# make audit   set up, fetch the example's model and data, audit it, and leave a card to open
# make test    set up, then lint, type-check and test
# make bench   set up, then print the speed ratios against peers

PYTHON ?= python3
BIN := .venv/bin
EXAMPLE := examples/moderation

.PHONY: audit test bench lint clean

audit: .venv/ready
	$(BIN)/renben fetch minilm redditbias wordnet
	$(BIN)/python $(EXAMPLE)/prepare.py
	@$(BIN)/renben audit $(EXAMPLE)/audit.toml; code=$$?; \
	case $$code in \
	  0) ;; \
	  1) echo "The gate failed (exit code 1): that is what this audit found. The card says where, and for whom." ;; \
	  4) echo "Not enough evidence (exit code 4): the card says for what." ;; \
	  *) exit $$code ;; \
	esac

test: lint
	$(BIN)/python -m pytest -n 2

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/ready
	$(BIN)/python -m benchmarks.group_metrics
	$(BIN)/python -m benchmarks.scoring
	$(BIN)/python -m benchmarks.attacks
	$(BIN)/python -m benchmarks.robustness
	$(BIN)/python -m benchmarks.explanations

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
	  { echo "Renben needs Python 3.11 or 3.12. Name one with: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@

clean:
	rm -rf .venv runs examples/*/data
