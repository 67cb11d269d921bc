# make up      run Copydesk on this machine          make up PORT=8080 HOST=0.0.0.0 DATA=/srv/copydesk
# make hosted  install what hosted models and storages need, once; make up keeps it
# make images  install what pictures by SDXL need too: 1 GB, or more with an NVIDIA card
# make test    run the tests                         make test ARGS="tests/content -x"
# make lint    style, types, layers, migrations      make bench         measure
# make requirements   pin anew after a change in pyproject.toml
# make clean   remove the virtual environment and caches (never var/, which holds your work)
#
# The first run needs Python 3.11 or newer and a package index; nothing else, and no root.

VENV := .venv
PY := $(VENV)/bin/python
EMBEDDED := $(PY) -m config.embedded exec --

# Only what is typed after `make up` counts: PORT and HOST are set in many environments, for other programs.
typed = $(if $(findstring command,$(origin $(1))),$(2) '$($(1))')
UP_OPTIONS = $(call typed,PORT,--port) $(call typed,HOST,--host) $(call typed,DATA,--data)

.PHONY: help up hosted images test lint bench requirements clean
help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

# exec: the process that make signals is then the supervisor itself, not a shell that would leave it behind.
up: $(VENV)/.base
	@exec $(PY) -m config.supervisor $(UP_OPTIONS)

hosted: $(VENV)/.hosted

images: $(VENV)/.images

test: $(VENV)/.dev
	@$(PY) -m pytest $(or $(ARGS),-n 4 --dist loadfile --no-loadscope-reorder)

lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --lint --quiet templates
	$(EMBEDDED) $(PY) manage.py makemigrations --check --dry-run
	COPYDESK_HTTPS=1 COPYDESK_HOSTS=desk.example COPYDESK_URL=https://desk.example \
		$(EMBEDDED) $(PY) manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.dev
	@$(PY) tests/bench/__main__.py $(ARGS)

COMPILE := -m uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	--python-version 3.11 -q pyproject.toml
HOSTED := --extra openai --extra anthropic --extra s3 --extra cloudinary
IMAGES := --extra images --no-emit-package torch
requirements: $(VENV)/.uv
	$(PY) $(COMPILE) -o requirements/base.txt
	$(PY) $(COMPILE) $(HOSTED) -o requirements/hosted.txt
	$(PY) $(COMPILE) $(HOSTED) $(IMAGES) -o requirements/images.txt
	$(PY) $(COMPILE) $(HOSTED) $(IMAGES) --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

# --- Installing: a stamp for each list, so that a second `make` installs nothing ---------------------------------

# uv installs in seconds what takes pip a minute, but does not read pip's settings: where only pip knows the way
# to the packages (a company's mirror), pip installs the same list.
sync = $(PY) -m uv pip sync -q --python $(PY) $(1) || $(PY) -m pip install -q --no-deps --require-hashes -r $(1)

# torch is in no list, since which build of it fits depends on the machine; it goes in after the list, which takes it
# away. Where there is no graphics card, pip may know of the processor's build, a tenth of the size; uv finds the one for
# the card at PyTorch's own index; and what PyPI has brings CUDA along and runs everywhere.
TORCH := torch==2.13.0
HAS_CARD := command -v nvidia-smi >/dev/null || test -e /dev/kfd
torch = { $(HAS_CARD); } || $(PY) -m pip install -q --no-deps --no-compile $(TORCH)+cpu 2>/dev/null; \
	$(PY) -c 'import torch' 2>/dev/null \
	|| $(PY) -m uv pip install -q --python $(PY) --torch-backend=auto $(TORCH) 2>/dev/null \
	|| $(PY) -m pip install -q $(TORCH)

# Each list contains the one before it: base, hosted, images, dev. Where a larger one is installed, syncing to a
# smaller would take it away again.
ifneq ($(wildcard $(VENV)/.dev),)
$(VENV)/.base $(VENV)/.hosted $(VENV)/.images: $(VENV)/.dev
	@touch $@
else
ifneq ($(wildcard $(VENV)/.images),)
$(VENV)/.base $(VENV)/.hosted: $(VENV)/.images
	@touch $@
else
ifneq ($(wildcard $(VENV)/.hosted),)
$(VENV)/.base: $(VENV)/.hosted
	@touch $@
else
$(VENV)/.base: requirements/base.txt $(VENV)/.uv
	@echo "Installing packages"
	@$(call sync,requirements/base.txt)
	@touch $@
endif
$(VENV)/.hosted: requirements/hosted.txt $(VENV)/.uv
	@echo "Installing packages for hosted models and storages"
	@$(call sync,requirements/hosted.txt)
	@touch $@
endif
$(VENV)/.images: requirements/images.txt $(VENV)/.uv
	@echo "Installing packages that make pictures"
	@$(call sync,requirements/images.txt)
	@$(torch)
	@touch $@
endif

$(VENV)/.dev: requirements/dev.txt $(VENV)/.uv
	@echo "Installing packages for development"
	@$(call sync,requirements/dev.txt)
	@$(torch)
	@touch $@

$(VENV)/.uv: | $(PY)
	@$(PY) -m pip install -q uv
	@touch $@

$(PY):
	@for python in python3.14 python3.13 python3.12 python3.11 python3; do \
		if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$($$python --version)"; \
			exec $$python -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "Copydesk needs Python 3.11 or newer with its venv module, and found none." >&2; \
	echo "On Debian or Ubuntu: sudo apt install python3 python3-venv. On macOS: brew install python" >&2; \
	exit 1
