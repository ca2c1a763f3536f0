"""The commands `cameras` and `watch`: who comes by a camera of this machine."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from agemodel.cli.exit_codes import DONE
from agemodel.cli.footage_command import add_settings, seconds_of, settings_of


def add_commands(commands: Any) -> None:
    """Add `cameras` and `watch` to the parser."""
    listing = commands.add_parser("cameras", help="the cameras that cameras.toml names")
    listing.set_defaults(run=_list)
    parser = commands.add_parser(
        "watch", help="who comes by one of them, until it is stopped"
    )
    parser.add_argument("name", metavar="NAME", help="of the camera")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="for the results, a folder a day; unless given, where the app shows them",
    )
    parser.add_argument(
        "--for", dest="length", type=seconds_of, metavar="TIME", help="such as 8h"
    )
    add_settings(parser)
    parser.add_argument("--model", metavar="NAME", help="the app's unless given")
    parser.set_defaults(run=_watch)


def _list(_args: argparse.Namespace) -> int:
    from agemodel.live.camera_list import cameras_file, read_cameras

    for name, camera in read_cameras(cameras_file()).items():
        print(f"{name}: {'RTSP' if camera.usb is None else f'USB {camera.usb}'}")
    return DONE


def _watch(args: argparse.Namespace) -> int:
    from agemodel.core.paths import footage_dir
    from agemodel.live.camera_list import cameras_file, find_camera
    from agemodel.live.camera_run import CameraRun
    from agemodel.models import app_model
    from agemodel.serving import Estimator

    settings = settings_of(args)
    camera = find_camera(args.name, cameras_file())
    estimator = Estimator.load(args.model or app_model.read_name(), workers=1)
    stopped = _stop_at_a_signal()
    until_s = time.monotonic() + (args.length or float("inf"))
    run = CameraRun(
        camera, args.out or footage_dir(), estimator, settings, wait=stopped.wait
    )
    run.run(
        lambda: stopped.is_set() or time.monotonic() >= until_s,
        lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )
    return DONE


def _stop_at_a_signal() -> threading.Event:
    """Set by Ctrl-C or SIGTERM: what was seen is written; a second one ends at once."""
    stopped = threading.Event()

    def stop(number: int, _frame: object) -> None:
        stopped.set()
        signal.signal(number, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopped
