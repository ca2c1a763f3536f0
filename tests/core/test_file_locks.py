from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from agemodel.core import paths
from agemodel.core.file_locks import is_locked, try_lock

HOLD = """
import subprocess, sys
from pathlib import Path
from agemodel.core.file_locks import try_lock

with try_lock(Path(sys.argv[1])):
    wait = [sys.executable, "-c", "input()"]
    child = subprocess.Popen(wait, close_fds=False)
    print(child.pid, flush=True)
    child.wait()
"""


def test_lock_is_held_by_one_until_its_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not is_locked(path)
    assert not path.exists()  # asking leaves no trace
    with pytest.raises(KeyError), try_lock(path) or pytest.fail():
        assert is_locked(path)
        assert try_lock(path) is None
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(try_lock, path).result() is None
        raise KeyError
    assert not is_locked(path)
    with try_lock(path) or pytest.fail():
        pass


def test_killed_process_releases_its_lock_though_its_child_lives(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        cwd=paths.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        assert is_locked(path)
        holder.kill()
        assert not is_locked(path, patience_s=60)
        assert psutil.pid_exists(child)
        with try_lock(path) or pytest.fail():
            pass


def test_lock_file_that_may_only_be_read_can_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with try_lock(path) or pytest.fail():
        path.chmod(0o400)
        assert is_locked(path)
    assert not is_locked(path)
