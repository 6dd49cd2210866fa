# make paint            sets everything up in .venv and paints a first panorama
# make test             runs the tests, also from scratch
# make check            lint, types and structure; changes nothing
# make lint             mends what the linter can mend
# make docs             writes docs/command.md from the command's own help
# make docs-pictures    paints every picture of the documentation, whole
# make docs-gallery     paints the pairs of the piece, and publishes the best of each as docs/gallery
# make wheel            builds the wheel into dist/ and tries it in a clean environment
# make train-data train-ordinary train-perceptor train-hardened train-judge train-generator train-ship bench-embedded
#                       makes the embedded models anew, stage by stage: training/README.md
#
# TORCH=cuda            install the newest torch that fits, for GPUs that the version which constraints.txt pins does not know
# PROMPTS SEED OUT FLAGS   what `make paint` paints, and where; nothing that is there is overwritten
# PYTHON=python3.12     which Python .venv is made of
# BEGIN=FOLDER          the model whose weights its training begins with instead, such as src/doorways/embedded/perceptor
# MINUTES=120           after how long a piece of training stops; give its command again to go on

PYTHON ?= python3
# What was chosen last stays chosen: `make paint TORCH=cuda`, then `make test`.
TORCH ?= $(or $(patsubst .venv/installed-%,%,$(firstword $(wildcard .venv/installed-*))),cpu)
INSTALLED := .venv/installed-$(TORCH)

PROMPTS ?= forest | castle
SEED ?= 3
OUT ?=
# More options of `doorways paint`, in place of these, as in: make paint FLAGS="--steps 100"
FLAGS ?= --semantic-symmetry 0.2

MINUTES ?= 120

.PHONY: install paint test check lint docs docs-pictures docs-gallery wheel clean
.PHONY: train-data train-ordinary train-perceptor train-hardened train-judge train-generator train-ship bench-embedded

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt scripts/install
	PYTHON="$(PYTHON)" scripts/install $(TORCH)

paint: $(INSTALLED)
	.venv/bin/doorways paint "$(PROMPTS)" --seed $(SEED) $(if $(OUT),--out "$(OUT)") $(FLAGS)

test: $(INSTALLED)
	scripts/test

check: $(INSTALLED)
	scripts/check

lint: $(INSTALLED)
	scripts/lint

docs: $(INSTALLED)
	.venv/bin/python scripts/command_page.py

docs-pictures: $(INSTALLED)
	.venv/bin/python scripts/doc_pages.py

docs-gallery: $(INSTALLED)
	.venv/bin/python scripts/doc_gallery.py

wheel: $(INSTALLED)
	scripts/wheel

# What training needs besides; not called installed-*, which is how TORCH is remembered.
TRAINING := .venv/training-extra
$(TRAINING): $(INSTALLED)
	.venv/bin/pip install --quiet --disable-pip-version-check --editable '.[train]' \
		--constraint $(if $(filter cuda,$(TORCH)),.venv/constraints.txt,constraints.txt)
	touch $@

train-data: $(TRAINING)
	.venv/bin/python -m training.render
	.venv/bin/python -m training.scenery
	.venv/bin/python -m training.words
	.venv/bin/python -m training.teacher
	.venv/bin/python -m training.sketches

train-ordinary train-perceptor train-hardened train-judge: train-%: $(TRAINING)
	.venv/bin/python -m training.perceptor $* --minutes $(MINUTES) $(if $(BEGIN),--begin $(BEGIN))

train-generator: $(TRAINING)
	.venv/bin/python -m training.generator --minutes $(MINUTES) $(if $(BEGIN),--begin $(BEGIN))

train-ship: $(TRAINING)
	.venv/bin/python -m training.ship

bench-embedded: $(TRAINING)
	.venv/bin/python -m bench.embedded

clean:
	rm -rf .venv .venv-wheel dist
