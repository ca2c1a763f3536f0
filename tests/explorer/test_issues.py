from __future__ import annotations

import numpy as np

from agemodel.core.labels import SPLIT_NAMES
from agemodel.explorer.filters import mask
from agemodel.explorer.issues import (
    MEANINGS,
    count_crossings,
    find_issues,
    removal_effect,
)
from agemodel.explorer.ordering import ORDERS
from tests.harness.made_tables import random_table, table

# Two faces in train and test, three in train and val, two in val, three alone.
FACES = table(
    age=[30] * 10,
    split=[*("train", "test", "train", "train", "val", "val", "val"), *SPLIT_NAMES],
    duplicate_group=np.array([0, 0, 5, 5, 5, 8, 8, -1, -1, -1]),
    exact_group=np.array([0, 0, -1, 5, 5, -1, -1, -1, -1, -1]),
)


def test_every_kind_is_counted_with_its_splits_and_groups() -> None:
    found = {issue.kind: issue for issue in find_issues(FACES)}
    assert set(found) == {"crossing", "conflict", "exact", "duplicate"}
    assert found["duplicate"].faces == 7
    assert found["duplicate"].groups == 3
    assert found["duplicate"].by_split == {"train": 3, "val": 3, "test": 1}
    assert (found["exact"].faces, found["exact"].groups) == (4, 2)
    assert (found["crossing"].faces, found["crossing"].groups) == (2, 1)
    assert found["crossing"].by_split == {"train": 1, "val": 0, "test": 1}
    assert found["conflict"].faces == 0


def test_an_issue_leads_to_its_faces() -> None:
    faces = random_table(2000)
    issues = find_issues(faces)
    assert [issue.kind for issue in issues] == list(MEANINGS)
    for issue in issues:
        assert issue.faces == mask(faces, issue.selection).sum()
        assert issue.meaning.endswith(".")
    assert sum(issue.faces > 0 for issue in issues) > 10


def test_an_issue_is_looked_at_in_an_order_that_shows_it() -> None:
    sorts = {issue.kind: issue.sort for issue in find_issues(random_table(2000))}
    assert set(sorts.values()) <= set(ORDERS)
    assert sorts["crossing"] == sorts["exact"] == "together"
    assert sorts["mislabelled"] == "doubtful"
    assert sorts["dark"] == "name"


def test_without_measures_and_estimates_there_are_no_issues_to_find() -> None:
    assert find_issues(table(age=[30])) == []


def test_duplicates_across_two_splits_are_counted() -> None:
    found = count_crossings(FACES).set_index(["first", "second"])
    assert found.loc[("train", "test")].to_dict() == {
        "groups": 1,
        "faces_first": 1,
        "faces_second": 1,
    }
    # group 5: two in train, one in val; group 8 is in val alone
    assert found.loc[("train", "val")].tolist() == [1, 2, 1]
    assert found.loc[("val", "test")].tolist() == [0, 0, 0]


def test_taking_faces_out_changes_the_error_of_test_alone() -> None:
    faces = table(
        age=[30] * 6,
        split=["train", "test", "test", "test", "test", "val"],
        age_years=[90, 31, 32, 36, np.nan, 90],  # errors of 1, 2 and 6 in test
    )
    effect = removal_effect(faces, np.array([True, True, False, False, True, True]))
    assert (effect.n, effect.removed) == (3, 1)
    assert (effect.mae_with, effect.mae_without, effect.mae_removed) == (3, 4, 1)
    same = removal_effect(faces, np.zeros(6, bool))
    assert same.mae_without == same.mae_with == 3
    assert np.isnan(same.mae_removed)
    assert np.isnan(removal_effect(faces, np.ones(6, bool)).mae_without)
