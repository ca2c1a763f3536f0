"""A run whose process is killed at once, and gone on with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agemodel.bulk import BulkOptions
from agemodel.core import paths
from tests.harness.bulk_photos import check_rows, run_inline, write_photos
from tests.harness.waiting import wait_until

OPTIONS = BulkOptions(workers=1, shard_files=20, resume=True)
RUN = """
import sys
from tests.bulk.test_bulk_killed import OPTIONS, run_inline

run_inline(*sys.argv[1:], OPTIONS)
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_rows_are_those_of_one_run_however_often_it_is_killed(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 70)
    source, out = tmp_path / "list.txt", tmp_path / "out"
    source.write_text("\n".join(map(str, photos)))
    for held, parts in ((25, 1), (45, 2), (65, 3)):
        content = photos[held].read_bytes()
        photos[held].unlink()
        os.mkfifo(photos[held])  # nobody writes to it, so its reader waits
        command = [sys.executable, "-c", RUN, str(source), str(out)]
        with subprocess.Popen(command, cwd=paths.ROOT) as process:
            # opened for writing only once it is read
            pipe = wait_until(lambda path=photos[held]: _opened(path))
            process.kill()
        os.close(pipe)
        photos[held].unlink()
        photos[held].write_bytes(content)
        assert len(list(out.glob("files/*.parquet"))) == parts
    run_inline(source, out, OPTIONS)
    check_rows(out, photos, set())
    assert not [path for path in out.rglob(".*")]  # nothing half written is left


def _opened(path: Path) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK) or None
    except OSError:  # it has no reader yet
        return None
