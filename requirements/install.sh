#!/bin/sh
# Make .venv hold what a lock file pins: install.sh LOCK STAMP...
#
# The stamps are written last and removed first, so an environment whose making was
# cut off has none and is made anew.
set -eu
lock=$1
shift

suitable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
        2>/dev/null
}

find_python() {
    for python in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if suitable "$python"; then
            echo "$python"
            return
        fi
    done
    echo "Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no wheels for others)" \
        "and none was found${PYTHON:+ at $PYTHON}. Install one, or name it:" \
        "make PYTHON=/path/to/python3.13 ..." >&2
    exit 1
}

make_venv() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python comes without its venv module. On Debian and Ubuntu:" \
            "apt install python3-venv" >&2
        exit 1
    fi
    echo "Making .venv with $("$python" --version)."
    rm -rf .venv
    "$python" -m venv .venv
}

if ! ls .venv/.stamp-* >/dev/null 2>&1 || ! suitable .venv/bin/python; then
    make_venv
fi
rm -f .venv/.stamp-*
echo "Installing what $lock pins; the first time this takes a minute or more."
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --require-hashes --requirement "$lock"
touch "$@"
