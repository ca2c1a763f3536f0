"""A job on a run, live: progress, curves, the log, and how to stop it."""

from __future__ import annotations

import streamlit as st

from agemodel.core.errors import RunError
from agemodel.figures.training_charts import EPOCH_MEASURES, KEY, figure_curves
from agemodel.jobs import records
from agemodel.jobs.progress import STEPS, JobProgress
from agemodel.jobs.records import FAILED, RUNNING, TRAIN, Job, is_running
from agemodel.runs.run_folder import Run, list_runs
from ui.charts import show_chart
from ui.job_page import EVERY_S, show_log, show_progress, show_stop
from ui.page_state import show_error
from ui.training import training_state
from ui.training.next_steps import show_next_steps
from ui.training.training_state import STATE

WATCHED = training_state.widget_key("watched")
LIVE = ("age_mae_years", "gender_accuracy", "loss")

_WHAT = {
    TRAIN: "Training",
    records.EVALUATE: "Evaluation",
    records.EXPORT: "Export",
}
_ENDED = {
    records.STOPPED: (":material/stop_circle:", "was stopped."),
    FAILED: (":material/error:", "ended without a result."),
    records.FINISHED: (":material/check_circle:", "is done."),
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
    running = is_running(run)
    st.fragment(_watch, run_every=EVERY_S if running else None)(run, running)


def _runs_by_newest() -> dict[str, Run]:
    """The local runs: those at work, then by their newest jobs, then the others."""
    jobs = sorted(records.list_jobs(), key=lambda pair: pair[1].state != RUNNING)
    others = [run for run in list_runs() if records.is_local(run)]
    return {run.id: run for run in [*(run for run, _ in jobs), *others]}


def _watch(run: Run, began_running: bool) -> None:
    """The part that is drawn again and again while something is done with the run."""
    try:
        job = records.read_job(run)
    except RunError as error:
        show_error(error)
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
        STATE.show_refusal()
        _show_curves(run)


def _show_running(run: Run, job: Job) -> None:
    show_progress(
        run, f"{_WHAT[job.kind]}: loading TensorFlow, some seconds", _in_words
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        show_stop(STATE, run, job, f"Stop {_WHAT[job.kind].lower()}")
        if job.stop_asked:
            st.caption("It was asked to stop, and ends after this step.")
        elif job.kind == TRAIN:
            st.caption(
                "The best model so far is kept, and training can go on later. It also "
                "goes on when this page is closed."
            )
    show_log(run, job)


def _in_words(progress: JobProgress) -> str:
    words = progress.text.capitalize()
    if progress.total:
        unit = " steps" if progress.text == STEPS else ""
        words += f": {progress.done:,} of {progress.total:,}{unit}"
    return words


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
        show_log(run, job)


def _show_curves(run: Run) -> None:
    try:
        history = run.read_history()
    except RunError as error:
        show_error(error)
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
    st.caption(KEY)
