"""Personal data in texts: how often, of which kind, among whose texts, and whether the model heeds them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from pydantic import Field

from audit.registry import Measure, probe
from audit.stats import substream
from audit.types import Bools, Evidence, Example, Examples, Floats, Frozen, GroupColumn, Subject, Table
from probes._by_group import Means, findings, with_difference
from probes._groups import PRIVATE
from probes._language import language_of
from probes._privacy.names import PIPELINE, recogniser
from probes._privacy.scan import KINDS, Scan, scan


class Params(Frozen):
    """Parameters of ``privacy.personal_data``."""

    rows: int = Field(500, ge=1)
    """Test texts with personal data that are masked and scored again, at most."""
    name_rows: int = Field(500, ge=0)
    """Texts of each split that are searched for names, at most; 0 for none."""
    examples: int = Field(12, ge=0)
    """Masked texts to show; 0 for texts that may not be shown at all."""
    min_group: int = Field(30, ge=PRIVATE)
    """Rows that a group needs to be compared."""


MEASURES = {
    **with_difference({"rate": Measure("lower", "Share of texts that hold personal data.", 0, 1, 0)}),
    "masking_flip_rate": Measure("lower", "Share of texts with personal data whose class masking changes.", 0, 1, 0),
    "masking_score_shift": Measure(
        "lower", "Absolute change, by masking, of the probability of the class predicted.", 0, 1, 0
    ),
}


@probe(
    "privacy.personal_data",
    version=2,
    values=("privacy",),
    measures=MEASURES,
    quick={"rows": 100, "name_rows": 100},
)
def privacy_personal_data(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """How many texts hold personal data, and whether the model heeds it. Ideal: none, and no change when masked.

    Looked for are e-mail addresses, telephone numbers, payment cards and account numbers (IBAN) with
    their checks, Chinese resident ids with theirs or, of 15 digits, with a possible province and day of
    birth, US social security numbers, public internet addresses, profiles in social networks and @handles;
    private internet addresses are not, for they lead to nobody. Web addresses are counted apart, for few
    of them lead to a person; so are names, which need spaCy and its English pipeline and are looked for in
    a sample: of those that it finds in hasty comments, half may be none. The patterns are strict: what
    they find mostly is personal data, and some they miss, such as postal addresses. Nothing found is ever
    shown, quoted or saved in clear. Requirement V13.
    """
    test, seed = subject.test, int(substream(rng, "rows").integers(2**32))
    package = recogniser()
    why_no_names = _why_no_names(test.texts, params, package)
    used = None if why_no_names else package
    scans = {name: scan(split, used, params.name_rows, seed) for name, split in subject.splits.items()}
    yield from _rates(scans, params, why_no_names, rng)
    yield _table(scans)
    yield from _masking(subject, scans["test"], params, rng)


def _why_no_names(texts: tuple[str, ...], params: Params, package: str | None) -> str:
    """Return why names are not looked for; empty where they are."""
    if not params.name_rows:
        return "names not looked for: name_rows is 0"
    if package is None:
        return f"names not looked for: needs spacy and its pipeline (python -m spacy download {PIPELINE})"
    return "" if language_of(texts) == "en" else "names not looked for: the texts are not English"


# --- how often ----------------------------------------------------------------------------


def _rates(scans: dict[str, Scan], params: Params, why_no_names: str, rng: np.random.Generator) -> Iterator[Evidence]:
    everything = np.concatenate([found.personal for found in scans.values()])
    yield from findings(_means("rate", everything, (), {}, params), rng)
    for name, found in scans.items():
        where, columns = {"split": name}, _columns(found)
        yield from findings(_means("rate", found.personal, columns, where, params), rng)
        for kind in KINDS:
            hits = found.has(kind)
            # Groups are told apart only in what occurs: zeros for each of them would bury the rest.
            groups = columns if hits.any() else ()
            undefined = why_no_names if kind == "name" and why_no_names else "the split has no rows"
            yield from findings(
                _means("rate", hits, groups, where | {"kind": kind}, params, undefined), rng, gaps=False
            )


def _means(
    name: str,
    values: Bools | Floats,
    columns: tuple[GroupColumn, ...],
    where: dict[str, str],
    params: Params,
    undefined: str = "no text holds personal data",
) -> Means:
    """Return a mean to report; group columns are cut to the rows there are values for."""
    cut = [replace(column, members=column.members[: len(values)]) for column in columns]
    return Means(privacy_personal_data, name, values.astype(np.float64), cut, where, undefined, params.min_group)


def _columns(found: Scan) -> tuple[GroupColumn, ...]:
    return tuple(replace(column, members=column.members[found.order]) for column in found.split.groups)


def _table(scans: dict[str, Scan]) -> Table:
    return Table(
        name="privacy.personal_data.found",
        columns=("kind", *(f"texts of {name}" for name in scans)),
        rows=tuple(
            (kind, *(int(found.has(kind).sum()) if len(found.has(kind)) else None for found in scans.values()))
            for kind in KINDS
        ),
        note="texts that hold each kind; a text may hold several",
    )


# --- whether the model heeds it -----------------------------------------------------------


def _masking(subject: Subject, found: Scan, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    holding = np.flatnonzero(found.personal)
    rows = holding[: params.rows]
    if subject.score is None:
        note = "the model itself is not there, only its predictions"
        for name in ("masking_flip_rate", "masking_score_shift"):
            yield privacy_personal_data.finding(name, None, len(holding), note=note)
        yield from _shown(found, rows[: params.examples], len(holding), None, subject.labels)
        return
    before_after = [found.split.texts[k] for k in found.order[rows]] + [found.masked(row) for row in rows]
    scores = subject.score(before_after) if before_after else np.empty((0, len(subject.labels)))
    before, after = np.split(scores, 2)
    predicted, at = before.argmax(axis=1), np.arange(len(rows))
    flipped = after.argmax(axis=1) != predicted
    shift = np.abs(after[at, predicted] - before[at, predicted])
    columns = tuple(replace(column, members=column.members[rows]) for column in _columns(found))
    for name, values in (("masking_flip_rate", flipped), ("masking_score_shift", shift)):
        yield from findings(_means(name, values, columns, {}, params), rng, groups=len(rows) > 0, gaps=False)
    telling = np.lexsort((-shift, ~flipped))[: params.examples]
    yield from _shown(found, rows[telling], len(holding), (before[telling], after[telling]), subject.labels)


def _shown(
    found: Scan, rows: np.ndarray, total: int, scores: tuple[Floats, Floats] | None, labels: tuple[str, ...]
) -> Iterator[Examples]:
    """Yield masked texts."""
    if not len(rows):
        return
    items = []
    for k, row in enumerate(rows):
        at = found.order[row]
        said = _said(scores[0][k], scores[1][k], labels) if scores else {}
        items.append(
            Example(
                id=found.split.ids[at],
                before=found.masked(row),
                change=", ".join(found.kinds_of(row)),
                label=labels[found.split.labels[at]],
                **said,
            )
        )
    note = "shown masked; scores are those of the text as it was and of the text as shown"
    yield Examples(name="privacy.personal_data.masked", items=tuple(items), total=total, note=note)


def _said(before: Floats, after: Floats, labels: tuple[str, ...]) -> dict[str, str | float]:
    predicted = int(before.argmax())
    return {
        "predicted_before": labels[predicted],
        "predicted_after": labels[int(after.argmax())],
        "score_before": float(before[predicted]),
        "score_after": float(after[predicted]),
    }
