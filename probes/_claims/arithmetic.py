"""Whether any confusion matrix can give the numbers that were printed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from audit.types import Floats, Ints
from probes._claims.counts import Counts, all_counts
from probes._claims.integers import Program
from probes._claims.published import Claim, ClassNumbers, Span

MOST_MATRICES = 4_000_000
OPEN = "No contradiction found, but the search was given up before every confusion matrix was ruled in or out."
SOME = "Exact: some confusion matrix with these supports gives every printed number"
ALONE = "No contradiction found between the printed numbers; without all supports no confusion matrix can be tried."


@dataclass(frozen=True)
class Answer:
    """Whether the numbers can belong together."""

    contradictions: tuple[str, ...]
    """One sentence each, the plainest first."""
    tried: str
    """What was tried; empty where nothing printed could contradict anything."""


def check(claim: Claim) -> Answer:
    """Look for a confusion matrix that gives every printed number within rounding.

    A printed matrix is recomputed; of two classes with supports every matrix is tried; for more classes an
    integer program decides whether there is one, but for macro F1.
    """
    if claim.confusion:
        return Answer(tuple(_against_matrix(claim)), "The printed confusion matrix gives every printed number.")
    if claim.supports is None:
        return Answer(tuple(_without_supports(claim)), ALONE if _related(claim) else "")
    found = [*_of_rows(claim)]
    counts = []
    for label, of in claim.per_class.items():
        possible, contradictions = _narrowed(claim, label, of)
        counts.append(possible)
        found += contradictions
    found += [*_of_sums(claim, counts)]
    if found:
        return Answer(tuple(found), "")
    few = len(counts) == 2 and len(counts[0].hits) * len(counts[1].hits) <= MOST_MATRICES
    return _every_matrix(claim, counts) if few else _by_program(claim, counts)


# --- a printed matrix -----------------------------------------------------------------------


def _against_matrix(claim: Claim) -> Iterator[str]:
    matrix = np.array(claim.confusion)
    n = int(matrix.sum())
    if claim.n not in (None, n):
        yield f"The confusion matrix holds {n} rows, but n is {claim.n}."
    given = _given_by(matrix, tuple(claim.per_class))
    for label, of in claim.per_class.items():
        support = int(matrix.sum(axis=1)[list(claim.per_class).index(label)])
        if of.support not in (None, support):
            yield f"The confusion matrix has {support} rows of {label!r}, but the printed support is {of.support}."
    for (label, name), printed in claim.numbers.items():
        low, high = claim.span(printed)
        if not low <= given[label, name] <= high:
            value = given[label, name]
            yield f"By the confusion matrix {_what(label, name)} is {value:.4f}, but {printed:g} is printed."


def _given_by(matrix: Ints, labels: tuple[str, ...]) -> dict[tuple[str, str], float]:
    hits, true, predicted = np.diagonal(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    f1 = 2 * hits / np.maximum(true + predicted, 1)
    shares = {"recall": hits / np.maximum(true, 1), "precision": hits / np.maximum(predicted, 1), "f1": f1}
    by_class = {(label, name): float(v[k]) for name, v in shares.items() for k, label in enumerate(labels)}
    return {("", "accuracy"): float(hits.sum() / matrix.sum()), ("", "macro_f1"): float(f1.mean())} | by_class


# --- what can be said without supports ------------------------------------------------------


def _related(claim: Claim) -> bool:
    """Return whether some printed numbers bear on each other."""
    classes = claim.per_class.values()
    means = len(classes) > 1 and claim.macro_f1 is not None and all(of.f1 is not None for of in classes)
    whole = claim.accuracy is not None and (claim.n is not None or len(_recalls(claim)) > 1)
    return whole or means or any(len(of.shares) == 3 for of in classes)


def _recalls(claim: Claim) -> list[Span]:
    """Return what each recall may be; nothing where one is not printed."""
    spans = [claim.span(of.recall) for of in claim.per_class.values() if of.recall is not None]
    return spans if len(spans) == len(claim.per_class) else []


def _without_supports(claim: Claim) -> Iterator[str]:
    for label, of in claim.per_class.items():
        yield from _of_f1(claim, label, of)
    if claim.n is not None and claim.accuracy is not None:
        yield from _of_accuracy(claim, (0, claim.n), claim.n)
    recalls = _recalls(claim)
    if claim.accuracy is not None and len(recalls) > 1:
        low, high = min(low for low, _ in recalls), max(high for _, high in recalls)
        if not _overlap((low, high), claim.span(claim.accuracy)):
            yield (
                f"Accuracy is a mean of the recalls and lies between {low:.4f} and {high:.4f}, but "
                f"{claim.accuracy:g} is printed."
            )
    yield from _of_macro(claim, [claim.span(of.f1) for of in claim.per_class.values()])


def _of_f1(claim: Claim, label: str, of: ClassNumbers) -> Iterator[str]:
    if of.precision is None or of.recall is None or of.f1 is None:
        return
    ends = zip(claim.span(of.precision), claim.span(of.recall), strict=True)
    low, high = (2 * p * r / (p + r) if p > 0 and r > 0 else 0.0 for p, r in ends)
    if not _overlap((low, high), claim.span(of.f1)):
        yield (
            f"Precision {of.precision:g} and recall {of.recall:g} of {label!r} allow F1 from {low:.4f} to "
            f"{high:.4f}, but {of.f1:g} is printed."
        )


# --- each class, and the sums ---------------------------------------------------------------


def _of_rows(claim: Claim) -> Iterator[str]:
    if claim.n not in (None, claim.rows):
        yield f"The supports add up to {claim.rows} rows, but n is {claim.n}."


def _narrowed(claim: Claim, label: str, of: ClassNumbers) -> tuple[Counts, list[str]]:
    """Return the counts that fit the class's printed numbers, leaving out a number that cannot be met."""
    assert of.support is not None and claim.rows is not None, "needs every support"
    counts, found, met = all_counts(of.support, claim.rows), [], [f"support {of.support}"]
    for name, printed in of.shares.items():
        left = counts.within(name, claim.span(printed))
        if len(left.hits):
            counts, met = left, [*met, f"{_say(name)} {printed:g}"]
        else:
            near = counts.nearest(name, printed)
            found.append(
                f"Of the counts that fit {_listed(met)}, none gives {label!r} the printed {_say(name)} {printed:g}; "
                f"the nearest is {near:.4f}."
            )
    return counts, found


