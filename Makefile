# Everything a person types. `make help` lists the targets.
# The Python that .venv is made of; empty: the first of these that is here.
PYTHON ?=
PYTHONS := python3.11 python3.12 python3.13 python3
BIN := .venv/bin
# nproc counts no further than OMP_NUM_THREADS where that is set
CORES ?= $(shell env -u OMP_NUM_THREADS nproc 2>/dev/null || echo 2)
CONFIG ?= config/config.yaml
ARGS ?=
TABLES ?= data/tables
PEERS ?=
MODEL ?=
WORMS ?= data/new
IMAGES ?= data/pictures
FOLDER ?= data/photographs
NWB ?=
ANCHORS ?=
# a value as one word of the shell, with spaces and quotes in it
quoted = '$(subst ','\'',$(1))'
SNAKEMAKE := $(BIN)/python workflow/start.py --cores $(CORES)
# one place says which tables are "the default study's"
STUDY ?= default
RUNS ?=
# One more process than cores, as some of the tests wait. A file's tests share what they compute, so
# they stay together; the longest files start first (tests/conftest.py).
TEST = $(BIN)/pytest -q -n $$(($(CORES) + 1)) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install run study identity identity-labs identity-oracle audit model model-scores images images-photographs images-context apply example colour test test-cluster test-conda test-slurm lint unit contract endtoend bench check-tables tolerances docs rulegraph keys lock clean

help: ## list the targets
	@sed -nE 's/^([a-z0-9-]+):[^=].*## (.*)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		awk -F '|' '{ printf "  make %-18s  %s\n", $$1, $$2 }'

install: .venv/.installed ## create .venv from the lock of exact pins

.venv/.installed: requirements.lock
	@for python in $(if $(PYTHON),$(call quoted,$(PYTHON)),$(PYTHONS)); do \
		found="$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null)" || continue; \
		told="$$told$${told:+, }Python $${found%% *} ($$python)"; \
		case "$$found" in 3.11\ *|3.12\ *|3.13\ *) \
			echo "Python $${found%% *}: $${found#* }"; \
			"$$python" -m venv .venv && exit 0; \
			echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1;; \
		esac; \
	done; \
	echo "chromapal needs Python 3.11, 3.12 or 3.13; found $${told:-none}. Say where it is: make PYTHON=/path/to/python3"; exit 1
	$(BIN)/pip install --quiet --no-compile --requirement requirements.lock
# on all cores, where pip has one; a file for another Python, which some packages have, is no fault
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	@touch $@

run: install ## run the default study, and say its results and where its report is
	$(SNAKEMAKE)
	@PYTHONPATH=src $(BIN)/python -m chromapal.evaluate.report.headline results/$(STUDY)

study: install ## run the study of CONFIG=config/tables.yaml, with ARGS="--config tables=FOLDER"
	$(SNAKEMAKE) --configfile $(call quoted,$(CONFIG)) $(ARGS)

identity: ## name neurons of TABLES=FOLDER, whole worms held out [PEERS=FILE]
identity-labs: ## the same, one laboratory held out at a time
identity-oracle: ## by worm, with handedness from labels (an oracle)
model-scores: ## how good names of the model that comes along are, whole worms of TABLES=FOLDER held out [PEERS=FILE]
identity identity-labs identity-oracle model-scores: install
	$(SNAKEMAKE) --configfile config/$(subst -,_,$@).yaml --config \
		tables=$(call quoted,$(TABLES)) $(if $(PEERS),peers=$(call quoted,$(PEERS)))

audit: STUDY = model_scores
audit: install ## audit labels and axes of labelled animals: TABLES=FOLDER, or NWB=FOLDER [STUDY=identity]
	$(SNAKEMAKE) results/$(STUDY)/audit/audit.html --configfile config/$(patsubst default,config,$(STUDY)).yaml \
		--config $(if $(NWB),source=nwb nwb=$(call quoted,$(NWB)),tables=$(call quoted,$(TABLES))) $(ARGS)
	@PYTHONPATH=src $(BIN)/python -m chromapal.audit.headline results/$(STUDY)/audit

model: install ## train a model alone, on all worms of TABLES=FOLDER, for make apply MODEL=results/model
	$(SNAKEMAKE) results/model/model --configfile config/model.yaml --config \
		tables=$(call quoted,$(TABLES)) $(ARGS)

