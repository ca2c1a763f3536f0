from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from agemodel.jobs import processes
from agemodel.jobs.processes import birth_of, is_alive, send, stoppable
from tests.harness.made_jobs import wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(params=["proc", "ps"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the birth of a process is read: Linux has both."""
    if request.param == "ps":
        monkeypatch.setattr(processes, "birth_of", processes._birth_by_ps)
    return str(request.param)


def test_process_is_alive_until_it_ends_even_if_nobody_asked_how(source: str) -> None:
    process = subprocess.Popen(SLEEP)
    birth = processes.birth_of(process.pid)
    assert birth
    assert is_alive(process.pid, birth)
    os.kill(process.pid, signal.SIGKILL)
    # Not waited for: it stays in the system's list, as ended.
    wait_until(lambda: not is_alive(process.pid, birth))
    process.wait()
    assert processes.birth_of(process.pid) is None


def test_two_processes_are_told_apart_by_number_and_birth() -> None:
    births = [(os.getpid(), birth_of(os.getpid()))]
    with subprocess.Popen(SLEEP) as process:
        births.append((process.pid, birth_of(process.pid)))
        process.kill()
    assert len(set(births)) == 2
    # One that was given the number later has another birth.
    assert not is_alive(os.getpid(), "an earlier one")


def test_signal_never_reaches_a_process_that_got_the_number_later() -> None:
    with subprocess.Popen(SLEEP) as process:
        birth = birth_of(process.pid)
        assert birth
        assert not send(process.pid, f"{birth}0", signal.SIGKILL)
        time.sleep(0.1)
        assert process.poll() is None
        assert send(process.pid, birth, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not send(process.pid, birth, signal.SIGKILL)


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1])
def test_numbers_of_no_process_have_no_birth(pid: int) -> None:
    assert birth_of(pid) is None


def test_name_of_a_process_may_look_like_its_fields() -> None:
    code = (
        "import ctypes, time; "
        "ctypes.CDLL(None).prctl(15, b'x) Z 1 (y', 0, 0, 0); "
        "print('named', flush=True); time.sleep(60)"
    )
    if sys.platform != "linux":
        pytest.skip("prctl is Linux's")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert birth_of(process.pid)
        process.kill()


def test_sigterm_is_an_interrupt_within_the_block_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert signal.getsignal(signal.SIGTERM) is before
