"""Getting the images from the Dataset page, and how far that is."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.core.files import megabytes
from agemodel.dataset import getting
from agemodel.dataset.download import LICENCE, mirror_is_begun
from agemodel.dataset.getting import Snapshot, Wanted
from agemodel.dataset.import_report import ImportReport
from agemodel.dataset.kaggle_mirror import HANDLE
from ui import dataset_pictures
from ui.dataset.dataset_state import STATE
from ui.permission import NOT_HERE, may_change

EVERY_S = 1.0
_WATCHED = "dataset_watched_job"
"""Where a session keeps the job it saw run, until its result is closed."""

_NAMES = {
    getting.MIRROR: "Kaggle's mirror",
    getting.ADDRESS: "Another address",
    getting.DISK: "This machine's disk",
}
_MIRROR_IS = (
    f"The data set [{HANDLE}](https://www.kaggle.com/datasets/{HANDLE}), fetched by "
    "Kaggle's own client, which checks what came. No account is needed."
)
_GOES_ON = (
    "A download was not finished: what has come is kept, and the same one goes on "
    "from there."
)
_STARTS_ANEW = "A download from an address that is cut off or cancelled starts anew."


@st.cache_resource(show_spinner=False)
def getter() -> getting.Getter:
    """The one of this process, which every session watches."""
    return getting.Getter()


def show_job() -> str:
    """Draw the job that runs, or what came of the last one, and return its phase."""
    job = getter().snapshot()
    watched = st.session_state.get(_WATCHED) == job.number
    ended = job.phase in (getting.FAILED, getting.CANCELLED)
    if job.phase == getting.RUNNING:
        _watch()
    elif job.phase == getting.DONE and job.report and watched:
        _show_result(job.report)
    elif ended and dataset_pictures.pictures_dir() is None:
        _show_end(job)
    return job.phase


def show_ways() -> None:
    """Offer the ways to get the images, to those who may."""
    if may_change():
        _show_form()
    else:
        st.caption(NOT_HERE)


def progress_words(job: Snapshot) -> str:
    """How far a job is: bytes, rate and time left, as far as they are known."""
    if job.cancelling:
        return "Cancelling …"
    text = job.text[:1].upper() + job.text[1:]
    if not job.done_bytes and job.total_bytes is None:
        return f"{text} …"
    done = megabytes(job.done_bytes)
    if job.done_bytes == job.total_bytes:  # what comes now brings no bytes
        return f"{text} · {done} …"
    parts = [text]
    if job.total_bytes is None:
        parts.append(done)
    else:
        parts.append(f"{done.removesuffix(' MB')} of {megabytes(job.total_bytes)}")
    if job.bytes_per_s is not None:
        parts.append(f"{megabytes(int(job.bytes_per_s))}/s")
    if job.seconds_left:
        parts.append(f"{duration_words(job.seconds_left)} left")
    return " · ".join(parts)


def duration_words(seconds: float) -> str:
    """A time in the units that matter, such as 40 s, 3 min or 2 h 5 min."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


# ---------------------------------------------------------------- a job


@st.fragment(run_every=EVERY_S)
def _watch() -> None:
    """Draw how far the job is, every second; the page anew once it has ended."""
    job = getter().snapshot()
    st.session_state[_WATCHED] = job.number
    if job.phase != getting.RUNNING:
        st.rerun()
    with st.container(border=True):
        doing = "downloaded" if job.step == getting.DOWNLOAD else "imported"
        st.markdown(f"**The pictures are being {doing}.**")
        if may_change():
            st.text(f"From {job.wanted.name}")
        part = job.done_bytes / job.total_bytes if job.total_bytes else 0.0
        st.progress(min(part, 1.0), progress_words(job))
        st.caption("This goes on when the page is closed.")
        if may_change():
            cancel, off = getter().cancel, job.cancelling
            STATE.show_button("Cancel", "get_cancel", "cancel", cancel, disabled=off)


def _show_result(report: ImportReport) -> None:
    with st.container(border=True):
        st.markdown(f":material/check_circle: **{report.words}.**")
        took = duration_words(report.seconds)
        done = "was there already" if report.already_there else f"imported in {took}"
        st.text(" ".join(filter(None, [f"{report.source}: {done}.", report.notes])))
        if report.rejects:
            reasons = report.reasons.items()
            st.text("\n".join(f"{n:,} refused: {reason}" for reason, n in reasons))
            st.caption("The view Issues lists the refused files.")
        forget = st.session_state.pop
        STATE.show_button("Close", "get_close", "", forget, _WATCHED, None)


def _show_end(job: Snapshot) -> None:
    """Say why a job did not bring the pictures, and offer to go on."""
    cancelled = job.phase == getting.CANCELLED
    if cancelled:
        st.info("**Cancelled.** The pictures are not here.", icon=":material/cancel:")
    else:
        done = "downloaded" if job.step == getting.DOWNLOAD else "imported"
        st.error(f"**The pictures could not be {done}.**", icon=":material/error:")
    if not may_change():
        return
    st.text(job.problem)
    if st.button(
        "Go on" if cancelled and job.wanted.source == getting.MIRROR else "Try again",
        key=STATE.widget_key("get_again"),
        icon=":material/refresh:",
    ):
        _start(job.wanted, licence_accepted=True)


# ---------------------------------------------------------------- starting one


@st.fragment
def _show_form() -> None:
    source = st.segmented_control(
        "Get them from",
        getting.SOURCES,
        format_func=_NAMES.__getitem__,
        default=getter().snapshot().wanted.source,
        required=True,
        **_kept("from"),
    )
    with st.form(STATE.widget_key("get_form"), border=False):
        wanted = _ask(source)
        st.markdown(LICENCE)
        accepted = st.checkbox("I accept these terms", **_kept("licence"))
        if st.form_submit_button("Get the pictures", icon=":material/download:"):
            _start(wanted, accepted)


def _ask(source: str) -> Wanted:
    """Draw what a source needs to know."""
    if source == getting.DISK:
        path = _text("path", "Path of UTKFace.tar.gz, a .tar, a .zip or a folder")
        return Wanted(getting.DISK, path)
    if source == getting.MIRROR:
        if mirror_is_begun(paths.data_dir()):
            st.info(_GOES_ON, icon=":material/resume:")
        st.markdown(_MIRROR_IS)
        return Wanted(getting.MIRROR)
    st.caption(_STARTS_ANEW)
    return Wanted(
        getting.ADDRESS,
        _text("address", "Address of a .tar.gz, a .tar or a .zip, http or https"),
        _text("sha256", "Its SHA-256 in hexadecimal, if you know it"),
    )


def _text(name: str, label: str) -> str:
    return (st.text_input(label, **_kept(name)) or "").strip()


def _kept(name: str) -> dict[str, Any]:
    """The key of a widget that keeps its value while a job hides it."""
    key = STATE.widget_key(f"get_{name}")
    return {"key": key, "persist_state": "session"}


def _start(wanted: Wanted, licence_accepted: bool) -> None:
    try:
        getter().start(wanted, paths.data_dir(), licence_accepted=licence_accepted)
    except AgeModelError as error:
        st.warning("**Nothing was started.**", icon=":material/info:")
        st.text(str(error))
        return
    st.toast("Begun: how far it is stands at the top of the page.")
    st.rerun()
