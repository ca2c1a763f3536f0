from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path

import numpy as np
import pytest

from agemodel import __version__
from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.models.shipped import installed_versions, shipped_files


def test_every_manifest_and_card_is_listed() -> None:
    names = {file.name for file in shipped_files()}
    for manifest in paths.ASSETS.rglob("manifest.json"):
        folder = manifest.parent.relative_to(paths.ASSETS)
        entries = json.loads(manifest.read_text("utf-8"))["files"]
        assert {(folder / name).as_posix() for name in entries} <= names
    assert "models/mobile/model.tflite" in names
    assert "models/mobile/faces.parquet" in names
    assert len(names) == len(shipped_files())


def test_every_file_is_what_its_checksum_says() -> None:
    for file in shipped_files():
        content = file.path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256, file.name
        assert file.is_intact()
        assert file.source and file.licence


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of assets with one file and its manifest."""
    monkeypatch.setattr(paths, "ASSETS", tmp_path)
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "a.bin").write_bytes(b"abc")
    entry = {"sha256": hashlib.sha256(b"abc").hexdigest(), "source": "s"}
    manifest = {"files": {"a.bin": entry | {"licence": "l"}}}
    (tmp_path / "things" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return tmp_path


def test_a_changed_or_missing_file_is_not_intact(assets: Path) -> None:
    (file,) = shipped_files()
    assert (file.name, file.source, file.licence) == ("things/a.bin", "s", "l")
    assert file.is_intact()
    file.path.write_bytes(b"abd")
    assert not file.is_intact()
    file.path.unlink()
    assert not file.is_intact()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"files": {"a": {}}}', "null"])
def test_a_damaged_manifest_is_named(assets: Path, text: str) -> None:
    (assets / "things" / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(ModelError, match=r"assets/things/manifest\.json"):
        shipped_files()


def test_a_damaged_card_is_named(assets: Path) -> None:
    (assets / "models" / "mobile").mkdir(parents=True)
    (assets / "models" / "mobile" / "card.json").write_text('{"file": "x"}', "utf-8")
    with pytest.raises(ModelError, match=r"assets/models/mobile/card\.json"):
        shipped_files()


def test_versions_are_those_of_what_runs() -> None:
    versions = installed_versions()
    assert versions["agemodel"] == __version__
    assert versions["Python"] == platform.python_version()
    assert versions["numpy"] == np.__version__
    parts = ("core", "app", "train")
    files = [paths.ROOT / "requirements" / f"{part}.txt" for part in parts]
    required = [line for file in files for line in file.read_text("utf-8").splitlines()]
    lines = [line for line in required if line[:1].isalpha()]
    assert len(versions) == 2 + len(lines)


def test_a_package_that_is_missing_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/core.txt").write_text("# of what\nno-such-package>=1\n")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert installed_versions()["no-such-package"] == "not installed"
