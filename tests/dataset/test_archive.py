import io
import os
import random
import signal
import stat
import subprocess
import sys
import tarfile
from types import SimpleNamespace

import pytest

from agemodel.core import paths
from agemodel.core.errors import DatasetError, ImageError
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.index import image_path, images_dir, read_index, read_rejects
from agemodel.dataset.members import Limits, iter_members
from agemodel.images import read_image
from tests.harness.bit_flips import flipped
from tests.harness.dataset_archives import (
    add_to_tar,
    face_name,
    faces,
    splits_of,
    tiny_jpeg,
    write_folder,
    write_tar,
    write_zip,
)
from tests.harness.made_archives import archive_of, deflated, same_bytes_often, stored
from tests.harness.made_faces import noise
from tests.harness.pictures import file_of

WRITERS = {
    "tar.gz": lambda folder, files: write_tar(folder / "source.tar.gz", files),
    "tgz": lambda folder, files: write_tar(folder / "source.tgz", files),
    "tar": lambda folder, files: write_tar(folder / "source.tar", files),
    "zip": lambda folder, files: write_zip(folder / "source.zip", files),
    "folder": lambda folder, files: write_folder(folder / "source", files),
}


@pytest.fixture(params=WRITERS)
def write_source(request, tmp_path):
    """A function from files to a source of each kind in turn."""
    return lambda files: WRITERS[request.param](tmp_path, files)


def names_in(data_dir):
    """What stands in the data folder, but for the lock."""
    return sorted(path.name for path in data_dir.iterdir() if path.name[0] != ".")


def assert_nothing_imported(data_dir):
    """No dataset, and no leftover of an attempt."""
    with pytest.raises(DatasetError, match="There is no dataset yet"):
        read_index(data_dir)
    assert names_in(data_dir) == []


# ---------------------------------------------------------------- every kind


def test_usable_images_are_stored_as_they_are(write_source, data_dir):
    source = write_source(faces(5))
    report = import_dataset(source, data_dir)
    assert (report.usable, report.rejects, report.already_there) == (5, (), False)
    files = read_index(data_dir)["file"].tolist()
    assert files == sorted(face_name(number) for number in range(5))
    for number in range(5):
        stored = image_path(data_dir, face_name(number)).read_bytes()
        assert stored == tiny_jpeg(number)


def test_files_that_are_not_usable_are_rejects_with_a_reason(write_source, data_dir):
    files = [
        *faces(2),
        ("39_1_20170116174525125.jpg.chip.jpg", tiny_jpeg()),
        (face_name(7), b"GIF89a..."),
        (face_name(8), tiny_jpeg()[:-2]),
        ("readme.txt", b"hello"),
        (face_name(9), b""),
        (face_name(10), without_tables(tiny_jpeg())),
        ("inner.zip", b"PK\x03\x04"),
    ]
    report = import_dataset(write_source(files), data_dir)
    assert report.usable == 2
    assert dict(report.rejects) == {
        "39_1_20170116174525125.jpg.chip.jpg": "The name has no race field.",
        face_name(7): "The file is not a JPEG image.",
        face_name(8): "The JPEG image is cut short.",
        face_name(9): "The file is not a JPEG image.",
        face_name(10): "The JPEG image cannot be decoded.",
        "readme.txt": "The file is not a JPEG image.",
        "inner.zip": "The file is an archive inside the source, which is not opened: "
        "unpack it and import it by itself.",
    }
    assert report.reasons["The file is not a JPEG image."] == 3
    assert len(list(images_dir(data_dir).iterdir())) == 2


def without_tables(jpeg):
    """A JPEG with comments where its quantisation tables were; its ends are whole."""
    assert jpeg.count(b"\xff\xdb") == 2
    return jpeg.replace(b"\xff\xdb", b"\xff\xfe")


def test_what_is_imported_can_be_decoded_and_the_rest_is_counted(
    write_source, data_dir
):
    rng = random.Random(0)
    whole = file_of(noise(24, 24), "JPEG")
    spoilt = [bytearray(whole) for _ in range(60)]
    for content in spoilt:  # a byte of the headers, behind the mark of a JPEG
        content[rng.randrange(3, whole.index(b"\xff\xda"))] = rng.randrange(256)
    files = [(face_name(n), bytes(content)) for n, content in enumerate(spoilt)]
    report = import_dataset(write_source(files), data_dir)
    readable = {name for name, content in files if is_readable(content)}
    assert 0 < len(readable) < 60
    assert set(read_index(data_dir)["file"]) == readable
    assert report.reasons == {"The JPEG image cannot be decoded.": 60 - len(readable)}


