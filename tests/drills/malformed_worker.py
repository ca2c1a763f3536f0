"""A process that estimates files, and one that watches it: time, memory, answers.

Each file goes the way that `python -m agemodel predict --json` takes. The watched
process does many files; when it dies or hangs, its file is named and a new one goes on.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from agemodel.core import paths
from tests.harness.made_pictures import Made, every_make
from tests.harness.measurements import Missing

HANG_S = 60.0
"""After so long without an answer a process is ended."""
COMMAND = (sys.executable, "-m", "tests.drills.malformed_worker")
_STATUS = Path("/proc/self/status")
_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Answer:
    """What came of one file."""

    name: str  # the file's
    # 'estimate' for any result, 'sentence' for a refusal, 'trouble' for any other
    # exception, 'death' and 'hang' for the process's end
    kind: str
    seconds: float = 0.0  # from the call to its end
    peak_mb: float = 0.0  # most resident memory, over that before the first file
    detail: str = ""  # the sentence, or the exception
    noise: str = ""  # what it wrote on standard error
    ages: tuple[float, ...] = ()  # of the faces that were found, in years


def answers(
    files: Iterable[Made], command: Sequence[str] = COMMAND, patience_s: float = HANG_S
) -> Iterator[Answer]:
    """Estimate files one after the other, each answered within a time.

    The command starts a process that says it is ready, then answers each path on its
    input with a line, as `main` does.
    """
    if not _PEAK.exists():
        raise Missing("Only Linux tells what memory a process takes at most.")
    with (
        TemporaryDirectory() as folder,
        closing(_Child(Path(folder), command, patience_s)) as child,
    ):
        for made in files:
            yield child.ask(made)


class _Child:
    """The watched process, started when it is needed."""

    def __init__(self, folder: Path, command: Sequence[str], patience_s: float) -> None:
        self._folder = folder
        self._command = command
        self._patience_s = patience_s
        self._log = folder / "stderr.log"
        self._process: subprocess.Popen[str] | None = None

    def ask(self, made: Made) -> Answer:
        process = self._process or self._start()
        file = self._folder / made.name
        file.write_bytes(made.data)
        heard = self._log.stat().st_size
        assert process.stdin is not None and process.stdout is not None
        began = time.monotonic()
        process.stdin.write(f"{file}\n")
        process.stdin.flush()
        line = self._line(process.stdout)
        file.unlink()
        noise = self._log.read_bytes()[heard:].decode(errors="replace")
        if line:
            return Answer(made.name, noise=noise, **json.loads(line))
        seconds = time.monotonic() - began
        kind = "hang" if seconds >= self._patience_s else "death"
        self.close()
        return Answer(made.name, kind, seconds, detail=f"code {process.returncode}")

    def _start(self) -> subprocess.Popen[str]:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=paths.ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        if not self._line(self._process.stdout):
            raise RuntimeError(self._log.read_text())
        return self._process

    def _line(self, stream: IO[str]) -> str:
        """The next line; an empty one at the end of the stream, or for too long."""
        ready, _, _ = select.select([stream], [], [], self._patience_s)
        return stream.readline() if ready else ""

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None


def main() -> None:
    """Answer each path on standard input with a line of JSON."""
    from agemodel.serving import Estimator, estimate_photo, to_record

    estimator = Estimator.load(workers=1)
    for made in every_make():  # what is loaded with the first file of a kind
        estimate_photo(estimator, made.data, made.name)
    base_kb = _resident_kb("VmRSS")
    print("ready", flush=True)
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        _PEAK.write_text("5")  # the peak starts anew
        ages: tuple[float, ...] = ()
        began = time.perf_counter()
        try:
            result = estimate_photo(estimator, path, str(path))
            json.dumps(to_record(result), ensure_ascii=False)
            ages = tuple(face.age_years for face in result.estimates)
            kind = "sentence" if result.error else "estimate"
            detail = result.error or ""
        except Exception as error:
            kind, detail = "trouble", repr(error)
        answer = {
            "kind": kind,
            "seconds": time.perf_counter() - began,
            "peak_mb": (_resident_kb("VmHWM") - base_kb) / 1024,
            "detail": detail,
            "ages": ages,
        }
        print(json.dumps(answer), flush=True)


def _resident_kb(name: str) -> int:
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
