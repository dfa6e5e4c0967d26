"""What the data are made of: who is in them, what is missing, and what leaks from split to split."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import Field

from audit.registry import Measure, probe
from audit.stats import substream, wilson
from audit.types import Bools, Evidence, Finding, Frozen, GroupColumn, Ints, Split, Subject, Table
from probes._groups import PRIVATE, too_small
from probes._rows import group_rows
from probes._text import nearly_in, normalised


class Params(Frozen):
    """Parameters of ``data.profile``."""

    near_duplicate_rows: int = Field(3000, ge=1)
    """Test rows at most that are compared with the training texts, drawn with the seed."""
    near_duplicate_similarity: float = Field(0.9, gt=0, le=1)
    """Cosine of TF-IDF vectors from which on two texts are near-duplicates."""


def _fault(meaning: str) -> Measure:
    return Measure("lower", meaning, 0, None, 0)


def _length(meaning: str) -> Measure:
    return Measure("none", meaning, 0)


MEASURES = {
    "rows": Measure("none", "Rows of the split.", 0),
    "base_rate": Measure("none", "Share of rows that have the positive class.", 0, 1),
    "unknown_group_rate": Measure("lower", "Share of rows that are in no group of the column.", 0, 1, 0),
    "missing_texts": _fault("Rows whose text is empty or blank."),
    "duplicates": _fault("Rows that repeat an earlier text of the split, whatever its case and spacing."),
    "contradictory_duplicates": _fault("Rows whose text also occurs with another class in the split."),
    "overlap": _fault("Rows whose text also occurs in the other split."),
    "near_duplicate_rate": Measure("lower", "Share of rows with nearly the same text in the other split.", 0, 1, 0),
    "characters_median": _length("Median length of a text in characters."),
    "characters_p95": _length("Length in characters that 95 in 100 texts do not exceed."),
    "tokens_median": _length("Median length of a text in the model's tokens."),
    "tokens_p95": _length("Length in tokens that 95 in 100 texts do not exceed."),
    "truncation_rate": Measure("lower", "Share of texts that are longer than the model reads.", 0, 1, 0),
}


@probe("data.profile", version=1, values=("accountability",), needs=("labels",), measures=MEASURES)
def data_profile(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Describe the data of every split: size, classes, groups, gaps, repeats, leaks and lengths.

    Ideal: 0 missing texts, repeats, contradictions, overlaps and truncated texts, and rates
    that are alike in all groups. Duplicates are equal but for case and spacing; near-duplicates
    have TF-IDF vectors of runs of four characters with a cosine of 0.9 or more.
    """
    texts = {name: tuple(map(normalised, split.texts)) for name, split in subject.splits.items()}
    for name, split in subject.splits.items():
        yield _count("rows", len(split), len(split), {"split": name})
        if len(split):
            yield from _composition(subject, split)
            yield from _repeats(split, texts[name])
            yield from _lengths(subject, split)
    yield _class_table(subject)
    for first, second in (("test", "train"), ("test", "validation"), ("validation", "train")):
        yield _overlap(first, second, texts)
    yield _near_duplicate_rate(texts, params, rng)


def _count(name: str, count: int, n: int, where: dict[str, str]) -> Finding:
    return data_profile.finding(name, count, n, slice=where, note="Exact count.")


def _share(name: str, hits: Bools, where: dict[str, str], note: str = "") -> Finding:
    successes, n = int(hits.sum()), len(hits)
    return data_profile.finding(name, successes / n, n, slice=where, interval=wilson(successes, n), note=note)


def _by_group(name: str, hits: Bools, split: Split) -> Iterator[Finding]:
    """Yield a share for the whole split, then for each group of each column."""
    where = {"split": split.name}
    yield _share(name, hits, where)
    for column in split.groups:
        for group, rows in group_rows(column):
            size, place = int(rows.sum()), where | {column.name: group}
            if size < PRIVATE:
                yield data_profile.finding(name, None, size, slice=place, note=too_small(size))
            else:
                yield _share(name, hits[rows], place)


# --- who is in the data -------------------------------------------------------------------


def _composition(subject: Subject, split: Split) -> Iterator[Evidence]:
    where = {"split": split.name}
    positive = split.labels == subject.positive
    yield from _by_group("base_rate", positive, split)
    for column in split.groups:
        yield _share("unknown_group_rate", column.unknown, where | {column.name: "*"})
        yield _group_table(column, positive, where)


