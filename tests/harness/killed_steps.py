"""Work that is killed with -9 before each thing that it does to the disk."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

from agemodel.core import paths


def kill_at_each_step(work: Callable[[], object]) -> None:
    """Do a work in one child after the other, each killed a step later than the last.

    A step is what Python tells of opening, renaming, removing and locking files. After
    each child its exit status is printed, and a line is awaited.
    """
    for step in itertools.count():
        child = os.fork()
        if not child:
            _die_at(step)
            work()
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        input()


def _die_at(step: int) -> None:
    steps = itertools.count()

    def hook(event: str, _: object) -> None:
        touches_disk = event.startswith(("open", "os.", "shutil.", "fcntl."))
        if touches_disk and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def kills_of(code: str, *arguments: object) -> Iterator[None]:
    """Run code that calls `kill_at_each_step`; yield after each kill, to its end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=paths.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        while (status := int(process.stdout.readline())) == -signal.SIGKILL:
            yield
            print(file=process.stdin, flush=True)
        process.kill()
    assert status == 0  # the last child had fewer steps than the kill waited for
