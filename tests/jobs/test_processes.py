from __future__ import annotations

import os
import signal
import subprocess

import psutil
import pytest

from agemodel.jobs.processes import birth_of, end_process, is_alive, stoppable
from tests.harness.made_jobs import IDLE
from tests.harness.waiting import wait_until


def test_process_is_alive_until_it_ends_even_if_nobody_waits_for_it() -> None:
    process = subprocess.Popen(IDLE)
    birth = birth_of(process.pid)
    assert birth
    assert is_alive(process.pid, birth)
    os.kill(process.pid, signal.SIGKILL)
    # Not waited for: it stays in the system's list, as ended.
    wait_until(lambda: not is_alive(process.pid, birth))
    process.wait()
    assert birth_of(process.pid) is None


def test_two_processes_are_told_apart_by_number_and_birth() -> None:
    births = [(os.getpid(), birth_of(os.getpid()))]
    with subprocess.Popen(IDLE) as process:
        births.append((process.pid, birth_of(process.pid)))
        process.kill()
    assert len(set(births)) == 2
    # One that was given the number later has another birth.
    assert not is_alive(os.getpid(), "an earlier one")


def test_signal_never_reaches_a_process_that_got_the_number_later() -> None:
    with subprocess.Popen(IDLE) as process:
        birth = birth_of(process.pid)
        assert birth
        assert not end_process(process.pid, f"{birth}0", at_once=True)
        assert end_process(process.pid, birth)
    assert process.returncode == -signal.SIGTERM  # thus not killed before
    assert not end_process(process.pid, birth)


@pytest.mark.skipif(not psutil.LINUX, reason="only Linux counts from the boot")
def test_birth_stays_the_same_when_the_clock_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    birth, booted_s = birth_of(os.getpid()), psutil.boot_time()
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: booted_s + 3600)
    monkeypatch.setattr(psutil, "boot_time", lambda: booted_s + 3600)
    assert birth_of(os.getpid()) == birth


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1])
def test_numbers_of_no_process_have_no_birth(pid: int) -> None:
    assert birth_of(pid) is None


def test_sigterm_is_an_interrupt_within_the_block_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), stoppable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
