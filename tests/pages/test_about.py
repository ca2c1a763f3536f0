from __future__ import annotations

import re
from pathlib import Path

import pytest

from agemodel import __version__
from agemodel.core import paths
from agemodel.models import shipped
from agemodel.models.shipped import shipped_files
from tests.harness.app_pages import open_page, written
from tests.harness.made_cards import made_values, write_values
from ui.about import shipped_view


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path))
    return tmp_path


def test_about_says_what_an_estimate_is_not_for() -> None:
    text = " ".join(written(open_page("about")).split())
    assert "it says nothing of identity" in text
    assert (
        "**not for** age checks, hiring, surveillance or any decision about a person"
        in text
    )


def test_about_without_models_shows_the_terms_and_the_command_that_makes_one() -> None:
    page = open_page("about")
    text = written(page)
    assert "BlazeFace" in text
    assert "non-commercial research only" in text
    assert "python -m agemodel export" in page.info[0].value


def test_about_begins_with_what_a_model_is_for_and_shows_its_card(models: Path) -> None:
    write_values(models / "mobile", made_values(run="mobile-42"))
    page = open_page("about")
    assert page.header[0].value == "At a glance"
    assert "mobile" in [heading.value for heading in page.subheader]
    text = written(page)
    assert "Ages are off by **4.6 years** on average (4.2 to 4.5" in text
    assert "Licence: " in text
    assert "Download model card" in [one.label for one in page.get("download_button")]
    assert "mobile-42" in text
    errors = page.dataframe[0].value
    assert "4.57 (4.20 to 4.50)" in errors["MAE (years)"].tolist()
    assert not page.info


def test_about_with_a_damaged_card_says_how_to_mend_it(models: Path) -> None:
    (models / "mobile").mkdir()
    (models / "mobile" / "card.json").write_text("{", "utf-8")
    page = open_page("about")
    assert "The card of the model 'mobile' is damaged" in page.error[0].value
    assert "BlazeFace" in written(page)


def test_about_says_where_the_model_fails_and_on_how_many_faces_it_learned(
    models: Path,
) -> None:
    (models / "mobile").mkdir()
    group = {"n": 40, "mae_years": 1.0, "gender_accuracy": 0.9, "bias_years": 0.5}
    groups = {"test": {"gender": {"male": group, "female": group | {"mae_years": 9.5}}}}
    part = made_values()["groups"]["test"]["age_group"]["0-2"]
    for name, values in groups["test"]["gender"].items():
        groups["test"]["gender"][name] = part | values
    write_values(models / "mobile", made_values(groups=groups))
    text = written(open_page("about"))
    assert "ages err most for female (9.5 years" in text
    assert "learned from 9 of 12 faces" in text  # as the card says


def test_about_links_to_each_of_its_sections() -> None:
    page = open_page("about")
    (rail,) = page.sidebar.markdown
    links = re.findall(r"\[([^]]+)\]\(#([a-z]+)\)", rail.value)
    assert [title for title, _ in links] == [heading.value for heading in page.header]
    assert [anchor for _, anchor in links] == [
        heading.proto.anchor for heading in page.header
    ]


def test_about_lists_what_ships_with_checksums_and_holds_it_to_them() -> None:
    page = open_page("about")
    table = next(frame.value for frame in page.dataframe if "sha256" in frame.value)
    assert table["name"].tolist() == [file.name for file in shipped_files()]
    assert table["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    page.button(key="about_check").click().run()
    assert f"All {len(table)} files" in page.success[0].value


def test_about_names_a_file_that_differs_from_its_checksum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = shipped_files()
    other = [shipped.ShippedFile(listed[0].path, "0" * 64, "s", "l"), *listed[1:]]
    monkeypatch.setattr(shipped, "shipped_files", lambda: other)
    page = open_page("about")
    page.button(key="about_check").click().run()
    assert listed[0].name in page.error[0].value
    assert listed[1].name not in page.error[0].value


def test_about_without_its_licences_says_how_to_restore_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped_view, "LICENCES", tmp_path / "none.md")
    assert "git checkout -- docs" in open_page("about").warning[0].value


def test_about_with_a_damaged_manifest_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ASSETS", tmp_path)
    (tmp_path / "manifest.json").write_text("{", "utf-8")
    assert "assets/manifest.json cannot be read" in open_page("about").error[0].value


def test_about_has_versions_and_how_to_cite() -> None:
    page = open_page("about")
    frames = [frame.value for frame in page.dataframe]
    versions = next(frame for frame in frames if "Package" in frame)
    assert ["agemodel", __version__] in versions.to_numpy().tolist()
    data, project = (block.value for block in page.code)
    assert "Conditional Adversarial Autoencoder" in data
    assert __version__ in project


def test_links_to_files_that_the_app_does_not_serve_are_names() -> None:
    page = open_page("about")
    assert "dependencies.md](" not in written(page)
    assert "`docs/dependencies.md`" in written(page)
