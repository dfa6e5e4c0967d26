"""Explanations to read: the strongest words of each class, errors, and single texts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from audit.personal_data.masking import masked
from audit.stats import TAILS
from audit.types import Attribution, Bools, Cell, Floats, Ints, Subject, Table
from probes._explain.explained import Explanations
from probes._explain.passages import Passage

PROBE = "explain.shap"
LEAST_TEXTS = 3
"""That a word needs in the table of words."""
MOST_WORDS = 10
MOST_CLASSES = 6
MOST_ERRORS = 12
MOST_PARTS = 60
"""Of one text that is shown; the weakest are joined."""
DIGITS = 6


# --- over texts ---------------------------------------------------------------------------


def words_table(found: Explanations, at_random: Bools, labels: Sequence[str]) -> Table:
    """Return the words that speak for each class most surely, over the rows drawn at random that hold them."""
    rows = np.flatnonzero(at_random).tolist()
    frequent = sorted(label for label, _ in Counter(found.rows.predicted[rows].tolist()).most_common(MOST_CLASSES))
    lines = [(labels[label], *line) for label in frequent for line in _strongest(found, rows, label)]
    note = (
        f"words in {LEAST_TEXTS} of {len(rows):,} texts drawn at random or more, in the order of the low end "
        "of Student's interval"
    )
    return Table(
        name=f"{PROBE}.strongest_words",
        columns=("class", "word", "mean attribution", "low", "high", "texts"),
        rows=tuple(lines),
        note=note if lines else f"no word is in {LEAST_TEXTS} of the texts drawn at random and speaks for a class",
    )


def _strongest(found: Explanations, rows: Sequence[int], label: int) -> list[tuple[str, float, float, float, int]]:
    sums: dict[str, list[float]] = {}
    for k in rows:
        for word, value in _by_word(
            found.rows.texts[k], found.passages[k], found.explained[k].values[:, label]
        ).items():
            sums.setdefault(word, []).append(value)
    limits = {word: _limits(np.array(of)) for word, of in sums.items() if len(of) >= LEAST_TEXTS}
    best = sorted(
        (word for word in limits if round(limits[word][0], DIGITS) > 0), key=lambda word: (-limits[word][1], word)
    )
    return [(word, *limits[word], len(sums[word])) for word in best[:MOST_WORDS]]


def _by_word(text: str, passage: Passage, values: Floats) -> Counter[str]:
    """Return the sum of each word; none of a text that holds personal data, a part of which could be a word."""
    total: Counter[str] = Counter()
    if masked(text) != text:
        return total
    for part, value in zip(passage.parts, values.tolist(), strict=True):
        if any(character.isalnum() for character in part):
            total[part.strip().casefold()] += value
    return total


def _limits(values: Floats) -> tuple[float, float, float]:
    """Return the mean and the ends of Student's interval."""
    from scipy.stats import t

    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    half = float(t.ppf(TAILS[1], len(values) - 1)) * error
    return mean, mean - half, mean + half


def errors_table(found: Explanations, labels: Sequence[str]) -> Table:
    """Return wrong predictions and the words that spoke for them most."""
    wrong = np.flatnonzero(found.wrong).tolist()
    chosen = [k for k, _ in _in_turns({"wrong": wrong}, found, MOST_ERRORS)]
    return Table(
        name=f"{PROBE}.errors",
        columns=("id", "true class", "predicted", "score", "spoke for it most", "identity mass"),
        rows=tuple(_error(found, labels, k) for k in chosen),
        note=f"{len(wrong):,} of the {len(found.rows):,} texts explained are predicted wrong; errors were sought out",
    )


def _error(found: Explanations, labels: Sequence[str], k: int) -> tuple[Cell, ...]:
    label, mass = int(found.rows.predicted[k]), found.identity_mass[k]
    words = [
        word
        for word, value in _by_word(found.rows.texts[k], found.passages[k], found.values[k]).most_common(3)
        if value > 0
    ]
    named = (labels[found.rows.labels[k]], labels[label], float(found.scores[k, label]))
    return (found.rows.ids[k], *named, ", ".join(words), None if np.isnan(mass) else float(mass))


# --- single texts -------------------------------------------------------------------------


def attributions(
    subject: Subject, found: Explanations, by_outcome: Mapping[str, Ints], most: int
) -> Iterator[Attribution]:
    """Yield explanations of rows of each outcome in turns."""
    place = {row: k for k, row in enumerate(found.rows.rows.tolist())}
    candidates = {reason: [place[row] for row in rows.tolist() if row in place] for reason, rows in by_outcome.items()}
    for k, reason in _in_turns(candidates, found, most):
        yield _attribution(subject, found, k, reason)


def _in_turns(candidates: Mapping[str, Sequence[int]], found: Explanations, most: int) -> list[tuple[int, str]]:
    """Return rows with the reason to show them, those first whose groups were seldom shown, above all for it."""
    shown: dict[int, str] = {}
    seen: Counter[tuple[str, str]] = Counter()

    def often(k: int, reason: str) -> tuple[int, int]:
        return max(((seen[reason, group], seen["", group]) for group in found.rows.groups_of(k)), default=(0, 0))

    total = min(most, len({k for rows in candidates.values() for k in rows}))
    while len(shown) < total:
        for reason, rows in candidates.items():
            if left := [k for k in rows if k not in shown]:
                k = min(left, key=lambda k: often(k, reason))
                shown[k] = reason
                seen.update((of, group) for of in (reason, "") for group in found.rows.groups_of(k))
    return list(shown.items())[:most]


def _attribution(subject: Subject, found: Explanations, k: int, reason: str) -> Attribution:
    label, passage = int(found.rows.predicted[k]), found.passages[k]
    tokens, weights = _joined(passage, found.values[k])
    if passage.unread:
        tokens, weights = [*tokens, passage.unread], [*weights, 0.0]
        reason += "; the model reads no further than its last part"
    return Attribution(
        name=f"{PROBE}.texts",
        id=found.rows.ids[k],
        tokens=tuple(tokens),
        weights=tuple(round(weight, DIGITS) for weight in weights),
        base=round(float(found.explained[k].base[label]), DIGITS),
        score=round(float(found.scores[k, label]), DIGITS),
        predicted=subject.labels[label],
        label=subject.labels[found.rows.labels[k]],
        groups=found.rows.groups_of(k),
        reason=reason,
    )


def _joined(passage: Passage, values: Floats) -> tuple[list[str], list[float]]:
    """Return parts and values; of a long text the strongest, and what lies between them in one."""
    if len(passage) < MOST_PARTS:
        return list(passage.parts), values.tolist()
    strongest = np.argsort(-np.abs(values), kind="stable")[: MOST_PARTS // 2 - 1]
    ends = sorted({0, len(passage), *strongest.tolist(), *(strongest + 1).tolist()})
    runs = list(pairwise(ends))
    return [passage.between(*run) for run in runs], [float(values[slice(*run)].sum()) for run in runs]