def is_readable(content):
    try:
        read_image(content)
    except ImageError:
        return False
    return True


def test_the_second_file_of_a_name_is_a_reject(write_source, data_dir):
    files = [("a/" + face_name(1), tiny_jpeg(10)), ("b/" + face_name(1), tiny_jpeg(20))]
    report = import_dataset(write_source(files), data_dir)
    assert report.rejects == ((face_name(1), "Another file of this name came before."),)
    assert image_path(data_dir, face_name(1)).read_bytes() == tiny_jpeg(10)


def test_a_systems_own_clutter_is_skipped_and_counted(write_source, data_dir):
    files = [
        *faces(1),
        ("__MACOSX/UTKFace/" + face_name(2), tiny_jpeg()),
        ("UTKFace/._" + face_name(0), b"x"),
        ("UTKFace/.DS_Store", b"x"),
    ]
    report = import_dataset(write_source(files), data_dir)
    assert (report.usable, report.rejects, report.skipped) == (1, (), 3)
    assert "3 files of the system's own were skipped" in report.sentence


def test_a_file_over_the_cap_is_a_reject(write_source, data_dir):
    files = [*faces(2), (face_name(9), tiny_jpeg() + bytes(100_000_000))]
    report = import_dataset(write_source(files), data_dir)
    assert report.usable == 2
    assert report.rejects == ((face_name(9), "The file is larger than 5 MB."),)


def test_a_file_of_the_cap_itself_is_read(write_source, data_dir):
    cap = Limits(file_bytes=len(tiny_jpeg(0)))
    larger = tiny_jpeg(0)[:-2] + b"\0\xff\xd9"
    files = [(face_name(0), tiny_jpeg(0)), (face_name(1), larger)]
    report = import_dataset(write_source(files), data_dir, limits=cap)
    assert (report.usable, len(report.rejects)) == (1, 1)


def test_more_bytes_than_the_total_are_refused(write_source, data_dir):
    source = write_source(faces(20))
    limits = Limits(total_bytes=10 * len(tiny_jpeg()))
    with pytest.raises(DatasetError, match="refused: it unpacks to more than"):
        import_dataset(source, data_dir, limits=limits)
    assert_nothing_imported(data_dir)


def test_more_files_than_the_cap_are_refused(write_source, data_dir):
    source = write_source(faces(6))
    assert import_dataset(source, data_dir, limits=Limits(files=6)).usable == 6
    with pytest.raises(DatasetError, match="more than 5 files"):
        import_dataset(source, data_dir, limits=Limits(files=5), force=True)
    assert len(read_index(data_dir)) == 6


def test_a_source_without_a_readable_name_is_told(write_source, data_dir):
    source = write_source([("photo.jpg", tiny_jpeg())])
    with pytest.raises(DatasetError, match=r"no image of UTKFace.*1 files.*photo\.jpg"):
        import_dataset(source, data_dir)
    assert_nothing_imported(data_dir)


def test_an_empty_source_is_told(write_source, data_dir, tmp_path):
    (tmp_path / "source").mkdir()
    with pytest.raises(DatasetError, match="no image of UTKFace"):
        import_dataset(write_source([]), data_dir)
    assert_nothing_imported(data_dir)


def test_images_that_no_split_names_are_counted(write_source, data_dir):
    splits = splits_of((face_name(0), "val", "", ""))
    report = import_dataset(write_source(faces(3)), data_dir, splits=splits)
    assert report.without_split == 2
    assert "2 images are in no split" in report.sentence
    assert read_index(data_dir)["split"].tolist() == ["val", "", ""]


def test_progress_grows_to_the_whole_source(write_source, data_dir):
    told = []
    import_dataset(
        write_source(faces(600)), data_dir, progress=lambda *step: told.append(step)
    )
    done = [step[0] for step in told]
    # at files 0, 250 and 500, and at the end
    assert len(told) == 4
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == told[-1][1] > 0
    assert told[-1][2] == "600 images"


# ---------------------------------------------------------------- the same again


def test_the_same_source_is_recognised(write_source, data_dir):
    source = write_source([*faces(3), ("x.txt", b"x"), (".DS_Store", b"x")])
    first = import_dataset(source, data_dir)
    before = names_in(data_dir)
    second = import_dataset(source, data_dir)
    assert (first.already_there, second.already_there) == (False, True)
    assert second.usable == first.usable == 3
    assert second.rejects == first.rejects != ()
    assert second.skipped == first.skipped == 1
    assert names_in(data_dir) == before


