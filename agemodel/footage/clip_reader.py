"""Frames of a clip by their timestamps, decoded by OpenCV's FFmpeg.

Only containers that hold the pictures themselves are opened: a playlist (HLS, DASH,
SDP, ffconcat), whatever its name is, would have FFmpeg fetch addresses.
"""

from __future__ import annotations

import functools
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import Clip

_HEAD_BYTES = 1024
_STARTS = (
    *(b"\x1a\x45\xdf\xa3", b"FLV\x01", b"OggS", b"DHAV", b"\x06\x0e\x2b\x34"),
    *(b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"),
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
)
_TS_PACKET_BYTES = (188, 192, 204)
_BACK_S = 0.5
"""A timestamp that lies further back than this begins another recording."""

_MOST_TIMELESS = 100
_SIDE_LIMIT_PX = 16_384

_SEEK_BACK_S = 10.0
"""A reader that goes on begins to decode so long before, so that codecs have all that a
frame is made from."""


@dataclass(frozen=True)
class ReadPoint:
    """How far a clip is read.

    Attributes:
        time_s: of the last frame, since the clip's beginning.
        stamp_s: its timestamp.
        offset_s: added to timestamps since the last cut.
        frames: read so far.
        damaged: of them.
    """

    time_s: float
    stamp_s: float
    offset_s: float
    frames: int
    damaged: int


@dataclass(frozen=True)
class Frame:
    """A frame of a clip.

    Attributes:
        time_s: seconds since the clip's beginning.
        rgb: shape (h, w, 3), uint8, upright.
        is_cut: whether another recording begins here.
        point: how far the clip is read with it; None for a camera.
    """

    time_s: float
    rgb: np.ndarray
    is_cut: bool = False
    point: ReadPoint | None = None


class FrameReader(ABC):
    """What gives the frames of a clip, or of a stretch of a camera, once.

    Attributes:
        stated_s: how long it is said to be; None where that is not known.
        read_s: the time of the last frame that was read.
        frames: how many frames were read.
        damaged: how many frames that were due could not be decoded.
    """

    def __init__(self) -> None:
        self.stated_s: float | None = None
        self.read_s, self.frames, self.damaged = 0.0, 0, 0

    @abstractmethod
    def frames_at(
        self, per_s: float, after: ReadPoint | None = None
    ) -> Iterator[Frame]:
        """Frames about so many times a second, in order.

        Args:
            per_s: how many a second; all where there are fewer.
            after: where another reader of the clip stopped; the same frames come as
                after it.

        Raises:
            FootageError: no more can be read, before the end; or no frame has a time.
        """


class ClipReader(FrameReader):
    """Reads a clip from its beginning to its end."""

    def __init__(self, clip: Clip) -> None:
        """Open a clip.

        Raises:
            FootageError: it cannot be opened as a video.
        """
        super().__init__()
        self._clip = clip
        _check_container(clip)
        keep_ffmpeg_quiet_and_local()
        self._capture = self._opened()
        if not self._capture.isOpened():
            raise FootageError(
                f"{clip.name} cannot be read as a video: it has no picture, is "
                "damaged at its beginning or end, or its codec is not known. Play it "
                "to see, and copy it again from the camera or recorder."
            )
        self.stated_s = self._stated_s()

    def frames_at(
        self, per_s: float, after: ReadPoint | None = None
    ) -> Iterator[Frame]:
        due_s = offset_s = last_s = 0.0
        is_cut = False
        if after is not None:
            self._go_to(after)
            last_s, offset_s = after.time_s, after.offset_s
            due_s = next_due_s(last_s, per_s)
        while self._capture.grab():
            self.frames += 1
            time_s = offset_s + self._stamp_s()
            if time_s < last_s - _BACK_S:
                offset_s += last_s - time_s
                time_s, is_cut = last_s, True
            last_s = max(last_s, time_s)
            self.read_s = last_s
            self._check_times()
            if last_s + 1e-6 < due_s:
                continue
            due_s = next_due_s(last_s, per_s)
            rgb = retrieved(self._capture)
            if rgb is None:
                self.damaged += 1
                continue
            point = ReadPoint(
                last_s, self._stamp_s(), offset_s, self.frames, self.damaged
            )
            yield Frame(last_s, rgb, is_cut, point)
            is_cut = False
        if not self.frames:
            raise FootageError(
                f"{self._clip.name} has no frame that can be read. Play it to see, "
                "and copy it again from the camera or recorder."
            )

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()

    def _opened(self) -> cv2.VideoCapture:
        return cv2.VideoCapture(str(self._clip.path.absolute()), cv2.CAP_FFMPEG)

    def _stamp_s(self) -> float:
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000

    def _go_to(self, point: ReadPoint) -> None:
        """Read up to a frame; decode all before it where the clip cannot be sought."""
        if point.offset_s or not self._seek(point.stamp_s):
            self._capture.release()
            self._capture = self._opened()
            for _ in range(point.frames):
                self._capture.grab()
        self.read_s = point.time_s
        self.frames, self.damaged = point.frames, point.damaged

    def _seek(self, stamp_s: float) -> bool:
        """Whether the frame with a timestamp was found."""
        begin_s = max(0.0, stamp_s - _SEEK_BACK_S)
        self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * begin_s)
        while self._capture.grab():
            if self._stamp_s() >= stamp_s:
                return self._stamp_s() == stamp_s
        return False

    def _check_times(self) -> None:
        if self.frames > _MOST_TIMELESS and self.read_s == 0:
            raise FootageError(
                f"{self._clip.name} has no timestamps, so when somebody came cannot "
                "be told. Put it into an .mp4 or .mkv file first: ffmpeg -i FILE -c "
                "copy FILE.mkv"
            )

    def _stated_s(self) -> float | None:
        width = self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)
        height = self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        if max(width, height) > _SIDE_LIMIT_PX:
            raise FootageError(
                f"{self._clip.name} has pictures of {width:.0f} x {height:.0f} px; "
                f"expected sides of {_SIDE_LIMIT_PX:,} px at most."
            )
        seconds = count / fps if fps > 0 else 0
        return float(seconds) if 0 < seconds < 31 * 86_400 else None