def _group_table(column: GroupColumn, positive: Bools, where: dict[str, str]) -> Table:
    rows, hidden = [], []
    for group, members in group_rows(column):
        size = int(members.sum())
        hidden += [group] if 0 < size < PRIVATE else []
        rows.append((group, size, size / len(positive), float(positive[members].mean()) if size >= PRIVATE else None))
    return Table(
        name="data.profile.groups",
        slice=where | {column.name: "*"},
        columns=("group", "rows", "share", "base rate"),
        rows=tuple(rows),
        note=f"suppressed, fewer than {PRIVATE} rows: {', '.join(hidden)}" if hidden else "",
    )


def _class_table(subject: Subject) -> Table:
    counts = {name: np.bincount(split.labels, minlength=len(subject.labels)) for name, split in subject.splits.items()}
    return Table(
        name="data.profile.classes",
        columns=("split", "class", "rows", "share"),
        rows=tuple(
            (name, label, int(count), float(count / max(of_split.sum(), 1)))
            for name, of_split in counts.items()
            for label, count in zip(subject.labels, of_split, strict=True)
        ),
    )


# --- repeats and leaks --------------------------------------------------------------------


def _repeats(split: Split, texts: Sequence[str]) -> Iterator[Finding]:
    where, n = {"split": split.name}, len(split)
    labels: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for text, label in zip(texts, split.labels.tolist(), strict=True):
        labels[text][label] += 1
    missing = sum(labels.pop("", Counter()).values())
    yield _count("missing_texts", missing, n, where)
    yield _count("duplicates", n - missing - len(labels), n, where)
    yield _count("contradictory_duplicates", sum(sum(of.values()) for of in labels.values() if len(of) > 1), n, where)


def _overlap(first: str, second: str, texts: dict[str, tuple[str, ...]]) -> Finding:
    where = {"split": first, "with": second}
    if absent := [name for name in (first, second) if name not in texts]:
        n = len(texts.get(first, ()))
        return data_profile.finding("overlap", None, n, slice=where, note=_no_split(absent[0]))
    known = set(texts[second]) - {""}
    return _count("overlap", sum(text in known for text in texts[first]), len(texts[first]), where)


def _no_split(name: str) -> str:
    return f"Not measured: there is no {name} split."


def _near_duplicate_rate(texts: dict[str, tuple[str, ...]], params: Params, rng: np.random.Generator) -> Finding:
    name, where = "near_duplicate_rate", {"split": "test", "with": "train"}
    asked = sorted(filter(None, texts["test"]))
    if "train" not in texts:
        return data_profile.finding(name, None, len(asked), slice=where, note=_no_split("train"))
    known = sorted(filter(None, texts["train"]))
    if not asked or not known:
        return data_profile.finding(name, None, len(asked), slice=where, note="Not measured: a split has no text.")
    note = f"TF-IDF cosine of {params.near_duplicate_similarity:g} or more; exact duplicates included."
    if len(asked) > params.near_duplicate_rows:
        chosen = substream(rng, name).choice(len(asked), params.near_duplicate_rows, replace=False)
        asked = [asked[row] for row in chosen]
        note += f" A sample of {len(asked):,} rows."
    return _share(name, nearly_in(asked, known, params.near_duplicate_similarity), where, note)


# --- lengths ------------------------------------------------------------------------------


def _lengths(subject: Subject, split: Split) -> Iterator[Finding]:
    yield from _quantiles("characters", np.array([len(text) for text in split.texts]), split)
    if subject.token_counts is None or subject.max_tokens is None:
        for name in ("tokens_median", "tokens_p95", "truncation_rate"):
            note = "Not measured: the subject does not tell how it splits texts into tokens."
            yield data_profile.finding(name, None, len(split), slice={"split": split.name}, note=note)
        return
    tokens = subject.token_counts(split.texts)
    yield from _quantiles("tokens", tokens, split)
    yield from _by_group("truncation_rate", tokens > subject.max_tokens, split)


def _quantiles(unit: str, lengths: Ints, split: Split) -> Iterator[Finding]:
    for name, quantile in ((f"{unit}_median", 0.5), (f"{unit}_p95", 0.95)):
        value, where = float(np.quantile(lengths, quantile)), {"split": split.name}
        yield data_profile.finding(name, value, len(lengths), slice=where, note="Exact: of these rows.")
