from __future__ import annotations

from agemodel.core.words import counted


def test_a_number_is_said_with_its_noun() -> None:
    assert counted(1, "face") == "1 face"
    assert counted(0, "face") == "0 faces"
    assert counted(1200, "file was", "files were") == "1,200 files were"
