"""What the app is made of: locks, licences, and what our code never does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from requirements import licences
from requirements.audit import read
from tests.drills import supply

PINNED = re.compile(r"^([a-z0-9._-]+==\S+)", re.M | re.I)
BAD = """
import pickle
from joblib import load
eval("1")
exec("1")
subprocess.run("ls", shell=True)
st.markdown(name, unsafe_allow_html=True)
np.load(path, allow_pickle=True)
os.system("ls")
"""


@pytest.mark.parametrize("lock", supply.LOCKS, ids=lambda lock: lock.name)
def test_every_pin_has_a_hash_and_no_lock_names_a_registry(lock: Path) -> None:
    assert len(licences.pinned(lock)) > 20
    assert supply.unhashed(lock) == []
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert "--index-url" not in text


def test_pin_without_a_hash_is_found(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(
        "a==1 \\\n    --hash=sha256:00\nb==2\nc==3 \\\n    --hash=sha256:00\n"
    )
    assert supply.unhashed(lock) == ["b==2\n"]


def test_what_serves_is_a_part_of_what_the_app_runs_on_without_tensorflow() -> None:
    serving, app = (
        set(PINNED.findall(lock.read_text("utf-8"))) for lock in supply.LOCKS[:2]
    )
    assert serving < app
    assert not [pin for pin in serving if pin.startswith(("tensorflow", "keras"))]


def test_list_of_licences_is_of_the_versions_in_the_locks() -> None:
    rows = re.findall(
        r"^\| (\S+) \| ([^|]+) \| ([^|]+) \|$", licences.PAGE.read_text("utf-8"), re.M
    )
    listed = {name: versions.strip() for name, versions, _ in rows}
    del listed["package"], listed["---"]
    pinned = licences.pinned(licences.TOOLS)
    assert listed == {one.name: ", ".join(one.versions) for one in pinned}
    assert all(said.strip() for _, _, said in rows)


def test_every_file_that_ships_is_held_to_a_checksum() -> None:
    shipped = list(supply.files_that_ship())
    assert len(shipped) > 30
    assert [str(path) for path in shipped if not supply.is_held(path)] == []


def test_our_code_runs_nothing_that_it_was_given_and_writes_no_html() -> None:
    modules = supply.our_modules()
    assert len(modules) > 100
    assert [path for path in modules if supply.forbidden(path)] == []
    assert supply.bandit(supply.OURS) == []


def test_every_forbidden_thing_is_found(tmp_path: Path) -> None:
    module = tmp_path / "bad.py"
    module.write_text(BAD)
    assert supply.forbidden(module) == [
        "joblib",
        "unsafe_allow_html=True",
        "allow_pickle=True",
    ]
    # pickle, eval, exec, a shell, and os.system, by their numbers in bandit
    assert {"B403", "B307", "B102", "B602", "B605"} <= set(supply.bandit([module]))


def test_what_could_not_be_looked_up_is_not_called_clean() -> None:
    known = {"name": "a", "version": "1", "vulns": []}
    skipped = {"name": "b", "version": "2", "skip_reason": "not found"}
    assert "out of reach" in read("").sentence
    assert "out of reach" in read(json.dumps({"dependencies": [skipped]})).sentence
    clean = read(json.dumps({"dependencies": [known, skipped]}))
    assert clean.sentence == (
        "No known vulnerability in 1 packages; 1 could not be looked up."
    )
    bad = known | {"vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]}
    found = read(json.dumps({"dependencies": [bad, skipped]}))
    assert found.vulnerable == ["a 1: CVE-1, CVE-2"]