images: install ## compare colorizers of images, on photographs and simulated slices
	$(SNAKEMAKE) --configfile config/images.yaml

images-photographs: install ## the same on photographs: FOLDER=FOLDER with train, val or test [ARGS="budget=quick"]
	$(SNAKEMAKE) --configfile config/images-photographs.yaml --config folder=$(call quoted,$(FOLDER)) $(ARGS)

images-context: install ## the context network as its authors trained it: FOLDER=FOLDER with train, val or test
	$(SNAKEMAKE) --configfile config/images-context.yaml --config folder=$(call quoted,$(FOLDER)) $(ARGS)

apply: install ## name and colour new worms: WORMS=FOLDER [MODEL=results/STUDY] [NWB=true] [ANCHORS=FOLDER] [ARGS="handedness=right"]
	$(SNAKEMAKE) apply --config worms=$(call quoted,$(WORMS)) \
		$(if $(MODEL),model=$(call quoted,$(MODEL))) $(if $(NWB),nwb=$(call quoted,$(NWB))) \
		$(if $(ANCHORS),anchors=$(call quoted,$(ANCHORS))) $(ARGS)

example: install ## name a simulated worm by the model that comes with the software
	PYTHONPATH=src $(BIN)/python -m chromapal.worms.simulate.example results/example
	$(SNAKEMAKE) apply --config worms=results/example handedness=right
	@echo "Look at results/applied/example/named: a page, a table and an image of the worm"

colour: install ## colour gray or colour images: MODEL=results/STUDY/models/SET/RUN/COLORIZER IMAGES=FOLDER
	$(SNAKEMAKE) colour --config $(if $(MODEL),model=$(call quoted,$(MODEL))) images=$(call quoted,$(IMAGES)) $(ARGS)

test: lint ## run all checks except test-cluster
	$(TEST) tests

test-cluster: install ## tests that need Slurm or conda, or kill studies at random moments
	$(TEST) -m "cluster and not minutes" tests

lint: install ## check style: Python, Snakemake files, the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/snakemake --lint --configfile config/images.yaml

unit: install ## run the tests of single functions and documents
	$(TEST) tests/unit tests/real

contract: install ## check every colorizer and classifier against its interface
	$(TEST) tests/contract

endtoend: install ## run small studies end to end
	$(TEST) tests/workflow

test-conda: install ## the default study with --use-conda, its environment and its tables checked
	$(BIN)/pytest -q -m cluster tests/workflow/test_conda.py

test-slurm: install ## run the default study on a Slurm that CHROMAPAL_SLURM=FOLDER starts, and on this machine
	CHROMAPAL_SLURM_STUDY=config/config.yaml $(BIN)/pytest -q -m cluster tests/workflow/test_slurm.py

bench: install ## measure speed and memory as ratios, into benchmarks/results
	PYTHONPATH=src $(BIN)/python -m benchmarks

check-tables: install ## compare results/STUDY/tables with the committed reference
	PYTHONPATH=src $(BIN)/python -m chromapal.evaluate.tables.reference $(call quoted,results/$(STUDY)/tables) $(call quoted,results/reference/$(STUDY))

tolerances: install ## measure how much tables of one study differ: RUNS="FOLDER/tables FOLDER/tables ..."
	PYTHONPATH=src $(BIN)/python -m chromapal.evaluate.tables.tolerances results/reference/tolerances.csv $(RUNS)

docs: install ## build the site of docs/ into site/
	$(BIN)/mkdocs build --quiet
	@echo "Site: site/index.html"

rulegraph: install ## draw the rules of two studies into docs/images (Debian: apt-get install graphviz)
	$(BIN)/snakemake --rulegraph dot | dot -Tsvg -o docs/images/rules.svg
	$(BIN)/snakemake --configfile config/identity.yaml --config source=simulate --rulegraph dot | dot -Grankdir=LR -Tsvg -o docs/images/rules-naming.svg

lock: install ## write requirements.lock and envs/ from pyproject.toml
	PYTHON=$(BIN)/python ./envs/lock.sh

keys: install ## write config/README.md from the schemas of keys, docs/tables.md from the column dictionary
	$(BIN)/python workflow/schemas/document.py > config/README.md
	PYTHONPATH=src $(BIN)/python -m chromapal.evaluate.dictionary.tables > docs/tables.md

clean: ## remove the default study's results
	rm -rf $(call quoted,results/$(STUDY))