def next_due_s(last_s: float, per_s: float) -> float:
    """When the next frame is due after one at a time."""
    return float((np.floor(last_s * per_s + 1e-6) + 1) / per_s)


def retrieved(capture: cv2.VideoCapture) -> np.ndarray | None:
    """The frame that was grabbed, (h, w, 3), RGB; None where it cannot be decoded."""
    is_read, bgr = capture.retrieve()
    if not is_read or bgr is None or bgr.ndim != 3:
        return None
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _check_container(clip: Clip) -> None:
    """Refuse what is no container of pictures by its first bytes.

    Raises:
        FootageError: it is none, or cannot be opened.
    """
    try:
        with clip.path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise FootageError(
            f"{clip.name} cannot be opened: expected that this account may read it, "
            f"got '{error.strerror}'."
        ) from error
    if not head:
        raise FootageError(f"{clip.name} is empty: expected a video, got 0 bytes.")
    if not is_container(head):
        raise FootageError(
            f"{clip.name} is no video by its content: expected MP4, MOV, MKV, WebM, "
            "AVI, MPEG, WMV, FLV or OGG. Playlists and addresses are not followed."
        )


def is_container(head: bytes) -> bool:
    """Whether a file's first bytes are those of a container of pictures.

    Args:
        head: the first kilobyte, or all of a smaller file.
    """
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return True
    return head.startswith(_STARTS) or _is_transport_stream(head)


def _is_transport_stream(head: bytes) -> bool:
    return any(
        len(head) > first + 2 * step and set(head[first::step][:3]) == {0x47}
        for step in _TS_PACKET_BYTES
        for first in (0, step - 188 if step == 192 else 0)
    )


@functools.cache
def keep_ffmpeg_quiet_and_local() -> None:
    """Let FFmpeg read files alone, and not talk about damaged ones on standard error.

    OpenCV reads both variables when it opens a file.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "protocol_whitelist;file"
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