def test_force_imports_the_same_source_again(data_dir, tmp_path):
    source = write_tar(tmp_path / "a.tar.gz", faces(3))
    import_dataset(source, data_dir)
    before = images_dir(data_dir)
    assert not import_dataset(source, data_dir, force=True).already_there
    assert images_dir(data_dir) != before
    assert not before.exists()


def test_a_changed_file_in_a_folder_is_another_source(data_dir, tmp_path):
    source = write_folder(tmp_path / "source", faces(3, folder=""))
    import_dataset(source, data_dir)
    (source / face_name(2)).unlink()
    assert import_dataset(source, data_dir).usable == 2


def test_other_splits_are_another_import(data_dir, tmp_path):
    source = write_tar(tmp_path / "a.tar.gz", faces(1))
    import_dataset(source, data_dir)
    splits = splits_of((face_name(0), "test", "", ""))
    assert not import_dataset(source, data_dir, splits=splits).already_there
    assert read_index(data_dir)["split"].tolist() == ["test"]


@pytest.mark.parametrize("harm", ["image lost", "image cut", "index", "record"])
def test_a_damaged_dataset_is_repaired_by_the_same_import(data_dir, tmp_path, harm):
    source = write_tar(tmp_path / "a.tar.gz", faces(3))
    import_dataset(source, data_dir)
    image = image_path(data_dir, face_name(1))
    if harm == "image lost":
        image.unlink()
    elif harm == "image cut":
        image.write_bytes(b"")
    elif harm == "index":
        (images_dir(data_dir).parent / "index.parquet").write_bytes(b"PAR1")
    else:
        (data_dir / "import.json").write_text("{}")
    assert not import_dataset(source, data_dir).already_there
    assert image_path(data_dir, face_name(1)).read_bytes() == tiny_jpeg(1)
    assert len(read_index(data_dir)) == 3
    assert len(names_in(data_dir)) == 2  # the record and one import


def test_another_source_takes_the_place_of_the_old(data_dir, tmp_path):
    import_dataset(write_tar(tmp_path / "a.tar.gz", faces(3)), data_dir)
    import_dataset(write_zip(tmp_path / "b.zip", faces(2, age=50)), data_dir)
    assert read_index(data_dir)["age"].tolist() == [50, 50]
    assert len(names_in(data_dir)) == 2


def test_a_refused_source_leaves_the_old_dataset(data_dir, tmp_path):
    import_dataset(write_tar(tmp_path / "a.tar.gz", faces(3)), data_dir)
    bad = write_tar(tmp_path / "b.tar.gz", [*faces(9), ("../evil.jpg", tiny_jpeg())])
    with pytest.raises(DatasetError, match="refused"):
        import_dataset(bad, data_dir)
    assert len(read_index(data_dir)) == 3
    assert len(names_in(data_dir)) == 2


def test_other_files_in_the_data_folder_are_left_alone(data_dir, tmp_path):
    mine = data_dir / "utkface-mine"
    mine.mkdir(parents=True)
    (mine / "note.txt").write_text("keep")
    import_dataset(write_tar(tmp_path / "a.tar.gz", faces(1)), data_dir)
    assert (mine / "note.txt").read_text() == "keep"


# ---------------------------------------------------------------- malformed archives


@pytest.mark.parametrize("kind", ["tar.gz", "tar", "zip"])
def test_an_archive_with_a_name_that_points_outside_is_refused(
    kind, data_dir, tmp_path
):
    source = WRITERS[kind](tmp_path, [*faces(2), ("../evil.jpg", tiny_jpeg())])
    with pytest.raises(DatasetError, match=r"refused.*points outside"):
        import_dataset(source, data_dir)
    assert_nothing_imported(data_dir)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", source.name]


LINK = stored("a", mode=stat.S_IFLNK | 0o777)


def zip_with(member):
    return archive_of([stored(face_name(0), tiny_jpeg()), member])


def tar_with_a_link():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        add_to_tar(archive, face_name(0), tiny_jpeg())
        add_to_tar(archive, face_name(1), kind=tarfile.SYMTYPE, target="/etc/passwd")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zip_with(LINK), r"refused.*a link, a device"),
        (zip_with(stored("a", flags=1)), r"refused.*encrypted"),
        (zip_with(stored("a", method=14)), r"refused.*another way than deflate"),
        (zip_with(deflated("a", bytes(100_000_000), size=99)), "damaged"),
        (zip_with(stored("a", crc=1)), "damaged"),
        (same_bytes_often(3, 1000), r"refused.*shares its bytes with another"),
        (tar_with_a_link(), r"refused.*a link, a device"),
    ],
)
def test_an_archive_with_a_member_that_must_not_be_read_is_refused(
    content, said, data_dir, tmp_path
):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DatasetError, match=said):
        import_dataset(tmp_path / "a", data_dir)
    assert_nothing_imported(data_dir)


