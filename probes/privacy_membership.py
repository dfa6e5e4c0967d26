"""Whether the model gives away which rows it was trained on."""

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from audit.registry import Measure, Skip, probe
from audit.stats import DRAWS, auc, substream
from audit.types import Bools, Curve, Evidence, Finding, Frozen, GroupColumn, Interval, Split, Subject
from probes._areas import Gap, Ranking
from probes._gaps import difference_limits, ends
from probes._groups import PRIVATE, Groups, too_small
from probes._privacy.attacks import Guesses, guess
from probes._privacy.strength import FALSE_ALARMS, STRENGTHS, Chance, area_interval, by_lot, null_of, roc
from probes._sample import drawn
from probes._text import normalised

LEAST = 30
"""Rows of either side below which nothing is measured."""
LEAST_OTHERS = round(1 / FALSE_ALARMS)
"""Rows that the model was not trained on below which one false alarm is already too many."""


class Params(Frozen):
    """Parameters of ``privacy.membership``."""

    rows: int = Field(1000, ge=LEAST, le=20_000)
    """Rows of the train split, and as many of the test split, at most."""
    min_group: int = Field(30, ge=PRIVATE)
    """Rows that a group needs to be compared."""


MEASURES = {
    "auc": Measure(
        "lower", "Area under the ROC curve of telling rows trained on from others; 0.5 is chance.", 0, 1, 0.5
    ),
    "advantage": Measure("lower", "Largest true less false positive rate of the attack; 0 is chance.", 0, 1, 0),
    "tpr_at_fpr": Measure("lower", "Share of rows trained on that are found at 1 % false alarms.", 0, 1, FALSE_ALARMS),
    "reference_auc": Measure(
        "none", "The same area for a model that has seen neither: how unlike the splits are.", 0, 1, 0.5
    ),
    "auc_difference": Measure("lower", "Largest difference between two groups of the area.", 0, 1, 0),
}


