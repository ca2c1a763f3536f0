"""The whole official archive; run where AGEMODEL_TEST_ARCHIVE names it."""

import tarfile
from collections import Counter
from pathlib import PurePosixPath

from agemodel.dataset.archive import import_dataset
from agemodel.dataset.index import image_path, read_index, read_rejects


def test_all_usable_images_and_the_three_rejects_are_counted(real_data_dir):
    index = read_index(real_data_dir)
    # 23,707 files, of which three have no race in their name
    assert len(index) == 23_704
    assert index["file"].is_monotonic_increasing
    assert index["file"].is_unique
    rejects = read_rejects(real_data_dir)
    assert set(rejects["reason"]) == {"The name has no race field."}
    assert rejects["file"].str[:22].tolist() == [
        "39_1_20170116174525125",
        "61_1_20170109142408075",
        "61_1_20170109150557335",
    ]


def test_stored_files_equal_the_archives_bytes(real_archive, real_data_dir):
    compared = Counter()
    with tarfile.open(real_archive) as archive:
        for number, member in enumerate(archive):
            # every 50th file of 23,707, so about 474
            if member.isfile() and number % 50 == 0:
                name = PurePosixPath(member.name).name
                stored = image_path(real_data_dir, name).read_bytes()
                compared[stored == archive.extractfile(member).read()] += 1
    assert compared[False] == 0
    assert compared[True] > 400


def test_a_second_import_is_recognised(real_archive, real_data_dir):
    report = import_dataset(real_archive, real_data_dir)
    assert report.already_there
    assert (report.usable, len(report.rejects), report.without_split) == (23_704, 3, 0)
