"""The drill on what threads share, in small."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.drills.concurrency import difference, threads_agree
from tests.drills.memory import slope
from tests.harness.process_memory import peak_private_mb, private_mb


def test_sixteen_threads_that_share_an_estimator_get_what_one_gets_alone() -> None:
    findings = threads_agree(100)
    assert findings[1].measured.startswith("0 of ")
    assert [finding.kept for finding in findings] == [None, True, True]


def test_another_number_of_faces_is_a_difference() -> None:
    two = np.ones((2, 8))
    assert difference(two, two) == 0
    assert difference(two, two + 0.5) == 0.5
    assert difference(two[:1], two) == np.inf
    assert difference(two[:0], two[:0]) == 0


def test_growth_is_for_a_thousand() -> None:
    assert slope([1_000, 3_000, 5_000], [10.0, 14.0, 18.0]) == pytest.approx(2.0)


def test_peak_is_met_though_it_is_over_at_the_end() -> None:
    pid = os.getpid()
    before = private_mb(pid)
    with peak_private_mb(pid) as peak:
        held = np.ones(64_000_000, np.uint8)
        while peak[0] < before + 60:
            pass
        del held
    assert peak[0] >= before + 60