@probe(
    "privacy.membership",
    version=2,
    values=("privacy", "fairness"),
    needs=("model", "labels", "train"),
    measures=MEASURES,
    quick={"rows": 200},
)
def privacy_membership(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """How well an attacker can tell from its scores which rows the model was trained on. Ideal: areas 0.5.

    Members are rows of the train split, others are rows of the test split whose text is not in
    train. Attacks: the loss, the entropy, with more than two classes the modified entropy, and
    the loss calibrated by a reference. An attacker is assumed to know the true class and to draw
    members as often as others. A number without a method is that of the attack that reaches most of it,
    its interval and null allow for the choice; a group's is that of the same attack. Departure from
    Watson et al.: the reference is a logistic regression on TF-IDF, trained out of fold on these rows,
    and not the model's own kind.

    An attack cannot tell memory from a shift between the splits. ``reference_auc`` can: the
    reference was trained on neither side more than on the other. Where it lies off 0.5, members
    are easier or harder for any model, and part of what the attacks find may be that. An area of 0.5
    is no proof of privacy: stronger attacks exist (LiRA, Carlini et al.), at the price of many
    models. Requirement V13.

    References
    ----------
    Yeom et al. 2018 (arXiv:1709.01604); Song and Mittal 2021 (arXiv:2003.10595); Watson et al. 2022
    (arXiv:2111.08440); Carlini et al. 2022 (arXiv:2112.03570), hits at 1 % false alarms.
    """
    members, others = _drawn(subject, params.rows, int(substream(rng, "rows").integers(2**32)))
    guesses, columns = _attack(subject, members, others)
    chance = by_lot(guesses.member, guesses.signals, DRAWS, substream(rng, "lots"))
    shift, attacks, best = _reference(guesses), tuple(guesses.signals), _strongest(guesses)
    for name in STRENGTHS:
        yield _number(name, guesses, attacks, chance, {}, _remark(best[name], shift))
    for attack in attacks:
        for name in STRENGTHS:
            yield _number(name, guesses, (attack,), chance, {"method": attack}, "")
    yield shift
    for column in columns:
        yield from _by_group(guesses, best, column, params.min_group, substream(rng, column.name))
    yield _curve(guesses, best["auc"])


# --- rows ---------------------------------------------------------------------------------


def _drawn(subject: Subject, rows: int, seed: int) -> tuple[list[int], list[int]]:
    """Return row numbers of train, and of test where the text is not in train."""
    train, test = subject.splits["train"], subject.test
    known = set(map(normalised, train.texts))
    members = drawn(train, seed)[:rows].tolist()
    others = [row for row in drawn(test, seed).tolist() if normalised(test.texts[row]) not in known][:rows]
    if min(len(members), len(others)) < LEAST:
        raise Skip(
            f"{len(members)} rows of the train split and {len(others)} of the test split whose text is not in train "
            f"are too few; {LEAST} of each are needed. Name larger tables in [data]."
        )
    return members, others


def _attack(subject: Subject, members: list[int], others: list[int]) -> tuple[Guesses, list[GroupColumn]]:
    """Score the rows, members first, and return what the attacks say of them and their groups."""
    assert subject.score is not None
    train, test = subject.splits["train"], subject.test
    texts = [*(train.texts[row] for row in members), *(test.texts[row] for row in others)]
    labels = np.concatenate([train.labels[members], test.labels[others]])
    member = np.arange(len(texts)) < len(members)
    columns = [
        GroupColumn(c.name, c.values, np.vstack([_members(train, c)[members], c.members[others]])) for c in test.groups
    ]
    return guess(texts, labels, member, subject.score(texts)), columns


def _members(split: Split, column: GroupColumn) -> Bools:
    """Return the split's rows in the groups of a column of another split, shape (n, groups)."""
    known = {group.name: dict(zip(group.values, group.members.T, strict=True)) for group in split.groups}
    nobody = np.zeros(len(split), dtype=bool)
    of = known.get(column.name, {})
    return np.array([of.get(value, nobody) for value in column.values], dtype=bool).reshape(-1, len(split)).T


# --- numbers ------------------------------------------------------------------------------


def _strongest(guesses: Guesses) -> dict[str, str]:
    """Return the attack that reaches most, for each number."""
    found = {}
    for name, strength in STRENGTHS.items():
        reached = {attack: strength.value(signal, guesses.member) for attack, signal in guesses.signals.items()}
        found[name] = max(reached, key=lambda attack: reached[attack])
    return found


def _number(
    name: str, guesses: Guesses, attacks: tuple[str, ...], chance: Chance, where: dict[str, str], note: str
) -> Finding:
    """Return what the strongest of some attacks reaches."""
    member, strength = guesses.member, STRENGTHS[name]
    n, others = len(member), int((~member).sum())
    if name == "tpr_at_fpr" and others < LEAST_OTHERS:
        few = f"{others} rows not trained on are too few to tell 1 % of them; {LEAST_OTHERS} test rows are needed"
        return privacy_membership.finding(name, None, n, slice=where, note=few)
    signals = [guesses.signals[attack] for attack in attacks]
    value = max(strength.value(signal, member) for signal in signals)
    lots = f"membership drawn by lot, {DRAWS} times" + (", the largest of all attacks" if len(attacks) > 1 else "")
    null = null_of(value, np.max([chance[name][attack] for attack in attacks], axis=0), lots)
    interval = strength.interval(signals, member)
    return privacy_membership.finding(name, value, n, slice=where, interval=interval, null=null, note=note)


def _reference(guesses: Guesses) -> Finding:
    n = len(guesses.member)
    if guesses.reference is None:
        note = "no reference can be trained: the rows have one class, or blank texts; hence no calibrated attack"
        return privacy_membership.finding("reference_auc", None, n, note=note)
    value, interval = auc(guesses.reference, guesses.member), area_interval([guesses.reference], guesses.member)
    return privacy_membership.finding("reference_auc", value, n, interval=interval)


def _remark(best: str, shift: Finding) -> str:
    """Return what to read the strongest attack with."""
    note = f"by the {best}, the strongest attack"
    if shift.interval and shift.value and not shift.interval.low <= 0.5 <= shift.interval.high:
        side = "easier" if shift.value > 0.5 else "harder"
        note += f"; train rows are {side} than test rows for any model (reference_auc): part of this may be no memory"
    return note


# --- by group -----------------------------------------------------------------------------


def _by_group(
    guesses: Guesses, best: dict[str, str], column: GroupColumn, floor: int, rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield each number of its strongest attack in each group, and the largest difference of the areas."""
    for value, member in zip(column.values, column.members.T, strict=True):
        yield from _group(guesses.among(member), best, {column.name: value}, substream(rng, "lots"))
    ranking = Ranking({}, guesses.signals[best["auc"]], guesses.member, column.members)
    groups = Groups(
        slices=tuple({column.name: value} for value in column.values),
        members=column.members,
        compared=np.ones(len(column.values), dtype=bool),
        across={column.name: "*"},
        remark="",
    )
    gap, finding = Gap.of(ranking, groups, floor, DRAWS, rng), privacy_membership.finding
    if len(gap.groups) < 2:
        note = f"fewer than two groups have {floor} rows, both trained on and not"
        yield finding("auc_difference", None, gap.n, slice=groups.across, note=note)
        return
    low, high = difference_limits([gap.family])
    method = f"all pairs at once, max-t, {DRAWS} draws"
    interval = Interval(low=min(low, gap.value), high=max(min(high, 1.0), gap.value), method=method)
    note = f"by the {best['auc']}; {ends([column.values[g] for g in gap.groups], gap.family.values)}"
    yield finding("auc_difference", gap.value, gap.n, slice=groups.across, interval=interval, note=note)


def _group(
    guesses: Guesses, best: dict[str, str], where: dict[str, str], rng: np.random.Generator
) -> Iterator[Finding]:
    n, members = len(guesses.member), int(guesses.member.sum())
    if n < PRIVATE or members in (0, n):
        note = too_small(n) if n < PRIVATE else "undefined: needs rows of the group that were trained on and others"
        yield from (privacy_membership.finding(name, None, n, slice=where, note=note) for name in STRENGTHS)
        return
    chance = by_lot(guesses.member, {attack: guesses.signals[attack] for attack in best.values()}, DRAWS, rng)
    for name, attack in best.items():
        yield _number(name, guesses, (attack,), chance, where, f"by the {attack}")


def _curve(guesses: Guesses, best: str) -> Curve:
    false, true = roc(guesses.signals[best], guesses.member)
    # The highest point at each rate of false alarms; few are needed to draw it, most of them where attackers look.
    grid = np.concatenate([np.linspace(0, 0.1, 11), np.linspace(0.15, 1, 18)])
    at = np.unique([0, *(np.searchsorted(false, grid, side="right") - 1)])
    return Curve(
        name="privacy.membership.roc",
        slice={"method": best},
        x_label="others taken for members",
        y_label="members found",
        x=tuple(false[at].tolist()),
        y=tuple(true[at].tolist()),
    )
