from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.serving.face_timing import benchmarked, measure

SHA256 = "a" * 64


def results(sha256: str = SHA256) -> dict[str, Any]:
    """What the benchmarks write, as far as it matters here."""
    times = {"median": 4.7, "q25": 4.6, "q75": 4.8, "n": 400}
    machine = {"processor": "A chip", "cores": 2, "model": {"sha256": sha256}}
    found = {"aligned": {"estimate_ms": times}}
    return {"throughput": {"machine": machine, "found": found}}


def written(folder: Path, values: object) -> Path:
    path = folder / "results.json"
    path.write_text(json.dumps(values), "utf-8")
    return path


def test_benchmark_of_this_very_model_is_told(tmp_path: Path) -> None:
    timing = benchmarked(SHA256, written(tmp_path, results()))
    assert timing is not None
    assert (timing.median_ms, timing.low_ms, timing.high_ms) == (4.7, 4.6, 4.8)
    assert (timing.faces, timing.machine) == (400, "A chip, 2 cores")


def test_benchmark_of_another_model_is_not_passed_off_as_this_ones(
    tmp_path: Path,
) -> None:
    assert benchmarked(SHA256, written(tmp_path, results("b" * 64))) is None
    assert benchmarked(SHA256, tmp_path / "none.json") is None


@pytest.mark.parametrize("values", [[], {}, {"throughput": {}}, {"throughput": 1}])
def test_damaged_benchmarks_say_how_to_renew_them(
    tmp_path: Path, values: object
) -> None:
    with pytest.raises(ModelError, match="make bench"):
        benchmarked(SHA256, written(tmp_path, values))


def test_benchmarks_that_ship_can_be_read() -> None:
    shipped = json.loads((paths.ROOT / "benchmarks/results.json").read_text("utf-8"))
    sha256 = shipped["throughput"]["machine"]["model"]["sha256"]
    timing = benchmarked(sha256)
    assert timing is not None and 0 < timing.low_ms <= timing.median_ms


def test_shipped_model_is_timed() -> None:
    timing = measure(paths.ASSETS / "models" / "mobile", faces=3)
    assert timing.faces == 3 and not timing.machine
    assert 0 < timing.low_ms <= timing.median_ms <= timing.high_ms < 10_000
