"""A job on a run, live: progress, curves, the log, and how to stop it."""

from __future__ import annotations

import time

import streamlit as st

from agemodel.core.errors import RunError
from agemodel.figures.training_charts import EPOCH_MEASURES, figure_curves
from agemodel.jobs import control
from agemodel.jobs.forecast import duration_in_words
from agemodel.jobs.progress import STEPS, read_progress
from agemodel.jobs.records import (
    EVALUATE,
    EXPORT,
    FAILED,
    FINISHED,
    RUNNING,
    STOPPED,
    TRAIN,
    Job,
    is_local,
    list_jobs,
    read_job,
    read_tail,
)
from agemodel.runs.run_folder import Run, list_runs
from ui.attempts import show_error
from ui.charts import show_chart
from ui.training import training_state
from ui.training.next_steps import (
    attempt,
    show_next_steps,
    show_refusal,
)

WATCHED = training_state.widget_key("watched")
EVERY_S = 2.0
LIVE = ("age_mae_years", "gender_accuracy", "loss")

_WHAT = {TRAIN: "Training", EVALUATE: "Evaluation", EXPORT: "Export"}
_ENDED = {
    STOPPED: (":material/stop_circle:", "was stopped."),
    FAILED: (":material/error:", "ended without a result."),
    FINISHED: (":material/check_circle:", "is done."),
}
_NO_WORD = "Its process ended without a word: it was killed, or the machine stopped."


def show_watch() -> None:
    """Draw a local run: its progress, and what can be done with it."""
    runs = _runs_by_newest()
    if not runs:
        return
    if st.session_state.get(WATCHED) not in runs:
        st.session_state[WATCHED] = next(iter(runs))
    st.selectbox("Run trained here", list(runs), key=WATCHED)
    run = runs[st.session_state[WATCHED]]
    running = _is_running(run)
    st.fragment(_watch, run_every=EVERY_S if running else None)(run, running)


def _runs_by_newest() -> dict[str, Run]:
    """The local runs: those at work, then by their newest jobs, then the others."""
    jobs = sorted(list_jobs(), key=lambda pair: pair[1].state != RUNNING)
    others = [run for run in list_runs() if is_local(run)]
    return {run.id: run for run in [*(run for run, _ in jobs), *others]}


def _is_running(run: Run) -> bool:
    try:
        job = read_job(run)
    except RunError:
        return False
    return job is not None and job.state == RUNNING


def _watch(run: Run, began_running: bool) -> None:
    """The part that is drawn again and again while something is done with the run."""
    try:
        job = read_job(run)
    except RunError as error:
        show_error(str(error))
        job = None
    running = job is not None and job.state == RUNNING
    if running != began_running:
        st.rerun()  # so that the rest of the page knows, and this part's pace changes
    with st.container(border=True):
        if job and running:
            _show_running(run, job)
        else:
            if job:
                _show_ended(run, job)
            show_next_steps(run)
        show_refusal()
        _show_curves(run)


def _show_running(run: Run, job: Job) -> None:
    progress = read_progress(run)
    if progress is None:
        st.progress(0.0, f"{_WHAT[job.kind]}: loading TensorFlow, some seconds")
    else:
        words = progress.text.capitalize()
        if progress.total:
            unit = " steps" if progress.text == STEPS else ""
            words += f": {progress.done:,} of {progress.total:,}{unit}"
        if left := progress.seconds_left(time.time()):
            words += f", {duration_in_words(left)} left"
        st.progress(progress.share or 0.0, words)
    _show_stop(run, job)
    _show_log(run, job)


def _show_stop(run: Run, job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "End at once" if job.stop_asked else f"Stop {_WHAT[job.kind].lower()}",
            key=training_state.widget_key("stop"),
            icon=":material/stop:",
            on_click=attempt,
            args=(lambda: control.stop(run, at_once=job.stop_asked),),
        )
        if job.stop_asked:
            st.caption("It was asked to stop, and ends after this step.")
        elif job.kind == TRAIN:
            st.caption(
                "The best model so far is kept, and training can go on later. It also "
                "goes on when this page is closed."
            )


def _show_log(run: Run, job: Job) -> None:
    if tail := read_tail(run, job):
        st.code(tail, language=None, wrap_lines=True)


def _show_ended(run: Run, job: Job) -> None:
    icon, words = _ENDED[job.state]
    text = f"{_WHAT[job.kind]} of `{run.id}` {words}"
    if job.state == FAILED:
        st.error(f"**{text}**", icon=icon)
        if not job.ended:
            st.caption(_NO_WORD)
    else:
        st.markdown(f"{icon} **{text}**")
    if job.state == FAILED or job.kind != TRAIN:
        _show_log(run, job)


def _show_curves(run: Run) -> None:
    try:
        history = run.read_history()
    except RunError as error:
        show_error(str(error))
        return
    if not len(history):
        st.caption("The curves begin when the first epoch is done.")
        return
    with st.grid(3, min_column_width=260):
        for measure in EPOCH_MEASURES:
            if measure.column in LIVE and measure.column in history:
                with st.container(gap=None):
                    st.markdown(f"**{measure.title}**")
                    show_chart(
                        figure_curves({run.id: history}, measure),
                        training_state.widget_key(f"live_{measure.column}"),
                        f"{measure.title}, by epoch",
                    )
    st.caption(
        "Drawn through: validation. Dotted: train. The circle is the best epoch."
    )
