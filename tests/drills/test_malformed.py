import sys
from itertools import islice

import numpy as np
import pytest

from agemodel.core.errors import ImageError
from agemodel.images import Photo, read_image
from tests.drills.malformed import _bombs, _measured, _turned, _typed
from tests.drills.malformed_bombs import bombs, slow_ones
from tests.drills.malformed_files import DAMAGES, damaged
from tests.drills.malformed_worker import Answer, answers
from tests.harness.made_pictures import MAKES, odd_ones, oriented, portrait

STAND_IN = """
import os, sys, threading
print("ready", flush=True)
for line in sys.stdin:
    if "die" in line:
        os.abort()
    if "hang" in line:
        threading.Event().wait(60)
    if "talk" in line:
        print("a word", file=sys.stderr, flush=True)
    print('{"kind": "sentence", "seconds": 0.1, "peak_mb": 1.0}', flush=True)
"""
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # as the reader does
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def outcome(made):
    try:
        photo = read_image(made.data, name=made.name)
    except ImageError as error:
        assert str(error).startswith(made.name)
        assert ": expected " in str(error)
        return str(error)
    assert isinstance(photo, Photo)
    return photo


def test_four_hundred_damaged_files_are_a_photo_or_a_sentence(capfd):
    outcomes = [outcome(made) for made in damaged(400, seed=1)]
    read = sum(isinstance(found, Photo) for found in outcomes)
    assert 80 < read < 320  # neither all harmless nor all hopeless
    assert capfd.readouterr() == ("", "")


def test_the_damage_is_the_same_every_time_and_differs_by_seed():
    first, again = (list(damaged(40, seed=3)) for _ in range(2))
    assert first == again
    assert first != list(damaged(40, seed=4))


def test_every_make_meets_every_damage():
    count = len(MAKES) * len(DAMAGES)
    met = {made.name.split("-", 1)[1].rpartition(".")[0] for made in damaged(count)}
    assert met == {f"{make}-{damage}" for make in MAKES for damage in DAMAGES}


def test_bombs_are_refused_with_the_cap_in_the_sentence():
    sentences = {made.name: outcome(made) for made in bombs()}
    assert all(isinstance(sentence, str) for sentence in sentences.values())
    too_large = "is too large: expected at most"
    others = {name for name, said in sentences.items() if too_large not in said}
    assert others <= {"400-mp.avif", "900-mp.avif"}  # broken besides, and told as such


def test_crumbs_loops_and_metadata_without_end_have_an_answer():
    assert all(outcome(made) for made in slow_ones())


def test_odd_but_valid_files_show_their_picture():
    grey = np.asarray(portrait().convert("L")).astype(float)
    for made in odd_ones():
        photo = outcome(made)
        assert isinstance(photo, Photo), photo
        if photo.rgb.shape[:2] == grey.shape and "ycck" not in made.name:
            likeness = np.corrcoef(photo.rgb.mean(axis=2).ravel(), grey.ravel())[0, 1]
            assert likeness > 0.6, made.name  # of one bit a pixel; others have 0.95


@linux
def test_a_process_that_dies_or_hangs_is_counted_and_a_new_one_goes_on():
    files = [next(iter(damaged(1)))]
    names = ("a.jpg", "die.jpg", "b.jpg", "hang.jpg", "talk.jpg", "c.jpg")
    files = [type(files[0])(name, b"x") for name in names]
    command = (sys.executable, "-c", STAND_IN)
    found = list(answers(files, command, patience_s=2))
    kinds = [answer.kind for answer in found]
    assert kinds == ["sentence", "death", "sentence", "hang", "sentence", "sentence"]
    assert [answer.name for answer in found] == list(names)
    assert [answer.noise for answer in found] == ["", "", "", "", "a word\n", ""]


@linux
def test_the_drill_estimates_as_predict_does():
    files = [*islice(oriented(), 2), *((0, made) for made in islice(bombs(), 1))]
    first, second, bomb = answers([made for _, made in files])
    assert (first.kind, second.kind, bomb.kind) == ("estimate", "estimate", "sentence")
    assert first.ages == second.ages
    assert len(first.ages) == 1
    assert "is too large: expected at most 50 megapixels" in bomb.detail
    assert 0 < first.seconds < 60
    assert bomb.peak_mb < 50


def kept(findings):
    return [finding.kept for finding in findings]


def test_findings_tell_what_was_not_kept():
    good = Answer("a", "sentence", 0.01, 1.0)
    assert kept(_typed("Files", [good] * 3)) == [True] * 4
    assert kept(_typed("Files", [good, Answer("b", "death")]))[:2] == [False, False]
    assert kept(_typed("Files", [good, Answer("b", "hang")]))[2] is False
    assert kept(_typed("Files", [Answer("b", "sentence", noise="x")]))[3] is False
    assert kept(_measured("Files", [good, good])) == [None, True, None, True]
    slow = Answer("b", "sentence", 2.5, 401.0)
    assert kept(_measured("Files", [slow, slow])) == [None, False, None, False]
    assert kept(_bombs([good])) == [True] * 3
    assert kept(_bombs([Answer("b", "estimate", 0.2, 51.0)])) == [False] * 3


def test_ages_that_differ_or_lack_are_no_same_estimate(monkeypatch):
    def given(*ages):
        found = [Answer("a", "estimate", ages=age) for age in ages]
        monkeypatch.setattr("tests.drills.malformed.answers", lambda files: found)
        return _turned([]).kept

    assert given((30.0,), (30.0,))
    assert not given((30.0,), (30.01,))
    assert not given((30.0,), ())
