from __future__ import annotations

from dataclasses import replace

from agemodel.runs.config import TrainConfig, read_config
from agemodel.runs.licence import licence_of

OWN = TrainConfig(name="own", network="mobile", data=("mine",), pretrained="")


def test_the_apps_model_names_every_set_that_it_learned_from() -> None:
    assert licence_of(read_config("mobile")) == (
        "Made from UTKFace, APPA-REAL, All-Age-Faces and Images of Groups, which are "
        "for non-commercial research only, and to be used for that alone."
    )


def test_faces_of_ones_own_bring_their_own_terms() -> None:
    said = licence_of(OWN)
    assert said == "Made from mine: the terms of those faces apply."


def test_starting_weights_and_runs_pass_their_terms_on() -> None:
    begun = replace(OWN, pretrained="faces-192", start_run="")
    assert "UTKFace" in licence_of(begun)
    assert "Begun from mobile-3" in licence_of(replace(OWN, start_run="mobile-3"))
    assert "non-commercial" not in licence_of(replace(OWN, pretrained="faceres-deep"))
