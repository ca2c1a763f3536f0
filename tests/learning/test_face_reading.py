from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from agemodel.core.errors import ImageError
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.learning.face_reading import Readers
from agemodel.learning.training_batches import FaceBatches
from tests.harness.coloured_faces import SMALL

VARIED = replace(SMALL, jitter_light=0.3, jitter_shift=0.1, degrade=0.5)

KILLED = """
import os, signal
from pathlib import Path
from agemodel.learning.face_reading import Readers
from tests.harness.coloured_faces import SMALL

if __name__ == "__main__":
    readers = Readers(2)
    picture = Path("assets/icon.png").resolve()
    readers.read([(picture, None)], SMALL, None)
    print(*readers._pool._processes, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("augmented", [True, False])
def test_processes_read_the_batches_that_one_process_reads(
    data: Path, augmented: bool
) -> None:
    faces = recipe_faces(VARIED, data).query("part == 'train'")
    alone = FaceBatches(faces, VARIED, augmented, epoch=1)
    with Readers(2) as readers:
        together = FaceBatches(faces, VARIED, augmented, epoch=1, readers=readers)
        assert together.workers > 1  # as many threads wait for them
        for index in (0, len(alone) - 1):
            pairs = zip(_flat(alone[index]), _flat(together[index]), strict=True)
            for one, other in pairs:
                np.testing.assert_array_equal(one, other)


def test_a_face_that_a_process_cannot_read_is_named(tmp_path: Path) -> None:
    with Readers(2) as readers, pytest.raises(ImageError, match=r"gone\.jpg"):
        readers.read([(tmp_path / "gone.jpg", None)], SMALL, None)


def test_processes_end_with_the_one_that_started_them_even_if_it_is_killed(
    tmp_path: Path,
) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        cwd=root,
        env={"PYTHONPATH": str(root)},
        check=False,
    )
    ids = [int(one) for one in done.stdout.split()]
    assert ids, done.stderr
    alive = [psutil.Process(one) for one in ids if psutil.pid_exists(one)]
    _, left = psutil.wait_procs(alive, timeout=120)
    assert not left


def _flat(batch: tuple[np.ndarray, dict, dict]) -> list[np.ndarray]:
    rgb, labels, weights = batch
    return [rgb, *labels.values(), *weights.values()]


def test_one_process_starts_no_other(data: Path) -> None:
    assert Readers().count == 1
    assert FaceBatches(recipe_faces(SMALL, data), SMALL, False).workers == 1
