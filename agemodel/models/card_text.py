"""A model's card in words and tables, for the page, `card.md` and the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agemodel.core.labels import SPLIT_WORDS
from agemodel.metrics.evaluation_results import Metrics
from agemodel.metrics.measures import CORAL_RESTRICTED, MIN_FACES
from agemodel.metrics.set_measures import SetMetrics
from agemodel.models.card import Card
from agemodel.runs.config import config_from
from agemodel.runs.recipes import recipe_in_words


def card_markdown(card: Card) -> str:
    """A card as a page to read, in Markdown."""
    parts = [f"# {card.name}", what_it_is(card), "## Uses", USES]
    parts += ["## Data and recipe", how_trained(card)]
    parts += ["## Errors", _markdown_table(error_rows(card.metrics)), MEASURES_NOTE]
    parts += [how_sure(card)]
    if card.sets:
        table = _markdown_table(set_rows(card.sets))
        parts += ["### Faces from elsewhere", table, SETS_NOTE]
    failures = "\n".join(f"- {line}" for line in known_failures(card))
    parts += ["### Where it fails", failures]
    for title, rows in group_rows(card).items():
        parts += [f"### {title}", _markdown_table(rows)]
    if rows := condition_rows(card):
        parts += ["### Poor pictures", conditions_note(card), _markdown_table(rows)]
    parts += ["## Export", how_exported(card), "## Licence", card.licence, ""]
    return "\n\n".join(parts)


USES = (
    "It estimates apparent age, and gender as labelled in the dataset (two labels); it "
    "says nothing of identity. It is for learning, for research on errors, and for "
    "counts over many people, within the licence. It is not for age checks, hiring, "
    "surveillance or any decision about a person."
)

_RESTRICTED = "coral_test, restricted"
MEASURES_NOTE = (
    "MAE: mean absolute error, with its 95 % bootstrap interval. Within 5 years: share "
    "of faces off by at most 5 years (CS@5). Group: age group right; one-off: right or "
    "a neighbour. Interval: share of true ages inside the stated interval; width: its "
    "mean, in years. Validation "
    "chose the epoch and the calibration, test is only reported; 'coral_test' is the "
    "part of test that papers publish on (21 to 60 years), here after training on this "
    f"project's own split; '{_RESTRICTED}' are the same faces with each estimate "
    "restricted to 21 to 60 years, as it is of networks that learned from such faces "
    "alone."
)


SETS_NOTE = (
    "Faces of sets whose training faces it learned from as well, none of these; on "
    "validation the epoch and the calibration were chosen, too. "
    "In range: of faces of which only a range of ages "
    "is known, the share whose estimate lies in it. Minors as adults: the share of "
    "those under 18 whose estimate is 18 or more; it is never to be an age check."
)


def what_it_is(card: Card) -> str:
    """Network, run, size and checksum in a sentence or two."""
    training = card.training
    return (
        f"A {card.network} network with {card.parameters:,} parameters as "
        f"exported{', a layer of embeddings included,' if card.faces_file else ''} for "
        f"faces of {card.input_px} px, from run `{card.run}` (epoch "
        f"{training['best_epoch']} of {training['epochs']}, chosen on validation). "
        f"{card.bytes / 1e6:.1f} MB, SHA-256 `{card.sha256}`."
    )


def how_trained(card: Card) -> str:
    """Data, split and recipe in a few sentences."""
    return recipe_in_words(config_from(card.recipe), card.faces.parts)


def how_sure(card: Card) -> str:
    """Intervals, uncertain genders and steadiness on test faces, if any, in words."""
    test, stability = card.metrics.get("test"), card.stability
    if test is None:
        return (
            "There was no face of test to measure it on. Validation, which the "
            "epoch and "
            "the calibration were chosen on, promises too much."
        )
    text = (
        f"On test the interval of {card.calibration.coverage:.0%} holds "
        f"{test.coverage:.1%} of the ages and is {test.mean_width_years:.1f} "
        f"years wide on average. The gender is left open ('uncertain') for "
        f"{test.uncertain_share:.1%} of the faces"
    )
    if test.decided_gender_accuracy is not None:  # else all are left open
        text += f"; of the others {test.decided_gender_accuracy:.1%} are right"
    text += (
        f". p(female) errs by {test.gender_calibration_error:.3f} on average "
        "(expected calibration error)."
    )
    if stability.n:
        text += (
            f" With framing, light and compression changed a little "
            f"{stability.jitters} times, the age of a face moves over a range of "
            f"{stability.median_range_years:.1f} years (median of "
            f"{stability.n} test faces; {stability.p90_range_years:.1f} for one "
            "in ten)."
        )
    return text


def known_failures(card: Card) -> list[str]:
    """The groups and conditions in which it errs most, a sentence each."""
    lines = []
    for key, parts in card.groups.get("test", {}).items():
        parts = {name: part for name, part in parts.items() if part.n >= MIN_FACES}
        if len(parts) < 2:
            continue
        what = key.replace("_", " ")
        worst = max(parts, key=lambda name: parts[name].mae_years)
        best = min(parts, key=lambda name: parts[name].mae_years)
        wrong = min(parts, key=lambda name: parts[name].gender_accuracy)
        lines.append(
            f"By {what}, ages err most for {worst} "
            f"({parts[worst].mae_years:.1f} years; least for {best}, "
            f"{parts[best].mae_years:.1f}), genders for {wrong} "
            f"({parts[wrong].gender_accuracy:.1%} right)."
        )
        if key == "age_group":
            lines.append(_bias_in_words(parts))
    usual = card.conditions.usual_mae_years
    for name, bins in card.conditions.curves.items():
        most = max(one.mae_years for one in bins)
        if most > usual * 1.1:
            lines.append(
                f"Faces that are {name}: an error of up to {most:.1f} years "
                f"instead of {usual:.1f} (validation faces)."
            )
    return lines


def _bias_in_words(parts: dict[str, Metrics]) -> str:
    low = min(parts, key=lambda name: parts[name].bias_years)
    high = max(parts, key=lambda name: parts[name].bias_years)
    return (
        f"Ages are drawn to the middle: {low} comes out "
        f"{parts[low].bias_years:+.1f} years, {high} "
        f"{parts[high].bias_years:+.1f} years on average."
    )


def how_exported(card: Card) -> str:
    """What the weights are, and how near LiteRT comes to Keras."""
    difference = card.difference_from_keras
    weights = {
        "int8": "8-bit convolutions, a float32 head",
        "float32": "float32",
    }[card.weights]
    return (
        f"LiteRT, {weights}. On {difference.faces} validation faces its MAE is "
        f"{difference.mae_years:.3f} years and its gender accuracy "
        f"{difference.gender_accuracy:.1%}, in Keras "
        f"{difference.keras_mae_years:.3f} and "
        f"{difference.keras_gender_accuracy:.1%} (each face once, not mirrored); "
        f"single ages differ by {difference.mean_age_years:.2g} years on average, "
        f"{difference.age_years:.2g} at most."
    )


def error_rows(parts: dict[str, Metrics]) -> list[dict[str, str]]:
    """The main measures in words, a row a part of the faces."""
    names = {CORAL_RESTRICTED: _RESTRICTED, **SPLIT_WORDS}
    return [
        {
            "Faces": names.get(key, key),
            "n": f"{part.n:,}",
            "MAE (years)": _with_interval(part.mae_years, part.mae_years_95),
            "Within 5 years": f"{part.cs5:.1%}",
            "Group": f"{part.group_accuracy:.1%}",
            "One-off": f"{part.group_one_off:.1%}",
            "Gender": f"{part.gender_accuracy:.1%}",
            "Interval": f"{part.coverage:.1%}",
            "Width": f"{part.mean_width_years:.1f}",
        }
        for key, part in parts.items()
    ]


def set_rows(sets: Mapping[str, SetMetrics]) -> list[dict[str, str]]:
    """The measures of other data sets in words, a row a set."""
    return [
        {
            "Faces": f"{one.title} ({SPLIT_WORDS[one.split]})",
            "n": f"{one.n:,}",
            "MAE (years)": _with_interval(one.mae_years, one.mae_years_95),
            "Bias": _known(one.bias_years, "{:+.1f}"),
            "Within 5 years": _known(one.cs5, "{:.1%}"),
            "Interval": _known(one.coverage, "{:.1%}"),
            "Width": _known(one.mean_width_years, "{:.1f}"),
            "In range": _known(one.range_accuracy, "{:.1%}"),
            "Minors as adults": _known(one.minors_as_adults, "{:.1%}"),
            "Gender": _known(one.gender_accuracy, "{:.1%}"),
        }
        for one in sets.values()
    ]


def set_in_words(one: SetMetrics) -> str:
    """How a model does on a set's faces, in a sentence or two."""
    text = f"{one.title} ({SPLIT_WORDS[one.split]}, {one.n:,} faces): "
    parts = []
    if one.mae_years is not None and one.mae_years_95 is not None:
        low, high = one.mae_years_95
        parts.append(
            f"off by {one.mae_years:.1f} years on average ({low:.1f} to {high:.1f})"
        )
    if one.coverage is not None:
        parts.append(f"the 80 % range holds the age of {100 * one.coverage:.0f} %")
    if (right := one.range_accuracy) is not None:
        parts.append(f"{100 * right:.0f} % fall into the labelled range of ages")
    if one.gender_accuracy is not None:
        parts.append(f"the gender label is right for {100 * one.gender_accuracy:.0f} %")
    return text + (", ".join(parts) or "too few labels") + "."


