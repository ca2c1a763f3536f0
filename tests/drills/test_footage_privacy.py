"""A short run over footage with faces, and what it leaves of them."""

from __future__ import annotations

import shutil
from pathlib import Path

from agemodel.core import paths
from agemodel.serving import Estimator
from tests.drills.footage_kills import write_clip
from tests.drills.footage_privacy import nothing_kept
from tests.harness.footage_marks import marks_of
from tests.harness.made_home import Home
from tests.harness.watched import files_with


def test_a_run_leaves_nothing_of_a_face(tmp_path: Path) -> None:
    home = Home(tmp_path)
    shutil.copytree(paths.ASSETS / "models", home.models)
    clip = write_clip(tmp_path / "clips" / "a.mp4", 0.15)
    known = marks_of(clip, Estimator.load(workers=1))
    kinds = {name.partition(" at ")[0] for name in known.marks}
    assert {"crop", "frame as RGB", "frame as BGR", "embedding"} <= kinds
    assert len(known.ages) == 3
    findings = nothing_kept(home, clip, known)
    assert [finding.kept for finding in findings] == [True] * 6
    # what is looked for is found where it is: a face that was kept would be
    for number, mark in enumerate(known.marks.values()):
        (home.folder / f"kept-{number}").write_bytes(b"x" + mark + b"y")
    found = files_with([home.folder], known.marks, 0)
    assert len(found) == len(known.marks)
