"""A run that is killed before each thing that it does to the disk."""

from __future__ import annotations

from pathlib import Path

from agemodel.footage.clip_parts import PARTS
from tests.harness.footage_runs import left_over, look_at_blocks, written
from tests.harness.half_files import half_written
from tests.harness.killed_steps import kills_of
from tests.harness.made_footage import FPS, together, walk, write_blocks

# A step is also the opening of each module that the work imports: so they are loaded.
CODE = """
import sys
from pathlib import Path
import pandas
import pyarrow.parquet
from agemodel.footage import clip_visits
from tests.harness.footage_runs import look_at_blocks
from tests.harness.killed_steps import kill_at_each_step

clip_visits.KEPT_EVERY_S = 1.0
kill_at_each_step(lambda: look_at_blocks(*map(Path, sys.argv[1:])))
"""


def test_a_run_that_is_killed_at_each_step_comes_to_the_same_rows(
    tmp_path: Path,
) -> None:
    clips, whole, out = (tmp_path / name for name in ("clips", "whole", "out"))
    clips.mkdir()
    for name in ("a.mp4", "b.avi"):
        walks = walk(0, 30), walk(5, 25, y=160)
        write_blocks(clips / name, together(4 * FPS, *walks))
    kills, halves = 0, []
    for _ in kills_of(CODE, clips, out):
        kills += 1
        halves += half_written(out, out / PARTS)
    assert kills > 20
    assert halves == []
    assert left_over(out) == []
    look_at_blocks(clips, whole)
    assert written(out) == written(whole)