def _of_sums(claim: Claim, counts: list[Counts]) -> Iterator[str]:
    n = claim.rows or 0
    hits = sum(int(c.hits.min()) for c in counts), sum(int(c.hits.max()) for c in counts)
    if claim.accuracy is not None:
        yield from _of_accuracy(claim, hits, n)
    low, high = sum(int(c.low.min()) for c in counts), sum(int(c.high.max()) for c in counts)
    if not low <= n <= high:
        yield f"The classes together are predicted {low} to {high} times, but there are {n} rows."
    yield from _of_macro(claim, [c.range("f1") for c in counts])


def _of_accuracy(claim: Claim, hits: tuple[int, int], n: int) -> Iterator[str]:
    low, high = claim.span(claim.accuracy)
    if max(hits[0], np.ceil(low * n)) > min(hits[1], np.floor(high * n)):
        yield (
            f"Of {n} rows at least {hits[0]} and at most {hits[1]} can be right, an accuracy of {hits[0] / n:.4f} to "
            f"{hits[1] / n:.4f}; none such is printed as {claim.accuracy:g}."
        )


def _of_macro(claim: Claim, spans: list[Span]) -> Iterator[str]:
    if claim.macro_f1 is None or len(spans) < 2:
        return
    low, high = (float(np.mean(ends)) for ends in zip(*spans, strict=True))
    if not _overlap((low, high), claim.span(claim.macro_f1)):
        yield (
            f"The F1 of the classes have a mean between {low:.4f} and {high:.4f}, but macro F1 {claim.macro_f1:g} "
            "is printed."
        )


def _overlap(a: Span, b: Span) -> bool:
    return max(a[0], b[0]) <= min(a[1], b[1])


# --- all at once ----------------------------------------------------------------------------


def _every_matrix(claim: Claim, counts: list[Counts]) -> Answer:
    """Try every matrix of two classes whose recalls are possible."""
    first, second = counts
    cells = len(first.hits) * len(second.hits)
    grid = [hits.ravel() for hits in np.meshgrid(first.hits, second.hits, indexing="ij")]
    fits = _fits(claim, grid[0], grid[1], (first.support, second.support))
    kept = int(fits.all(axis=0).sum())
    if kept:
        return Answer((), f"Exact: {kept:,} of the confusion matrices with these supports give every printed number.")
    best = int(fits.sum(axis=0).argmax())
    a, b = int(grid[0][best]), int(grid[1][best])
    nearest = np.array([[a, first.support - a], [second.support - b, b]])
    missed = list(claim.numbers)[int(fits[:, best].argmin())]
    value = _given_by(nearest, tuple(claim.per_class))[missed]
    why = (
        f"Each class can be met alone, but none of the {cells:,} confusion matrices that are left gives every printed "
        f"number; the nearest, {nearest.tolist()}, has {_what(*missed)} {value:.4f} where "
        f"{claim.numbers[missed]:g} is printed."
    )
    return Answer((why,), "")


def _fits(claim: Claim, a: Ints, b: Ints, supports: tuple[int, int]) -> np.ndarray:
    """Return which matrices give which printed number, shape (numbers, matrices)."""
    hits, true = np.stack([a, b]), np.array(supports)[:, None]
    predicted = hits + (true - hits)[::-1]
    f1 = _ratio(2 * hits, true + predicted)
    shares = {"recall": _ratio(hits, true), "precision": _ratio(hits, predicted), "f1": f1}
    whole = {"accuracy": hits.sum(axis=0) / true.sum(), "macro_f1": f1.mean(axis=0)}
    order = {label: k for k, label in enumerate(claim.per_class)}
    rows = []
    for (label, name), printed in claim.numbers.items():
        values, (low, high) = shares[name][order[label]] if label else whole[name], claim.span(printed)
        rows.append((values >= low) & (values <= high))
    return np.stack(rows) if rows else np.ones((1, len(a)), dtype=bool)


def _ratio(part: Ints, whole: Ints) -> Floats:
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def _by_program(claim: Claim, counts: list[Counts]) -> Answer:
    """Ask an integer program; macro F1, which is not linear, was only checked by its range."""
    program, accuracy = Program(claim, counts), claim.span(claim.accuracy)
    possible = program.solve(accuracy)
    if possible is None:
        return Answer((), OPEN)
    if possible:
        return Answer((), f"{SOME}." if claim.macro_f1 is None else f"{SOME} but macro F1, whose range was checked.")
    reach = program.accuracies() if claim.accuracy is not None else None
    if reach is None:
        k = len(counts)
        why = f"Each class can be met alone, but no {k} x {k} confusion matrix gives all of them their numbers."
    else:
        why = (
            f"The numbers of the classes together allow an accuracy of {reach[0]:.4f} to {reach[1]:.4f}, and none of "
            f"it gives the printed {claim.accuracy:g}."
        )
    return Answer((why,), "")


def _what(label: str, name: str) -> str:
    return f"{_say(name)} of {label!r}" if label else _say(name)


def _say(name: str) -> str:
    return {"f1": "F1", "macro_f1": "macro F1"}.get(name, name)


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
