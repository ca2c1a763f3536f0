"""The written states of the Estimate page: notice, empty, model missing, error."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import streamlit as st
from PIL import Image

from agemodel.core.errors import AgeModelError
from agemodel.images import downscale, encode_jpeg
from agemodel.models import app_model
from agemodel.serving import Sample, Upload, read_sample, read_samples
from ui.estimate import session
from ui.permission import may_change

PROMISE = "Drop in a photo: every face gets the age that it appears to have."
NOTICE = """
**Your photos** are worked on in the memory of the machine that runs this app. They are
never written to a disk or a log, and nothing leaves the machine. What a visit held is
let go when it ends, a minute or two after the tab was closed.

**An estimate** is the age a face appears to have, and the gender as labelled in the
dataset (two labels), which says nothing of identity. It is not for age checks, hiring,
surveillance or any decision about a person.
"""

NOTICE_IN_SHORT = (
    "Photos stay in this machine's memory. An estimate is no fact about a person, and "
    "not for any decision about one."
)

_THUMBNAIL_PX = 320


def show_notice(*, in_short: bool) -> None:
    """Say where photos go and what an estimate is for."""
    st.caption(NOTICE_IN_SHORT if in_short else NOTICE)


def show_model_missing(error: AgeModelError) -> None:
    """Say that there is no model, or a damaged one, and what makes one."""
    st.warning(
        "**The model is missing.** No estimate can be made yet.",
        icon=":material/deployed_code_alert:",
    )
    st.text(str(error))
    _show_way_back()


def show_model_error(error: AgeModelError) -> None:
    """Say why estimating stopped; the photos wait."""
    st.error(
        "**The model could not be loaded.** The photos wait; nothing is lost.",
        icon=":material/error:",
    )
    st.text(str(error))
    st.button("Try again", icon=":material/refresh:")
    _show_way_back()


def _show_way_back() -> None:
    """Offer the model that ships, where another one was chosen, to who may choose."""
    if not (app_model.is_chosen() and may_change()):
        return
    session.STATE.show_button(
        "Back to the model that ships",
        "back",
        "swap_horiz",
        session.STATE.attempt,
        lambda: app_model.choose(app_model.DEFAULT_MODEL),
    )
    session.STATE.show_refusal()


def show_samples(*, pictures: bool) -> None:
    """Offer the samples: a first result needs no photo of one's own.

    Args:
        pictures: whether they are shown; else as plain buttons, for little room.
    """
    try:
        samples = read_samples()
    except AgeModelError as error:
        st.error(str(error))
        return
    with st.grid(4, min_column_width=140) if pictures else st.container():
        for sample in samples:
            with st.container(gap="xsmall"):
                _show_sample(sample, pictures)


def _show_sample(sample: Sample, picture: bool) -> None:
    if picture:
        try:
            st.image(_thumbnail(sample), width="stretch", alt=sample.title)
        except AgeModelError as error:
            st.error(str(error))
            return
    session.STATE.show_button(
        sample.title,
        f"sample_{'large' if picture else 'small'}_{sample.file}",
        "add_photo_alternate",
        _add_sample,
        sample,
        width="stretch",
    )


def _add_sample(sample: Sample) -> None:
    upload = Upload(
        sample.file, lambda: read_sample(sample), (sample.known,), ages=sample.ages
    )
    session.batch().add_uploads([upload])
    session.start_round()


@st.cache_data(max_entries=16, show_spinner=False)
def _thumbnail(sample: Sample) -> bytes:
    rgb = np.asarray(Image.open(BytesIO(read_sample(sample))))
    height, width = rgb.shape[:2]
    upper = rgb[: min(height, round(width * 3 / 4))]  # so that the samples line up
    return encode_jpeg(downscale(upper, _THUMBNAIL_PX), 85)
