"""Rates of each group, and how far the groups lie apart."""

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from audit.registry import probe
from audit.stats import DRAWS, substream
from audit.types import Cell, Evidence, Frozen, GroupColumn, Subject, Table
from probes._areas import AREA_MEASURES, area_findings
from probes._groups import PRIVATE, RATE_MEASURES, Groups, assess, measures_of, rate_findings
from probes._parity import extremes, parity_findings


class Params(Frozen):
    """Parameters of ``fairness.groups``."""

    min_group: int = Field(30, ge=PRIVATE)
    """Rows that a rate needs in a group for the group to be compared; smaller ones are only shown."""
    draws: int = Field(DRAWS, ge=100)
    """Bootstrap replicates."""


@probe(
    "fairness.groups",
    version=1,
    values=("fairness",),
    needs=("labels", "groups"),
    measures=measures_of(tuple(RATE_MEASURES)) | AREA_MEASURES,
)
def fairness_groups(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """Rates of each group and how far the groups lie apart. Ideal: differences 0, ratios and areas 1.

    Point values are fairlearn's. With more than two classes every class is taken against the
    rest, and the parity of a column is that of its worst class. A rate has Wilson's interval,
    an area Newcombe's; a difference or ratio has one that holds for all pairs of groups at once,
    from a bootstrap of the counts that is stratified by membership.

    References
    ----------
    Weerts et al. 2023 (fairlearn, JMLR 24:257); Hardt, Price and Srebro 2016 (arXiv:1610.02413);
    Borkan et al. 2019 (arXiv:1903.04561).
    """
    sizes = {"floor": params.min_group, "draws": params.draws}
    overall = assess(fairness_groups, subject, _everyone(subject), tuple(RATE_MEASURES), rng=rng, **sizes)
    yield from rate_findings(overall)
    for column in subject.test.groups:
        groups, stream = _groups(column), substream(rng, column.name)
        rates = assess(fairness_groups, subject, groups, tuple(RATE_MEASURES), rng=stream, **sizes)
        yield _counts(subject, groups)
        yield from rate_findings(rates)
        yield from area_findings(fairness_groups, subject, groups, rng=substream(stream, "auc"), **sizes)
        yield from parity_findings(rates)
        yield extremes(rates)


def _everyone(subject: Subject) -> Groups:
    """Return all rows as one group: what each group is read against."""
    return Groups(
        slices=({},),
        members=np.ones((len(subject.test), 1), dtype=bool),
        compared=np.ones(1, dtype=bool),
        across={},
        remark="",
    )


def _groups(column: GroupColumn) -> Groups:
    """Return the groups of one column, and last the rows of none: shown, but not compared."""
    unknown = int(column.unknown.sum())
    names = (*column.values, "unknown") if unknown else column.values
    return Groups(
        slices=tuple({column.name: name} for name in names),
        members=np.column_stack([column.members, column.unknown])[:, : len(names)],
        compared=np.arange(len(names)) < len(column.values),
        across={column.name: "*"},
        remark=f"rows of no group, not compared: {unknown}" if unknown else "",
    )


def _counts(subject: Subject, groups: Groups) -> Table:
    """Return rows by group and by true class; the classes of very small groups are not shown."""
    shown = [subject.positive] if len(subject.labels) == 2 else list(range(len(subject.labels)))
    rows, hidden = [], []
    for name, member in zip(groups.names, groups.members.T, strict=True):
        n, of_class = int(member.sum()), [int((subject.test.labels[member] == label).sum()) for label in shown]
        shares: list[Cell] = [value for count in of_class for value in (count, count / max(n, 1))]
        if n < PRIVATE:
            hidden.append(name)
            shares = [None] * len(shares)
        rows.append((name, n, n / len(subject.test), *shares))
    labels = [subject.labels[label] for label in shown]
    return Table(
        name="fairness.groups.counts",
        slice=groups.across,
        columns=(
            "group",
            "rows",
            "share",
            *(f"{what} {label}" for label in labels for what in ("rows of", "share of")),
        ),
        rows=tuple(rows),
        note=f"suppressed, fewer than {PRIVATE} rows: {', '.join(hidden)}" if hidden else "",
    )
