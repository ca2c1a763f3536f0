"""Processes that do as they are told, without TensorFlow, and waiting for them."""

from __future__ import annotations

import sys
from unittest.mock import patch

from agemodel.jobs import control
from agemodel.jobs.records import RUNNING, TRAIN, Job, read_job, read_tail
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run
from tests.harness.waiting import wait_until

CONFIG = TrainConfig("recipe", "seed_cnn", epochs=3)
IDLE = (sys.executable, "-c", "import threading; threading.Event().wait(600)")
"""A process that does nothing until it is ended."""

WORKER = """
import signal, sys, threading
from agemodel.jobs.locks import training_lock
from agemodel.jobs.processes import stoppable
from agemodel.jobs.records import recorded
from agemodel.runs.run_folder import find_run

how, run = sys.argv[1], find_run(sys.argv[2])
with training_lock(run.id), recorded(run, "train", sys.argv[1:]), stoppable():
    if how == "deaf":
        signal.signal(signal.SIGTERM, lambda *_: print("deaf", flush=True))
    print("at work", flush=True)
    if how == "break":
        sys.exit("it broke")
    threading.Event().wait(0 if how == "end" else 600)
"""
PROGRAM = (sys.executable, "-c", WORKER)


def begin(run: Run, how: str = "sleep") -> Job:
    """Start a process that holds the lock of trainings: sleep, deaf, break or end."""
    with patch.object(control, "PROGRAM", PROGRAM):
        return control.start(run, TRAIN, (how, run.id))


def begin_work(run: Run, how: str = "sleep") -> Job:
    """Start one, and wait until it has begun."""
    begin(run, how)
    wait_until(lambda: "at work" in read_tail(run, job_of(run)))
    return job_of(run)


def job_of(run: Run) -> Job:
    job = read_job(run)
    assert job is not None
    return job


def wait_for_end(run: Run) -> Job:
    wait_until(lambda: job_of(run).state != RUNNING)
    return job_of(run)