def _known(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _with_interval(value: float | None, bounds: Sequence[float] | None) -> str:
    if value is None or bounds is None:
        return ""
    return f"{value:.2f} ({bounds[0]:.2f} to {bounds[1]:.2f})"


def group_rows(card: Card) -> dict[str, list[dict[str, str]]]:
    """Rows on test faces, by a title for each way of grouping them."""
    groups = card.groups.get("test", {})
    return {
        f"Test faces by {key.replace('_', ' ')}": error_rows(parts)
        for key, parts in groups.items()
        if parts
    }


def condition_rows(card: Card) -> list[dict[str, str]]:
    """What poor pictures cost, a row a bin of a measure of the picture."""
    return [
        {
            "Faces": name,
            "at": f"{one.at:g}",
            "n": f"{one.n:,}",
            "MAE (years)": f"{one.mae_years:.2f}",
            "Interval": f"{one.coverage:.1%}",
            "widened by": f"{one.widening:.2f}",
            "holds": f"{one.coverage_widened:.1%}",
        }
        for name, bins in card.conditions.curves.items()
        for one in bins
    ]


def conditions_note(card: Card) -> str:
    """What the rows of `condition_rows` are."""
    measured = card.conditions
    return (
        "Validation faces, degraded as poor photos are (as they are: "
        f"{measured.usual_mae_years:.2f} years): small in px, blurred by their "
        "sharpness, dark and bright by their mean grey level, tilted and turned in "
        "degrees. Interval: share of true "
        "ages inside as it is calibrated; holds: inside after it is widened, on the "
        "half of the faces that did not set the factor. No age is stated where the "
        f"error is {measured.no_age_from_years:.1f} years or more, half of that of one "
        "and the same age for everybody."
    )


def _markdown_table(rows: list[dict[str, str]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(r.values()) for r in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def readme_figures(card: Card) -> str:
    """The figures for the project's front page: a table of the test faces."""
    names = {
        "test": "all test faces",
        "coral_test": "of 21 to 60 years (CORAL)",
        _RESTRICTED: "the same, restricted to that range",
    }
    rows = [
        row | {"Faces": names[row["Faces"]]}
        for row in error_rows(card.metrics)
        if row["Faces"] in names
    ]
    parts = [_markdown_table(rows), how_sure(card)]
    if card.sets:
        sets = "\n".join(f"- {set_in_words(one)}" for one in card.sets.values())
        parts += [f"On faces from elsewhere:\n\n{sets}"]
    return "\n\n".join(parts)
