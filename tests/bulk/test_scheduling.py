"""Shards through pools that die, without a process."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agemodel.bulk.file_list import Task
from agemodel.bulk.parts import Part, PartRows
from agemodel.bulk.scheduling import Finished, work_through
from agemodel.serving import PhotoResult


def part_of(task: Task) -> Part:
    rows = PartRows()
    for row, name in enumerate(task.names, task.start):
        rows.add(row, PhotoResult(name, 9, 9))
    return rows.part()


class FragilePool:
    """Dies of files that are deadly, now and then of others; finishes in any order."""

    def __init__(self, size: int, deadly: set[str], draw: st.DrawFn) -> None:
        self.files_begun = 0
        self.tried: list[str] = []
        self._size, self._deadly, self._draw = size, deadly, draw
        self._tasks: list[Task] = []

    @property
    def is_free(self) -> bool:
        return len(self._tasks) < self._size

    def submit(self, task: Task) -> None:
        assert self.is_free
        self._tasks.append(task)

    def wait(self) -> list[Finished]:
        number = self._draw(st.integers(0, len(self._tasks) - 1))
        task = self._tasks.pop(number)
        self.tried += task.names
        is_killed = len(task.names) > 1 and self._draw(st.integers(0, 9)) == 0
        if is_killed or not self._deadly.isdisjoint(task.names):
            return [Finished(task, None, "signal SIGKILL")]
        return [Finished(task, part_of(task))]

    def close(self) -> None:
        pass


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_every_file_has_one_row_and_only_the_deadly_ones_are_left_out(
    data: st.DataObject,
) -> None:
    sizes = data.draw(st.lists(st.integers(1, 130), max_size=4))
    names = [f"{number}.jpg" for number in range(sum(sizes))]
    deadly = set(
        data.draw(
            st.lists(st.sampled_from(names), max_size=4) if names else st.just([])
        )
    )
    starts = [sum(sizes[:shard]) for shard in range(len(sizes))]
    shards = [
        Task(shard, start, tuple(names[start : start + size]))
        for shard, (start, size) in enumerate(zip(starts, sizes, strict=True))
    ]
    pool = FragilePool(data.draw(st.integers(1, 4)), deadly, data.draw)
    files = []
    found = dict(work_through(shards, pool, files.append))
    assert sorted(found) == list(range(len(sizes)))
    for shard in shards:
        table = found[shard.shard].files
        places = range(shard.start, shard.start + len(shard.names))
        assert table["row"].to_pylist() == list(places)
        assert table["file"].to_pylist() == list(shard.names)
    rows = [row for part in found.values() for row in part.files.to_pylist()]
    assert {row["file"] for row in rows if row["ended_process"]} == deadly
    assert {row["file"] for row in rows if row["error"]} == deadly
    assert files == sorted(files)
    assert files[-1:] == ([len(names)] if names else [])
    # alone, a deadly file is tried twice, for its process may die of something else
    assert all(pool.tried.count(name) >= 2 for name in deadly)
