from __future__ import annotations

from pathlib import Path

import pytest

from agemodel.core.checksums import read_verified
from agemodel.core.errors import ModelError
from tests.harness.bit_flips import flipped
from tests.harness.made_manifests import hold

CONTENT = b"weights"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one shipped file and its manifest."""
    (tmp_path / "net.bin").write_bytes(CONTENT)
    hold(tmp_path, "net.bin")
    return tmp_path


def test_file_as_its_manifest_says_is_read(folder: Path) -> None:
    assert read_verified(folder, "net.bin") == CONTENT


@pytest.mark.parametrize(
    "content",
    [b"", CONTENT[:-1], CONTENT + b"\0", flipped(CONTENT, 0), flipped(CONTENT, 55)],
)
def test_altered_file_is_refused(folder: Path, content: bytes) -> None:
    (folder / "net.bin").write_bytes(content)
    with pytest.raises(ModelError, match=r"net\.bin differs.*git checkout -- assets"):
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
