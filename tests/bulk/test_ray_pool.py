"""Runs on Ray clusters of this machine, where Ray is installed."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agemodel.bulk import BulkOptions, Counts, run_bulk
from agemodel.core.errors import ClusterError
from tests.harness.bulk_photos import (
    FragileWork,
    check_rows,
    tables,
    write_mixed_photos,
    write_photos,
)

OPTIONS = BulkOptions(engine="ray", workers=2, shard_files=20)


@pytest.fixture(autouse=True)
def fragile_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agemodel.bulk.bulk_run.Work", FragileWork)


def test_without_ray_the_engine_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    write_photos(tmp_path / "photos", 1)
    with pytest.raises(ClusterError, match=r"pip install -r requirements/ray\.txt"):
        run_bulk(str(tmp_path / "photos"), str(tmp_path / "out"), OPTIONS, print)


@pytest.mark.slow
def test_a_private_cluster_gives_the_rows_of_one_process(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    photos, dead = write_mixed_photos(tmp_path / "photos")
    out = tmp_path / "out"
    counts = run_bulk(str(tmp_path / "photos"), str(out), OPTIONS, print)
    check_rows(out, photos, dead)
    assert counts == Counts(files=70, faces=len(tables(out, "faces")), errors=5)


@pytest.mark.slow
def test_a_machine_that_is_lost_takes_no_row_with_it(tmp_path: Path) -> None:
    utils = pytest.importorskip("ray.cluster_utils")
    photos, dead = write_mixed_photos(tmp_path / "photos")
    cluster = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    lost = [cluster.add_node(num_cpus=1)]

    def lose_one(done: int, total: int | None, text: str) -> None:
        if text == "estimating" and done and lost:
            cluster.remove_node(lost.pop(), allow_graceful=False)

    options = BulkOptions(engine="ray", address=cluster.address, shard_files=20)
    try:
        run_bulk(str(tmp_path / "photos"), str(tmp_path / "out"), options, lose_one)
    finally:
        cluster.shutdown()
    assert not lost
    check_rows(tmp_path / "out", photos, dead)


def test_a_cluster_that_is_not_there_is_named(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    write_photos(tmp_path / "photos", 1)
    with socket.socket() as unheard:  # bound, but nobody listens
        unheard.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unheard.getsockname()[1]}"
        options = replace(OPTIONS, address=address)
        with pytest.raises(ClusterError, match=f"No Ray cluster at {address}"):
            run_bulk(str(tmp_path / "photos"), str(tmp_path / "out"), options, print)
