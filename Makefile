# make app and make test each work as the first command after a clone.
# ARGS passes options on: make app ARGS="--server.port 8600", make test ARGS="-k faces"
# PYTHON names the Python to build .venv with: make PYTHON=python3.12 app

ARGS =
OURS = agemodel ui pages app.py requirements docs
PY = .venv/bin/python
APP_STAMP := .venv/.stamp-app-$(shell cksum < requirements/app.lock | tr ' ' '-')
DEV_STAMP := .venv/.stamp-dev-$(shell cksum < requirements/dev.lock | tr ' ' '-')
COMPILE = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --no-header

export PYTHON

.PHONY: app test check audit format bench drills ship readme dependencies lock clean

app: $(APP_STAMP)  ## open the app
	$(PY) -m streamlit run app.py $(ARGS)

# File by file, two at a time; tests/conftest.py begins with those that take longest.
test: $(DEV_STAMP)  ## run every test, those in a browser included
	CHROMIUM="$$($(PY) tests/harness/chromium.py)"; export CHROMIUM; \
		$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(DEV_STAMP)  ## lint, formatting, types, what is known of security
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m bandit --quiet --configfile pyproject.toml --recursive $(OURS)
	.venv/bin/hadolint deploy/app.Dockerfile deploy/proxy.Dockerfile
	.venv/bin/lint-imports
	$(PY) -m requirements.audit

audit: $(DEV_STAMP)  ## ask whether a pinned package has a known vulnerability
	$(PY) -m requirements.audit

format: $(DEV_STAMP)  ## mend what can be repaired automatically
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(DEV_STAMP)  ## measure accuracy, speed and memory on this machine
	$(PY) -m benchmarks $(ARGS)

drills: $(DEV_STAMP)  ## try to break the app, and renew docs/reliability.md
	CHROMIUM="$$($(PY) tests/harness/chromium.py)" && export CHROMIUM && \
		$(PY) -m tests.drills $(ARGS)

ship: $(DEV_STAMP)  ## make RUN the app's model, with all that is derived from it
	$(PY) -m agemodel evaluate $(RUN)
	$(PY) -m agemodel export $(RUN) mobile
	$(PY) -m agemodel shares mobile
	$(PY) -m agemodel ship $(RUN)
	$(PY) -m agemodel data describe
	$(PY) -m docs.renew_readme

readme: $(DEV_STAMP)  ## write the shipped model's figures into README.md
	$(PY) -m docs.renew_readme

dependencies: $(DEV_STAMP)  ## list the pinned packages and their licences
	$(PY) -m requirements.licences

UPGRADE = --upgrade

lock: $(DEV_STAMP)  ## pin the newest versions that the requirements allow; UPGRADE= keeps those pinned
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) $(UPGRADE) requirements/dev.txt --output-file requirements/dev.lock
	$(COMPILE) --constraint requirements/dev.lock requirements.txt \
		--output-file requirements/app.lock
	$(COMPILE) --constraint requirements/dev.lock requirements/serve.txt \
		--output-file requirements/serve.lock
	$(COMPILE) $(UPGRADE) benchmarks/peer-requirements.txt \
		--output-file benchmarks/peer-requirements.lock
	@echo "Next: make dependencies, which lists the licences anew."

clean:  ## remove what make made; data/ and runs/ stay
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -rf tests/browser/output

# A stamp's name holds the checksum of its lock. What the tests need includes what the
# app needs, so the second lock sets both stamps.
$(APP_STAMP):
	@sh requirements/install.sh requirements/app.lock $@

$(DEV_STAMP):
	@sh requirements/install.sh requirements/dev.lock $@ $(APP_STAMP)
