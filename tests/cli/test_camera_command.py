from __future__ import annotations

from pathlib import Path

import pytest

from agemodel.cli import main

PASSWORD = "pass-w0rd"
CAMERAS = """
[desk]
usb = 0

[entrance]
rtsp = "rtsp://127.0.0.1:9/stream"
user_from = "ENTRANCE_USER"
password_from = "ENTRANCE_PASSWORD"
"""


@pytest.fixture(autouse=True)
def cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "cameras.toml"
    file.write_text(CAMERAS, "utf-8")
    monkeypatch.setenv("AGEMODEL_CAMERAS", str(file))
    monkeypatch.setenv("ENTRANCE_USER", "viewer")
    monkeypatch.setenv("ENTRANCE_PASSWORD", PASSWORD)
    return file


def test_cameras_are_listed_by_name_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cameras"]) == 0
    assert capsys.readouterr().out == "desk: USB 0\nentrance: RTSP\n"


def test_a_camera_that_nobody_named_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "rtsp://10.0.0.1/x", "--out", str(tmp_path / "out")]) == 1
    assert "It names: desk, entrance." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_password_ends_the_watch_with_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ENTRANCE_PASSWORD")
    assert main(["watch", "entrance", "--out", str(tmp_path / "out")]) == 1
    assert "ENTRANCE_PASSWORD, which is not set" in capsys.readouterr().err


def test_a_watch_ends_after_its_time_and_names_no_address(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["watch", "entrance", "--out", str(tmp_path / "out"), "--for", "0.001s"]
    assert main(arguments) == 0
    said = "".join(capfd.readouterr())
    assert PASSWORD not in said and "127.0.0.1" not in said
