from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from agemodel.core import paths
from agemodel.core.checksums import read_verified
from agemodel.core.errors import ModelError

MANIFESTS = ("detectors", "pretrained", "samples")
WEIGHTS = {".tflite", ".bin", ".keras", ".h5", ".hdf5", ".npz", ".onnx", ".pb", ".pt"}
CONTENT = b"weights"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one shipped file and its manifest."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    manifest = {"files": {"net.bin": {"sha256": digest}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (tmp_path / "net.bin").write_bytes(CONTENT)
    return tmp_path


def test_file_as_its_manifest_says_is_read(folder: Path) -> None:
    assert read_verified(folder, "net.bin") == CONTENT


@pytest.mark.parametrize("bit", range(0, 8 * len(CONTENT), 11))
def test_file_altered_by_one_bit_is_refused(folder: Path, bit: int) -> None:
    altered = bytearray(CONTENT)
    altered[bit // 8] ^= 1 << bit % 8
    (folder / "net.bin").write_bytes(altered)
    with pytest.raises(ModelError, match=r"net\.bin differs.*git checkout -- assets"):
        read_verified(folder, "net.bin")


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"\0"])
def test_file_of_another_length_is_refused(folder: Path, content: bytes) -> None:
    (folder / "net.bin").write_bytes(content)
    with pytest.raises(ModelError, match="differs from the checksum"):
        read_verified(folder, "net.bin")


@pytest.mark.parametrize("gone", ["net.bin", "manifest.json"])
def test_missing_file_says_how_to_restore_it(folder: Path, gone: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(ModelError, match=r"FileNotFound.*git checkout -- assets"):
        read_verified(folder, "net.bin")


def test_file_that_the_manifest_does_not_name_is_refused(folder: Path) -> None:
    (folder / "other.bin").write_bytes(CONTENT)
    with pytest.raises(ModelError, match=r"other\.bin cannot be read"):
        read_verified(folder, "other.bin")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"files": []}', '{"files": {"net.bin": "abc"}}']
)
def test_damaged_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(ModelError, match="git checkout -- assets"):
        read_verified(folder, "net.bin")


@pytest.mark.parametrize("name", MANIFESTS)
def test_every_shipped_file_is_in_its_manifest_and_as_it_says(name: str) -> None:
    folder = paths.ASSETS / name
    files = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    present = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert present == set(files)
    for file, entry in files.items():
        assert len(read_verified(folder, file)) > 0
        assert entry["source"].strip(), file
        assert entry["licence"].strip(), file


def test_every_shipped_weight_has_a_source_a_licence_and_a_checksum() -> None:
    strays = []
    for path in paths.ASSETS.rglob("*"):
        if path.suffix not in WEIGHTS:
            continue
        entry = _entry(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        source = entry.get("source") or entry.get("run")
        if entry.get("sha256") != digest or not source or not entry.get("licence"):
            strays.append(str(path.relative_to(paths.ASSETS)))
    assert not strays


def _entry(path: Path) -> dict[str, str]:
    """What the manifest of a file's folder, or the card of its model, says of it."""
    manifest, card = path.with_name("manifest.json"), path.with_name("card.json")
    if manifest.exists():
        return json.loads(manifest.read_text("utf-8"))["files"].get(path.name, {})
    if card.exists():
        entry = json.loads(card.read_text("utf-8"))
        return entry if entry["file"] == path.name else {}
    return {}
