# Works with python3 (3.11 or newer), pip and make only.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
WORKERS ?= 2

.DEFAULT_GOAL := run
.PHONY: setup train run demo test test-long check check-ui ui format docs guide bench clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-compile -c constraints.txt -e '.[dev]'
	@touch $@

# Opens the studio in a browser; Ctrl+C stops it.
run: setup
	$(BIN)/pentimento serve --open

# Repaints a picture with the built-in model; writes out/demo.
demo: setup
	$(BIN)/pentimento demo

# One thread a worker: several threads each would fight over the same cores.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(WORKERS)

# Ten thousand random requests of each kind, and two hundred kills of the server, instead of some.
test-long: setup
	PENTIMENTO_EXAMPLES=10000 OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(WORKERS) tests/test_untouched.py
	PENTIMENTO_EXAMPLES=500 PENTIMENTO_KILLS=200 OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(WORKERS) tests/jobs tests/store \
		tests/server/test_kills.py
	PENTIMENTO_EXAMPLES=200 OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(WORKERS) tests/server/test_fuzz.py

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/python docs/generate.py --check
	$(BIN)/python docs/guide/build.py --check

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Writes the pages of docs/reference from the code.
docs: setup
	$(BIN)/python docs/generate.py

# Makes the guide's pictures with the built-in model, and its pages into the package.
guide: docs
	$(BIN)/python docs/guide/build.py

# The page's own checks, and whether its types are those of the server and the bundle in the package that of
# its sources. Needs Node and npm.
check-ui: studio-ui/node_modules/.installed
	cd studio-ui && npm run types && npm run check && npm test && npm run build
	@git diff --exit-code --stat studio-ui/src/api/schema.ts || \
		{ echo "the page's types were not up to date: commit what 'npm run types' wrote"; exit 1; }
	@test -z "$$(git status --porcelain src/pentimento/web)" || \
		{ git status --short src/pentimento/web; echo "the bundle was not up to date: commit what 'make ui' wrote"; exit 1; }

# Builds the page into the package.
ui: studio-ui/node_modules/.installed
	cd studio-ui && npm run build

studio-ui/node_modules/.installed: studio-ui/package-lock.json
	cd studio-ui && npm ci --no-audit --no-fund
	@touch $@

bench: setup
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/server.py

# Trains the built-in model on the whole world. Every line goes on where it stopped, so `make train` may be stopped, or
# cut into pieces: `make train MINUTES=9` as often as needed. See training/README.md.
MINUTES ?= 1000
GPU := --world whole --size 256 --device cuda --minutes $(MINUTES)
train: setup
	$(BIN)/python training/train.py vae --steps 12000 --batch 64 --peak 1e-3 $(GPU)
	$(BIN)/python training/train.py unet --steps 40000 --batch 256 --blocks 1024 $(GPU)
	$(BIN)/python training/train.py inpaint --steps 8000 --batch 256 --blocks 512 $(GPU)

clean:
	rm -rf .venv out .pytest_cache .ruff_cache .hypothesis
