from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from agemodel.core.errors import ImageError
from agemodel.images import SUFFIXES
from agemodel.serving import PhotoPaths, Upload
from tests.harness.made_archives import zip_of

needs_links = pytest.mark.skipif(os.name == "nt", reason="links need a privilege")


def found_at(*paths: Path | str) -> list[Upload]:
    return PhotoPaths().find(map(str, paths))


def names_at(*paths: Path | str) -> list[str]:
    return [upload.name for upload in found_at(*paths)]


def sentence(upload: Upload) -> str:
    with pytest.raises(ImageError) as caught:
        upload.read()
    return str(caught.value)


def write(folder: Path, *names: str) -> list[str]:
    """Files that hold their own names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return [str(folder / name) for name in names]


def test_a_folder_stands_for_its_photos_by_name(tmp_path: Path) -> None:
    photos = write(tmp_path, "a.JPG", "b.jpg", "deep/er/c.png")
    write(tmp_path, "notes.txt", "d.mp4")
    assert names_at(tmp_path) == photos
    assert found_at(tmp_path)[2].read() == b"deep/er/c.png"


@pytest.mark.parametrize("ending", SUFFIXES)
def test_every_ending_that_can_be_read_is_found_in_a_folder(
    tmp_path: Path, ending: str
) -> None:
    photos = write(tmp_path, f"a{ending}", f"b{ending.upper()}")
    assert names_at(tmp_path) == photos


def test_what_systems_leave_beside_photos_is_not_in_a_folder(tmp_path: Path) -> None:
    # one photo and the copies of it that a storage server, a desktop and macOS make
    (photo,) = write(tmp_path, "trip/a.jpg")
    write(tmp_path, "trip/@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "trip/._a.jpg")
    write(tmp_path, ".thumbnails/a.jpg", "trip/.@__thumb/a.jpg", ".Trash-1000/a.jpg")
    write(tmp_path, "__MACOSX/trip/._a.jpg")
    assert names_at(tmp_path) == [photo]


def test_a_folder_is_read_whatever_lies_above_it(tmp_path: Path) -> None:
    (photo,) = write(tmp_path, ".hidden/__MACOSX/photos/a.jpg")
    assert names_at(tmp_path / ".hidden/__MACOSX/photos") == [photo]


def test_a_folder_in_which_no_file_is_says_that_it_is_empty(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (line,) = found_at(tmp_path)
    assert line.name == str(tmp_path)
    assert sentence(line) == (
        f"{tmp_path} is empty: expected a folder with photos, got no files."
    )


def test_a_folder_without_photos_says_what_it_holds(tmp_path: Path) -> None:
    write(tmp_path, "a.mp4", "b.mp4", "c.txt", "d", "e.pdf")
    said = sentence(*found_at(tmp_path))
    assert f"{tmp_path} holds no photo" in said
    assert "got 5 others (.mp4, .pdf, .txt, others)" in said


@needs_links
def test_a_photo_to_which_links_lead_is_counted_once(tmp_path: Path) -> None:
    photos = write(tmp_path, "m.jpg", "real/n.jpg")
    (tmp_path / "a.jpg").symlink_to("m.jpg")
    (tmp_path / "z.jpg").symlink_to(photos[1])
    (tmp_path / "also").symlink_to("real", target_is_directory=True)
    paths = PhotoPaths()
    assert [upload.name for upload in paths.find([str(tmp_path)])] == photos
    assert paths.same_count == 2  # the folder's second name is not even entered


@needs_links
def test_links_to_photos_and_folders_elsewhere_are_followed(tmp_path: Path) -> None:
    write(tmp_path, "away/a.jpg", "away/deep/b.jpg")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "x.jpg").symlink_to("../away/a.jpg")
    (folder / "y").symlink_to("../away/deep", target_is_directory=True)
    assert names_at(folder) == [str(folder / "x.jpg"), str(folder / "y/b.jpg")]


@needs_links
def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    photos = write(tmp_path, "a.jpg", "deep/b.jpg")
    (tmp_path / "deep/up").symlink_to("..", target_is_directory=True)
    (tmp_path / "self.jpg").symlink_to("self.jpg")
    *found, loop = found_at(tmp_path)
    assert [upload.name for upload in found] == photos
    assert "self.jpg is a link to what is not there" in sentence(loop)


@needs_links
def test_a_link_to_nothing_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    assert "gone.jpg is a link to what is not there" in sentence(*found_at(tmp_path))


def test_folders_that_overlap_give_each_photo_once(tmp_path: Path) -> None:
    photos = write(tmp_path, "a.jpg", "deep/b.jpg")
    assert names_at(tmp_path, tmp_path / "deep") == photos
    assert names_at(photos[1], tmp_path) == [photos[1], photos[0]]
    assert names_at(tmp_path, photos[1]) == photos


def test_a_path_that_is_given_twice_is_listed_twice(tmp_path: Path) -> None:
    photos = write(tmp_path, "a.jpg")
    assert names_at(*photos, *photos) == photos * 2


def test_a_zip_stands_for_the_photos_in_it(tmp_path: Path) -> None:
    path = tmp_path / "Trip.ZIP"
    path.write_bytes(zip_of(("sub/a.jpg", b"a"), ("__MACOSX/._a.jpg", b"x")))
    (upload,) = found_at(path)
    assert (upload.name, upload.read()) == (f"{path}/sub/a.jpg", b"a")


def test_a_zip_that_is_none_or_holds_nothing_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    (tmp_path / "b.zip").write_bytes(zip_of())
    damaged, empty = found_at(tmp_path / "a.zip", tmp_path / "b.zip")
    assert "a.zip cannot be opened: expected a .zip of photos" in sentence(damaged)
    assert "b.zip is empty: expected a .zip of photos" in sentence(empty)


def test_a_dash_is_what_comes_through_standard_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"photo")))
    (upload,) = found_at("-")
    assert (upload.name, upload.read()) == ("standard input", b"photo")


def test_standard_input_has_the_cap_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_FILE_MB", "1")
    stdin = SimpleNamespace(buffer=io.BytesIO(bytes(1024**2 + 1)))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert "standard input is too large: expected at most 1 MB" in sentence(
        *found_at("-")
    )


def test_a_closed_standard_input_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert "standard input is closed" in sentence(*found_at("-"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"photo",))
    writer.start()
    (upload,) = found_at(pipe)
    assert upload.read() == b"photo"
    writer.join()


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs devices")
def test_a_device_is_a_line() -> None:
    assert "/dev/null is a device or a socket" in sentence(*found_at("/dev/null"))


def test_a_folder_that_may_not_be_opened_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photo,) = write(tmp_path, "a.jpg")
    (tmp_path / "private").mkdir()
    scan = os.scandir

    def deny(path: str) -> object:
        if os.fspath(path).endswith("private"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", deny)
    refused, upload = found_at(tmp_path)
    assert "private cannot be opened" in sentence(refused)
    assert sentence(refused).endswith("got 'Permission denied'.")
    assert upload.name == photo
