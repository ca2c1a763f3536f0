"""The cameras of this machine and its network, as whoever runs the app names them.

The file `cameras.toml`, or the one that `AGEMODEL_CAMERAS` names::

    [desk]
    usb = 0

    [entrance]
    rtsp = "rtsp://192.168.1.20/stream1"
    user_from = "ENTRANCE_USER"          # names of environment variables, which hold
    password_from = "ENTRANCE_PASSWORD"  # what the camera asks for

A password stands in no file, and in no message: it is read when the camera is opened,
and kept nowhere.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from agemodel.core import paths
from agemodel.core.errors import ConfigError

SETTING = "AGEMODEL_CAMERAS"
FILE = "cameras.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_KEYS = {"usb", "rtsp", "user_from", "password_from"}
_SCHEMES = ("rtsp", "rtsps")


@dataclass(frozen=True)
class Camera:
    """A camera.

    Attributes:
        name: of it.
        usb: its number on this machine; None where it has an address.
        address: without user and password; empty where it has a number.
        user_from: the environment variable that holds the user; empty without one.
        password_from: the one that holds the password; likewise.
    """

    name: str
    usb: int | None = None
    address: str = ""
    user_from: str = ""
    password_from: str = ""

    def source(self) -> int | str:
        """What opens it: its number, or its address with user and password.

        Raises:
            ConfigError: a variable that should hold one of them is not set.
        """
        if self.usb is not None:
            return self.usb
        if not self.user_from:
            return self.address
        user, password = (
            quote(_variable(self.name, name), safe="")
            for name in (self.user_from, self.password_from)
        )
        scheme, _, rest = self.address.partition("://")
        return f"{scheme}://{user}:{password}@{rest}"


def cameras_file() -> Path:
    """The file that names the cameras."""
    named = os.environ.get(SETTING)
    return Path(os.path.expanduser(named)) if named else paths.home() / FILE


def read_cameras(file: Path) -> dict[str, Camera]:
    """The cameras that a file names, by their names.

    Raises:
        ConfigError: it is missing, or says what it may not; nothing of what it says
            stands in the message but names.
    """
    try:
        entries = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{file} is not there: expected a file that names the cameras, see "
            f"docs/live.md. Write it, or name another one by {SETTING}."
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{file} cannot be read: expected TOML, see docs/live.md."
        ) from error
    return {name: _camera(name, entry) for name, entry in entries.items()}


def find_camera(name: str, file: Path) -> Camera:
    """A camera by its name.

    Raises:
        ConfigError: the file names no such camera, or cannot be read.
    """
    cameras = read_cameras(file)
    if name not in cameras:
        raise ConfigError(
            f"{file} names no such camera. It names: {', '.join(cameras) or 'none'}."
        )
    return cameras[name]


def _camera(name: str, entry: Any) -> Camera:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "A camera's name has other characters: expected up to 40 of a to z, 0 to 9 "
            "and '-', such as [entrance-2]."
        )
    if not isinstance(entry, dict) or not set(entry) <= _KEYS:
        raise ConfigError(
            f"Camera {name} has other entries: expected {', '.join(sorted(_KEYS))}."
        )
    if ("usb" in entry) == ("rtsp" in entry):
        raise ConfigError(
            f"Camera {name} needs either usb, a number, or rtsp, an address."
        )
    if "usb" in entry:
        return Camera(name, usb=_usb(name, entry))
    user, password = (str(entry.get(f"{w}_from", "")) for w in ("user", "password"))
    if bool(user) != bool(password):
        raise ConfigError(
            f"Camera {name} needs both user_from and password_from, or neither."
        )
    return Camera(name, None, _address(name, entry["rtsp"]), user, password)


def _usb(name: str, entry: dict[str, Any]) -> int:
    number = entry["usb"]
    if len(entry) > 1 or type(number) is not int or not 0 <= number < 100:
        raise ConfigError(
            f"Camera {name}: expected usb alone, a number such as 0 for the first one."
        )
    return number


def _address(name: str, address: Any) -> str:
    try:
        parts = urlsplit(str(address))
        is_one = parts.scheme in _SCHEMES and bool(parts.hostname)
    except ValueError:
        is_one = False
    if not is_one:
        raise ConfigError(
            f"Camera {name}: expected an address such as rtsp://192.168.1.20/stream1."
        )
    if "@" in parts.netloc:
        raise ConfigError(
            f"Camera {name} has a user or password in its address: put them into "
            "environment variables, and the names of those into user_from and "
            "password_from."
        )
    return str(address)


def _variable(camera: str, name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ConfigError(
            f"Camera {camera} needs the environment variable {name}, which is not set."
        )
    return value