def test_a_link_in_a_folder_is_a_reject_and_not_followed(data_dir, tmp_path):
    source = write_folder(tmp_path / "source", faces(1, folder=""))
    secret = write_folder(tmp_path / "secret", faces(3, age=40, folder=""))
    (source / face_name(8)).symlink_to(secret / face_name(0, 40))
    (source / "more").symlink_to(secret, target_is_directory=True)
    os.mkfifo(source / face_name(9))
    report = import_dataset(source, data_dir)
    assert report.usable == 1
    assert [name for name, _ in report.rejects] == [face_name(8), face_name(9), "more"]
    assert list(report.reasons) == [
        "The file is a link or a device, which is not followed."
    ]


def test_control_characters_in_a_name_are_written_out(data_dir, tmp_path):
    files = [*faces(1), ("a\x1b[31mb.txt", b"x"), ("c" * 300, b"x")]
    report = import_dataset(write_zip(tmp_path / "a.zip", files), data_dir)
    assert report.rejects[0][0] == "a\\x1b[31mb.txt"
    assert report.rejects[1][0] == "c" * 199 + "…"
    assert read_rejects(data_dir)["file"][0] == "a\\x1b[31mb.txt"


def test_a_name_that_is_not_text_is_stored(data_dir, tmp_path):
    files = [*faces(1), ("caf\udce9.txt", b"x")]  # Latin-1 in a tar
    source = write_tar(tmp_path / "a.tar", files)
    assert import_dataset(source, data_dir).rejects[0][0] == "caf\\udce9.txt"


# ---------------------------------------------------------------- damaged archives


def test_a_tar_cut_or_damaged_at_the_head_of_a_file_is_refused(tmp_path):
    source = write_tar(tmp_path / "a.tar", faces(6))
    with tarfile.open(source) as archive:
        third = archive.getmembers()[2].offset
    content = source.read_bytes()
    flipped = bytes([content[third] ^ 1])
    for harmed in (content[:third], content[:third] + flipped + content[third + 1 :]):
        source.write_bytes(harmed)
        with pytest.raises(DatasetError, match="damaged"):
            list(iter_members(source, Limits()))


