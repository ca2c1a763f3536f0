"""A job that works on no run, live: progress, the log, and how to stop it or go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.jobs import control
from agemodel.jobs.forecast import duration_in_words
from agemodel.jobs.named_jobs import NamedJobs
from agemodel.jobs.progress import JobProgress, read_progress
from agemodel.jobs.records import FAILED, RUNNING, STOPPED, Job, read_job, read_tail
from agemodel.runs.run_folder import Run
from ui.attempts import Attempts, show_error

EVERY_S = 2.0


@dataclass(frozen=True)
class Watched:
    """The jobs that a page watches.

    Attributes:
        jobs: of a kind.
        attempts: of the page's buttons.
        widget_key: makes the keys of the page's widgets.
        in_words: how far a job is that knows how much there is to do.
        on_stop: a sentence or two below the button that stops it.
        show_more: draws what else there is of a job that has told how far it is.
        why_not_on: why a job cannot go on; empty where it can.
    """

    jobs: NamedJobs
    attempts: Attempts
    widget_key: Callable[[str], str]
    in_words: Callable[[JobProgress], str]
    on_stop: str
    show_more: Callable[[], None] | None = None
    why_not_on: Callable[[Job], str] = lambda job: ""

    def show(self) -> None:
        """Draw the newest job, if it has not simply ended well."""
        jobs = self.jobs.list()
        if not jobs:
            return
        running = _state(jobs[0]) == RUNNING
        every = EVERY_S if running else None
        st.fragment(self._watch, run_every=every)(jobs[0], running)

    def _watch(self, job: Run, began_running: bool) -> None:
        try:
            record = read_job(job)
        except AgeModelError as error:
            show_error(str(error))
            return
        if record is None:
            return
        if (record.state == RUNNING) != began_running:
            st.rerun()  # the results are there now, or the button starts anew
        if record.state == RUNNING:
            with st.container(border=True):
                self._show_running(job, record)
        elif record.state in (STOPPED, FAILED):
            with st.container(border=True):
                self._show_ended(job, record)

    def _show_running(self, job: Run, record: Job) -> None:
        progress = read_progress(job)
        if progress is None or not progress.total:
            st.progress(0.0, f"`{job.id}`: loading the model, some seconds")
        else:
            words = f"`{job.id}`: {self.in_words(progress)}"
            if left := progress.seconds_left(time.time()):
                words += f", {duration_in_words(left)} left"
            st.progress(progress.share or 0.0, words)
        st.button(
            "End at once" if record.stop_asked else "Stop",
            key=self.widget_key("stop"),
            icon=":material/stop:",
            on_click=self.attempts.on_click,
            args=(lambda: control.stop(job, at_once=record.stop_asked),),
        )
        st.caption(self.on_stop)
        if progress is not None and self.show_more:
            self.show_more()

    def _show_ended(self, job: Run, record: Job) -> None:
        if record.state == STOPPED:
            st.markdown(f":material/stop_circle: **`{job.id}` was stopped.**")
        else:
            st.error(f"**`{job.id}` ended with a problem.**", icon=":material/error:")
        if tail := read_tail(job, record):
            st.code(tail, language=None, wrap_lines=True)
        if why := self.why_not_on(record):
            st.caption(why)
            return
        st.button(
            "Go on",
            key=self.widget_key("go_on"),
            icon=":material/play_arrow:",
            on_click=self.attempts.on_click,
            args=(lambda: self.jobs.go_on(job),),
        )


def _state(job: Run) -> str:
    try:
        record = read_job(job)
    except AgeModelError:
        return FAILED
    return record.state if record else ""
