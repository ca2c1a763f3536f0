"""Frames of a camera of this machine or its network, the newest ones only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2

from agemodel.core.errors import FootageError
from agemodel.footage.clip_reader import (
    Frame,
    FrameReader,
    ReadPoint,
    keep_ffmpeg_quiet_and_local,
    next_due_s,
    retrieved,
)
from agemodel.live.camera_list import Camera

TIMEOUT_MS = 8000
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_NETWORK = "rtsp_transport;tcp|protocol_whitelist;rtsp,rtsps,rtp,tcp,tls"
_opening = threading.Lock()


def open_camera(camera: Camera) -> Any:
    """Open a camera; give its `cv2.VideoCapture`.

    Raises:
        FootageError: it cannot be opened; its address is not in the message.
        ConfigError: as `Camera.source` raises.
    """
    keep_ffmpeg_quiet_and_local()
    source = camera.source()
    if isinstance(source, int):
        capture = cv2.VideoCapture(source)
    else:
        capture = _open_address(source)
    if not capture.isOpened():
        capture.release()
        raise FootageError(
            f"Camera {camera.name} cannot be opened: expected that it is connected and "
            "free, and that its address, user and password are right."
        )
    return capture


def _open_address(source: str) -> Any:
    """Open an address; FFmpeg reads its options from the environment as it does."""
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC]
    asked = [number for limit in limits for number in (limit, TIMEOUT_MS)]
    with _opening:
        before = os.environ[_OPTIONS]
        os.environ[_OPTIONS] = _NETWORK
        try:
            return cv2.VideoCapture(source, cv2.CAP_FFMPEG, asked)
        finally:
            os.environ[_OPTIONS] = before


class CameraReader(FrameReader):
    """Reads a stretch of a camera's time, until it is ended or the camera is lost.

    A frame that is due replaces one that nobody has taken yet: none waits in a queue.

    Attributes:
        is_lost: whether the camera gave no more.
    """

    def __init__(
        self, name: str, capture: Any, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin now.

        Args:
            name: of the camera.
            capture: as `open_camera` gives it; it stays open.
            clock: seconds.
        """
        super().__init__()
        self.is_lost = False
        self._name, self._capture, self._clock = name, capture, clock
        self._start_s = clock()
        self._news = threading.Condition()
        self._newest: Frame | None = None
        self._is_over = False

    def end(self) -> None:
        """End the stretch with the frame that is being read."""
        with self._news:
            self._is_over = True
            self._news.notify()

    def frames_at(
        self, per_s: float, after: ReadPoint | None = None
    ) -> Iterator[Frame]:
        """Frames from now on, until the camera is lost; see `FrameReader`."""
        thread = threading.Thread(
            target=self._read, args=(per_s,), name="camera", daemon=True
        )
        thread.start()
        try:
            while (frame := self._taken()) is not None:
                yield frame
        finally:
            self.end()
            thread.join()
        if self.is_lost:
            raise FootageError(f"Camera {self._name} gave no more pictures.")

    def _taken(self) -> Frame | None:
        with self._news:
            self._news.wait_for(lambda: self._newest or self._is_over)
            frame, self._newest = self._newest, None
            return frame

    def _read(self, per_s: float) -> None:
        due_s = 0.0
        while not self._is_over:
            if not self._capture.grab():
                self.is_lost = True
                self.end()
                return
            self.frames += 1
            self.read_s = self._clock() - self._start_s
            if self.read_s < due_s:
                continue
            due_s = next_due_s(self.read_s, per_s)
            rgb = retrieved(self._capture)
            if rgb is None:
                self.damaged += 1
                continue
            with self._news:
                self._newest = Frame(self.read_s, rgb)
                self._news.notify()
