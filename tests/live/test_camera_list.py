from __future__ import annotations

from pathlib import Path

import pytest

from agemodel.core.errors import ConfigError
from agemodel.live.camera_list import find_camera, read_cameras

PASSWORD = "pass/word@1"
ENTRANCE = """
[entrance]
rtsp = "rtsp://192.168.1.20:8554/stream?channel=1"
user_from = "ENTRANCE_USER"
password_from = "ENTRANCE_PASSWORD"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cameras.toml"


def test_cameras_are_read_by_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(f"[desk]\nusb = 0\n{ENTRANCE}", "utf-8")
    cameras = read_cameras(file)
    assert list(cameras) == ["desk", "entrance"]
    assert cameras["desk"].source() == 0
    monkeypatch.setenv("ENTRANCE_USER", "viewer")
    monkeypatch.setenv("ENTRANCE_PASSWORD", PASSWORD)
    assert cameras["entrance"].source() == (
        "rtsp://viewer:pass%2Fword%401@192.168.1.20:8554/stream?channel=1"
    )


def test_a_password_that_is_not_set_is_named_by_its_variable(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(ENTRANCE, "utf-8")
    monkeypatch.setenv("ENTRANCE_USER", "viewer")
    monkeypatch.setenv("ENTRANCE_PASSWORD", "")
    with pytest.raises(ConfigError, match="ENTRANCE_PASSWORD, which is not set"):
        find_camera("entrance", file).source()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a]\nrtsp = 'rtsp://me:secret@host/x'", "user or password in its address"),
        ("[a]\nrtsp = 'rtsp://secret@host/x'", "user or password in its address"),
        ("[a]\nrtsp = 'http://secret/x'", "an address such as"),
        ("[a]\nrtsp = 'file:///etc/secret'", "an address such as"),
        ("[a]\nrtsp = '/secret'", "an address such as"),
        ("[a]\nrtsp = 'rtsp://[secret'", "an address such as"),
        ("[a]\nusb = 0\nrtsp = 'rtsp://secret'", "either usb"),
        ("[a]", "either usb"),
        ("[a]\nusb = true", "a number such as 0"),
        ("[a]\nusb = -1", "a number such as 0"),
        ("[a]\nusb = '/dev/secret'", "a number such as 0"),
        ("[a]\nusb = 0\nuser_from = 'SECRET'", "usb alone"),
        ("[a]\nrtsp = 'rtsp://host'\npassword = 'secret'", "other entries"),
        ("[a]\nrtsp = 'rtsp://host'\nuser_from = 'U'", "both user_from"),
        ("a = 'secret'", "other entries"),
        ("['../secret']\nusb = 0", "other characters"),
        ("[a\nusb = secret", "expected TOML"),
    ],
)
def test_what_a_file_may_not_say_is_refused_and_not_repeated(
    file: Path, text: str, words: str
) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=words) as refused:
        read_cameras(file)
    assert "secret" not in str(refused.value).lower()


def test_a_missing_file_or_camera_says_what_to_do(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"docs/live\.md"):
        find_camera("desk", file)
    file.write_text("[desk]\nusb = 0", "utf-8")
    with pytest.raises(ConfigError, match="It names: desk"):
        find_camera("entrance", file)