@pytest.mark.parametrize(
    "content", [b"<html>Too many downloads</html>", b"", b"BZh91AY&SY" + bytes(600)]
)
def test_another_file_named_tar_gz_is_told(content, data_dir, tmp_path):
    (tmp_path / "UTKFace.tar.gz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"not a \.tar\.gz, \.tar or \.zip archive"):
        import_dataset(tmp_path / "UTKFace.tar.gz", data_dir)


@pytest.mark.parametrize("kind", ["tar.gz", "tar", "zip"])
def test_an_archive_cut_short_anywhere_is_refused(kind, data_dir, tmp_path):
    source = WRITERS[kind](tmp_path, faces(6))
    content = source.read_bytes()
    # a tar ends with 20 blocks' worth of zeros, of which only the first matter
    end = len(content.rstrip(b"\0")) if kind == "tar" else len(content)
    for fraction in (0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        source.write_bytes(content[: int(end * fraction)])
        with pytest.raises(DatasetError, match="damaged"):
            list(iter_members(source, Limits()))


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_a_flipped_bit_is_refused_or_harmless(kind, tmp_path):
    source = WRITERS[kind](tmp_path, faces(6))
    content = source.read_bytes()
    intact = [(m.name, m.data) for m in iter_members(source, Limits())]
    rng = random.Random(0)
    refused = 0
    for position in rng.sample(range(len(content) * 8), 300):
        source.write_bytes(flipped(content, position))
        try:
            found = [(m.name, m.data) for m in iter_members(source, Limits())]
        except DatasetError:
            refused += 1
        else:
            # e.g. the time of packing, which nobody reads
            assert found == intact
    assert refused > 150


# ---------------------------------------------------------------- misuse


def test_a_source_that_is_not_there_is_told(data_dir, tmp_path):
    with pytest.raises(DatasetError, match="There is no archive or folder at"):
        import_dataset(tmp_path / "none.tar.gz", data_dir)
    assert not data_dir.exists()


def test_the_data_folder_itself_is_no_source(data_dir, tmp_path):
    import_dataset(write_tar(tmp_path / "a.tar.gz", faces(2)), data_dir)
    for source in (tmp_path, data_dir, images_dir(data_dir)):
        with pytest.raises(DatasetError, match="lie in each other"):
            import_dataset(source, data_dir)
    assert len(read_index(data_dir)) == 2


def test_a_folder_beside_the_import_in_the_data_folder_is_a_source(data_dir):
    source = write_folder(data_dir / "UTKFace", faces(2, folder=""))
    assert import_dataset(source, data_dir).usable == 2
    assert len(list(source.iterdir())) == 2


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "data").write_text("a file")
    source = write_tar(tmp_path / "a.tar.gz", faces(1))
    with pytest.raises(
        DatasetError, match=r"import of a\.tar\.gz cannot be written.*AGEMODEL_DATA"
    ):
        import_dataset(source, tmp_path / "data")


def test_a_full_disk_leaves_the_old_dataset(data_dir, tmp_path, monkeypatch):
    import_dataset(write_tar(tmp_path / "a.tar.gz", faces(2)), data_dir)
    source = write_tar(tmp_path / "b.tar.gz", faces(5))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agemodel.dataset.archive.write_table", full)
    with pytest.raises(DatasetError, match=r"disk of .* is full"):
        import_dataset(source, data_dir)
    assert len(read_index(data_dir)) == 2
    assert len(names_in(data_dir)) == 2


def test_an_import_without_room_is_told_before_it_begins(
    data_dir, tmp_path, monkeypatch
):
    source = write_folder(tmp_path / "source", [("a.bin", bytes(3_000_000))])
    usage = SimpleNamespace(free=2_900_000)
    monkeypatch.setattr("agemodel.core.files.shutil.disk_usage", lambda _: usage)
    with pytest.raises(DatasetError, match=r"2\.9 MB free.*import needs 3\.0 MB"):
        import_dataset(source, data_dir)


def test_two_imports_at_once_are_told(data_dir, tmp_path):
    source = write_tar(tmp_path / "a.tar.gz", faces(2))
    messages = []

    def import_too(*_):
        with pytest.raises(DatasetError) as caught:
            import_dataset(source, data_dir)
        messages.append(str(caught.value))

    assert import_dataset(source, data_dir, progress=import_too).usable == 2
    assert messages
    assert all("Another import" in message for message in messages)
    assert import_dataset(source, data_dir).already_there  # the lock is free again


# ---------------------------------------------------------------- killed


IMPORT = """
import os, signal, sys
from pathlib import Path
import agemodel.dataset.archive as archive

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

source, data_dir, moment = sys.argv[1:]
progress = None
if moment == "unpacking":
    progress = lambda done, total, text: done and die()
elif moment == "before tables":
    archive.write_table = die
elif moment == "before commit":
    os.replace = die
elif moment == "after commit":
    replace = os.replace
    os.replace = lambda *names: (replace(*names), die())
archive.import_dataset(Path(source), Path(data_dir), progress=progress, force=True)
"""


def ages_and_images(data_dir):
    """The ages in the index; every image it names must be there, and whole."""
    index = read_index(data_dir)
    for number in range(0, len(index), 37):
        stored = image_path(data_dir, index["file"][number]).read_bytes()
        assert stored.startswith(b"\xff\xd8")
        assert stored.endswith(b"\xff\xd9")
    assert len(list(images_dir(data_dir).iterdir())) == len(index)
    return set(index["age"])


@pytest.mark.parametrize(
    "moment", ["unpacking", "before tables", "before commit", "after commit"]
)
def test_a_kill_at_each_step_leaves_one_whole_dataset(moment, data_dir, tmp_path):
    old = write_tar(tmp_path / "old.tar.gz", faces(300))
    new = write_tar(tmp_path / "new.tar.gz", faces(300, age=60))
    import_dataset(old, data_dir)
    command = [sys.executable, "-c", IMPORT, new, data_dir, moment]
    assert subprocess.run(command, cwd=paths.ROOT).returncode == -signal.SIGKILL
    assert len(names_in(data_dir)) == 3  # the record, a dataset and a leftover
    assert ages_and_images(data_dir) == ({60} if moment == "after commit" else {30})
    import_dataset(new, data_dir)
    assert ages_and_images(data_dir) == {60}
    assert len(names_in(data_dir)) == 2
