"""Doubtful labels and contradictions, to read."""

from collections.abc import Iterator

import numpy as np

from audit.types import Example, Examples, Subject, Table
from probes._quality.judged import Judged, Part
from probes._quality.rows import groups_of

MOST_PAIRS = 20
"""Pairs of given and suggested label in the table."""
DOUBTFUL = "counts rows where a model is confident of another label; read some before you believe it"


def suggested(subject: Subject, judged: Judged) -> Table:
    """Return how often each label stands where another is confidently named."""
    doubts = judged.doubts
    assert doubts is not None, "asked for where there are doubts"
    counts = doubts.counts()
    sizes = counts.sum(axis=1)
    pairs = [pair for pair in np.argwhere(counts) if pair[0] != pair[1]]
    pairs.sort(key=lambda pair: (-counts[tuple(pair)], *pair))
    return Table(
        name="data.quality.doubtful_labels",
        slice={"split": judged.rows.name},
        columns=("label", "suggested label", "rows", "share of label"),
        rows=tuple(
            (
                subject.labels[given],
                subject.labels[named],
                int(counts[given, named]),
                counts[given, named] / sizes[given],
            )
            for given, named in pairs[:MOST_PAIRS]
        ),
    )


def examples(subject: Subject, parts: dict[str, Part], judged: list[Judged], most: int) -> Iterator[Examples]:
    """Yield contradictions, at most a third, then doubtful labels; each of the first split that has any."""
    ordered = [parts[name] for name in ("test", "train", "validation") if name in parts]
    contradicted = next((part for part in ordered if part.like.contradicted.any()), None)
    doubted = next((one for one in judged if one.doubts is not None and one.doubts.wrong.any()), None)
    few = most if doubted is None else -(-most // 3)
    if contradicted is not None:
        yield _contradictions(subject, contradicted, few)
        most -= few
    if doubted is not None and most:
        yield _doubtful(subject, doubted, most)


def _contradictions(subject: Subject, part: Part, most: int) -> Examples:
    like, rows = part.like, np.flatnonzero(part.like.contradicted)
    firsts = np.sort(rows[np.unique(like.text_of[rows], return_index=True)[1]])

    def example(row: int) -> Example:
        other = like.witness(row)
        same = like.text_of[row] == like.text_of[other]
        named = subject.labels[part.rows.labels[other]]
        return Example(
            id=part.rows.ids[row],
            before=part.rows.texts[row],
            after=None if same else part.rows.texts[other],
            change=f"{'the same' if same else 'nearly the same'} text is also labelled: {named}",
            label=subject.labels[part.rows.labels[row]],
            groups=groups_of(part.rows, row),
        )

    items = tuple(example(int(row)) for row in firsts[:most])
    return Examples(name="data.quality.contradictions", slice=part.where, items=items, total=len(firsts))


def _doubtful(subject: Subject, judged: Judged, most: int) -> Examples:
    doubts, rows = judged.doubts, judged.rows
    assert doubts is not None, "chosen because there are doubts"

    def example(row: int) -> Example:
        named = int(doubts.suggested[row])
        return Example(
            id=rows.ids[row],
            before=rows.texts[row],
            change=f"likely wrong label, by {judged.judge}",
            label=subject.labels[rows.labels[row]],
            predicted_before=subject.labels[named],
            score_before=float(doubts.probabilities[row, named]),
            groups=groups_of(rows, row),
        )

    worst = doubts.worst
    items = tuple(example(int(row)) for row in worst[:most])
    return Examples(
        name="data.quality.doubtful_labels", slice={"split": rows.name}, items=items, total=len(worst), note=DOUBTFUL
    )
