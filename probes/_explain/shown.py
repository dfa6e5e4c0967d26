"""Explanations to read: the strongest words of each class, errors, and single texts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from audit.personal_data.masking import masked
from audit.stats import TAILS
from audit.types import Attribution, Cell, Floats, Subject, Table
from probes._explain.explained import Explanations
from probes._explain.passages import Passage
from probes._explain.rows import least_certain
from probes._identity.swaps import swaps

PROBE = "explain.shap"
LEAST_TEXTS = 3
"""That a word needs in the table of words."""
MOST_WORDS = 10
MOST_CLASSES = 6
MOST_ERRORS = 12
MOST_PARTS = 60
"""Of one text that is shown; the weakest are joined."""
LONGEST_PART = 120
"""Characters of a part that is shown; longer ones are cut in their middle."""
DIGITS = 6


# --- over texts ---------------------------------------------------------------------------


def words_table(found: Explanations, labels: Sequence[str]) -> Table:
    """Return the words that speak for each class most surely, over all texts explained that hold them."""
    frequent = Counter(found.rows.predicted.tolist()).most_common(MOST_CLASSES)
    rows = [
        (labels[label], *row) for label in sorted(label for label, _ in frequent) for row in _strongest(found, label)
    ]
    note = (
        f"words in {LEAST_TEXTS} of the {len(found.rows):,} texts explained or more, in the order of the low end "
        "of Student's interval"
    )
    return Table(
        name=f"{PROBE}.strongest_words",
        columns=("class", "word", "mean attribution", "low", "high", "texts"),
        rows=tuple(rows),
        note=note if rows else f"no word is in {LEAST_TEXTS} of the texts explained and speaks for a class",
    )


def _strongest(found: Explanations, label: int) -> list[tuple[str, float, float, float, int]]:
    sums: dict[str, list[float]] = {}
    for text, passage, explained in zip(found.rows.texts, found.passages, found.explained, strict=True):
        for word, value in _by_word(text, passage, explained.values[:, label]).items():
            sums.setdefault(word, []).append(value)
    limits = {word: _limits(np.array(of)) for word, of in sums.items() if len(of) >= LEAST_TEXTS}
    best = sorted(
        (word for word in limits if round(limits[word][0], DIGITS) > 0), key=lambda word: (-limits[word][1], word)
    )
    return [(_short(word), *limits[word], len(sums[word])) for word in best[:MOST_WORDS]]


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
    return Table(
        name=f"{PROBE}.errors",
        columns=("id", "true class", "predicted", "score", "spoke for it most", "identity mass"),
        rows=tuple(_error(found, labels, k) for k in wrong[:MOST_ERRORS]),
        note=f"{len(wrong):,} of the {len(found.rows):,} texts explained are predicted wrong",
    )


def _error(found: Explanations, labels: Sequence[str], k: int) -> tuple[Cell, ...]:
    label, mass = int(found.rows.predicted[k]), found.identity_mass[k]
    words = [
        word
        for word, value in _by_word(found.rows.texts[k], found.passages[k], found.values[k]).most_common(3)
        if value > 0
    ]
    named = (labels[found.rows.labels[k]], labels[label], float(found.scores[k, label]))
    return (found.rows.ids[k], *named, ", ".join(map(_short, words)), None if np.isnan(mass) else float(mass))


# --- single texts -------------------------------------------------------------------------


def attributions(subject: Subject, found: Explanations, most: int, rng: np.random.Generator) -> Iterator[Attribution]:
    """Yield explanations of texts that are wrong, uncertain, flipped by an identity swap, or right, in turns."""
    candidates = {
        "wrong": np.flatnonzero(found.wrong).tolist(),
        "most uncertain": least_certain(found.scores, most // 4 + 1).tolist(),
        "flipped by an identity swap": _flipped(subject, found, rng),
        "right": np.flatnonzero(~found.wrong).tolist(),
    }
    for k, reason in _in_turns(candidates, found, most):
        yield _attribution(subject, found, k, reason)


def _flipped(subject: Subject, found: Explanations, rng: np.random.Generator) -> list[int]:
    """Return the rows whose class another identity term changes; one swap is tried per category."""
    assert subject.score
    made = [
        (k, swap.text)
        for k, (text, scan) in enumerate(zip(found.rows.texts, found.scans, strict=True))
        for swap in swaps(text, scan, 1, rng, found.rows.ids[k])
    ]
    if not made:
        return []
    after = subject.score([text for _, text in made]).argmax(axis=1)
    return sorted({k for (k, _), label in zip(made, after, strict=True) if label != found.rows.predicted[k]})


def _in_turns(candidates: Mapping[str, Sequence[int]], found: Explanations, most: int) -> list[tuple[int, str]]:
    """Return rows with the reason to show them: those whose groups were shown least often come first."""
    shown: dict[int, str] = {}
    seen: Counter[str] = Counter()
    while len(shown) < min(most, len(found.rows)):
        for reason, rows in candidates.items():
            if left := [k for k in rows if k not in shown]:
                k = min(left, key=lambda k: max((seen[group] for group in found.rows.groups_of(k)), default=0))
                shown[k] = reason
                seen.update(found.rows.groups_of(k))
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
        tokens=tuple(map(_short, tokens)),
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


def _short(text: str) -> str:
    half = LONGEST_PART // 2
    return text if len(text) <= LONGEST_PART else f"{text[:half]} […] {text[-half:]}"
