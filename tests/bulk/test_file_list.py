from __future__ import annotations

from collections.abc import Iterator

import pytest

from agemodel.bulk.file_list import check_list, read_shards, write_list
from agemodel.bulk.stores import LocalStore
from agemodel.core.errors import BulkError


def test_names_come_back_in_shards_and_are_never_all_in_memory(tmp_path) -> None:
    store, asked, listed = LocalStore(tmp_path), [], []

    def names() -> Iterator[str]:
        for number in range(25):
            assert number - (listed[-1] if listed else 0) < 10
            asked.append(f"/photos/{number}\udcff.jpg")
            yield asked[-1]

    found = write_list(store, names(), 10, listed.append)
    assert (found.count, listed) == (25, [10, 20, 25])
    check_list(store, found)
    first, last = read_shards(store, 10, lambda shard: shard != 1)
    assert (first.shard, first.start, first.names) == (0, 0, tuple(asked[:10]))
    assert (last.shard, last.start, last.names) == (2, 20, tuple(asked[20:]))


def test_a_list_that_is_not_finished_is_not_there(tmp_path) -> None:
    def names() -> Iterator[str]:
        yield "/a.jpg"
        raise BulkError("the source is gone")

    with pytest.raises(BulkError, match="the source is gone"):
        write_list(LocalStore(tmp_path), names(), 10, lambda count: None)
    assert list(tmp_path.iterdir()) == []
