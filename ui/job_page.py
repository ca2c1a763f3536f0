"""What the pages share that start jobs, watch them, and show their results."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.jobs import control
from agemodel.jobs.forecast import duration_in_words
from agemodel.jobs.named_jobs import NamedJobs
from agemodel.jobs.progress import JobProgress, read_progress
from agemodel.jobs.records import (
    FAILED,
    RUNNING,
    STOPPED,
    Job,
    is_running,
    read_job,
    read_tail,
)
from agemodel.runs.run_folder import Run
from ui import served_model
from ui.estimate.estimate_states import show_model_missing
from ui.page_header import show_title
from ui.page_state import PageState, show_error
from ui.permission import NOT_HERE, may_change

EVERY_S = 2.0


def show_page(
    state: PageState[Any],
    title: str,
    elsewhere: str,
    show_notice: Callable[[], None],
    show_form: Callable[[], None],
    *show_found: Callable[[], None],
) -> None:
    """Draw a page: a form beside what was found.

    Args:
        state: of the page.
        title: of the page.
        elsewhere: what visitors can do instead who may start nothing.
        show_notice: says what the page does.
        show_form: draws the form; called where there is a model.
        show_found: each draws a part of what was found.
    """
    show_title(title)
    state.load()
    state.write_url()
    if not may_change():
        show_notice()
        st.info(f"{elsewhere}. {NOT_HERE}", icon=":material/terminal:")
        st.stop()
    begin, found = st.columns([1, 2], gap="large")
    with begin:
        show_notice()
        try:
            served_model.check_installed()
        except AgeModelError as error:
            show_model_missing(error)
        else:
            show_form()
    with found:
        for show in show_found:
            show()


def ask_name(state: PageState[Any]) -> None:
    """Draw the input for the name of the results."""
    st.text_input(
        "Name of the results",
        key=state.widget_key("form_name"),
        max_chars=80,
        placeholder="the time of the start",
        help="Letters, digits, . _ and -. That of a stopped run goes on with it.",
    )


def asked_name(state: PageState[Any]) -> str:
    """The name that was asked for, else the time."""
    name = str(st.session_state.get(state.widget_key("form_name"), "")).strip()
    return name or now_as_name()


def now_as_name() -> str:
    """The time as a name of results."""
    return f"{datetime.now():%Y%m%d-%H%M%S}"


def choose_results(
    state: PageState[Any], folders: Mapping[str, Path], empty: str, command: str
) -> Path | None:
    """Draw the choice of results; the folder of those that are looked at.

    Args:
        state: of the page; `run` of its look names the results.
        folders: by name, the newest first; without one the page says what makes some.
        empty: says that there are none.
        command: that makes some.
    """
    if not folders:
        st.info(empty, icon=":material/folder_open:")
        st.code(command, language=None, wrap_lines=True)
        return None
    asked = state.look().run
    name = asked if asked in folders else next(iter(folders))
    bound = state.bind("run", name, lambda one: state.change(run=one))
    st.selectbox("Results", list(folders), **bound)
    return folders[name]


def warn_of_part(done: int, total: int, what: str) -> None:
    """Say so where results are of a part."""
    if done < total:
        st.warning(
            f"**{done:,} of {total:,} {what} are done**: these are results of a part.",
            icon=":material/hourglass_top:",
        )


@dataclass(frozen=True)
class Watched:
    """The jobs that a page watches.

    Attributes:
        jobs: of a kind.
        state: of the page.
        in_words: how far a job is that knows how much there is to do.
        on_stop: a sentence or two below the button that stops it.
        show_more: draws what else there is of a job that has told how far it is.
        why_not_on: why a job cannot go on; empty where it can.
    """

    jobs: NamedJobs
    state: PageState[Any]
    in_words: Callable[[JobProgress], str]
    on_stop: str
    show_more: Callable[[], None] | None = None
    why_not_on: Callable[[Job], str] = lambda job: ""

    def show(self) -> None:
        """Draw the newest job, if it has not simply ended well."""
        jobs = self.jobs.list()
        if not jobs:
            return
        running = is_running(jobs[0])
        every = EVERY_S if running else None
        st.fragment(self._watch, run_every=every)(jobs[0], running)

    def _watch(self, job: Run, began_running: bool) -> None:
        try:
            record = read_job(job)
        except AgeModelError as error:
            show_error(error)
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
        progress = show_progress(
            job,
            f"`{job.id}`: loading the model, some seconds",
            lambda known: f"`{job.id}`: {self.in_words(known)}" if known.total else "",
        )
        show_stop(self.state, job, record, "Stop")
        st.caption(self.on_stop)
        if progress is not None and self.show_more:
            self.show_more()

    def _show_ended(self, job: Run, record: Job) -> None:
        if record.state == STOPPED:
            st.markdown(f":material/stop_circle: **`{job.id}` was stopped.**")
        else:
            st.error(f"**`{job.id}` ended with a problem.**", icon=":material/error:")
        show_log(job, record)
        if why := self.why_not_on(record):
            st.caption(why)
            return
        self.state.show_button(
            "Go on",
            "go_on",
            "play_arrow",
            self.state.attempt,
            lambda: self.jobs.go_on(job),
        )


def show_progress(
    job: Run, waiting: str, in_words: Callable[[JobProgress], str]
) -> JobProgress | None:
    """Draw how far a job is, with the time left; `waiting` before it can be told."""
    progress = read_progress(job)
    words = in_words(progress) if progress else ""
    if progress is None or not words:
        st.progress(0.0, waiting)
        return progress
    if left := progress.seconds_left(time.time()):
        words += f", {duration_in_words(left)} left"
    st.progress(progress.share or 0.0, words)
    return progress


def show_stop(state: PageState[Any], job: Run, record: Job, label: str) -> None:
    """Draw the button that stops a job; pressed again, it ends it at once."""
    state.show_button(
        "End at once" if record.stop_asked else label,
        "stop",
        "stop",
        state.attempt,
        lambda: control.stop(job, at_once=record.stop_asked),
    )


def show_log(job: Run, record: Job) -> None:
    """Draw the last lines of what a job wrote."""
    if tail := read_tail(job, record):
        st.code(tail, language=None, wrap_lines=True)
