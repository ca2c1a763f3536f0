from __future__ import annotations

from agemodel.live.snapshots import MOST_KEPT, Snapshots


def test_a_snapshot_is_fetched_once() -> None:
    snapshots = Snapshots()
    name = snapshots.keep(b"photo")
    assert snapshots.fetch(name) == b"photo"
    assert snapshots.fetch(name) is None
    assert snapshots.fetch("another") is None


def test_the_oldest_make_room() -> None:
    snapshots = Snapshots()
    names = [snapshots.keep(b"%d" % n) for n in range(MOST_KEPT + 1)]
    assert len(set(names)) == MOST_KEPT + 1
    assert snapshots.fetch(names[0]) is None
    assert snapshots.fetch(names[1]) == b"1"
