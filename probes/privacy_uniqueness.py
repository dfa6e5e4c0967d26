"""Whether people can be singled out by what else the data say of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from audit.errors import ConfigError, did_you_mean
from audit.registry import Measure, Skip, probe
from audit.stats import wilson
from audit.types import Bools, Evidence, Finding, Frozen, GroupColumn, Ints, Split, Subject, Table

SMALL = 5
"""Classes of fewer rows count as small, as elsewhere in the audit."""


class Params(Frozen):
    """Parameters of ``privacy.uniqueness``."""

    columns: tuple[str, ...] = ()
    """Quasi-identifiers: columns by which an outsider might know a person, such as age and postcode.
    From ``[data] columns`` and the group columns."""


def _share(meaning: str) -> Measure:
    return Measure("lower", meaning, 0, 1, 0)


MEASURES = {
    "smallest_class": Measure("higher", "Rows of the smallest class of rows that look alike: the k of k-anonymity.", 1),
    "unique_share": _share("Share of rows that look like no other row."),
    "small_class_share": _share(f"Share of rows that look like fewer than {SMALL} rows, themselves included."),
    "homogeneous_share": _share("Share of rows whose label all rows that look alike share."),
}

SAMPLE = "unique in these data is not yet unique in the population; rows of the same person count as several"


@probe(
    "privacy.uniqueness",
    version=1,
    values=("privacy",),
    needs=("labels",),
    measures=MEASURES,
    columns=("columns",),
)
def privacy_uniqueness(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """How many rows can be singled out by their quasi-identifiers. Ideal: shares 0 and a large smallest class.

    Rows that agree in all the columns form a class, and look alike to whoever knows no more. A
    missing cell is a value of its own. The label of a homogeneous class is known of everybody in
    it, and of a row that is alone. Without a split in the slice, all splits are taken as one table.
    The intervals speak of other samples as large as this one: in a larger table fewer rows are
    unique, and whether a row is unique in the population cannot be told from it. Requirement V13.

    References
    ----------
    Sweeney 2002 (doi:10.1142/S0218488502001648), k-anonymity;
    Machanavajjhala et al. 2007 (doi:10.1145/1217299.1217302), l-diversity.
    """
    if not params.columns:
        raise Skip(
            "no quasi-identifiers are named; name columns by which people might be known, such as "
            '[probes."privacy.uniqueness"] columns = ["age", "postcode"]'
        )
    columns = tuple(dict.fromkeys(params.columns))
    _check(columns, subject)
    tables = {name: _cells(split, columns) for name, split in subject.splits.items()}
    whole = {name: cells for name, cells in tables.items() if cells is not None}
    together = [row for cells in whole.values() for row in cells]
    yield from _shares(together, np.concatenate([subject.splits[name].labels for name in whole]), {})
    for name, cells in tables.items():
        yield from _shares(cells, subject.splits[name].labels, {"split": name})
    yield _sizes(together)
    yield _left_out(together, columns)


Cells = Sequence[tuple[object, ...]]
"""By row, one cell for each column."""


def _check(columns: tuple[str, ...], subject: Subject) -> None:
    known = {*subject.test.extra, *(group.name for group in subject.test.groups)}
    for column in columns:
        if column not in known:
            raise ConfigError(
                f'[probes."privacy.uniqueness"] columns: there is no column {column!r}.{did_you_mean(column, known)} '
                "Quasi-identifiers are columns named in [data] columns or groups."
            )


def _cells(split: Split, columns: tuple[str, ...]) -> Cells | None:
    """Return the quasi-identifiers of a split; None where it lacks a column."""
    known: dict[str, Sequence[object]] = {group.name: _groups_of(group) for group in split.groups} | dict(split.extra)
    if any(column not in known for column in columns):
        return None
    return list(zip(*(known[column] for column in columns), strict=True))


def _groups_of(column: GroupColumn) -> list[frozenset[str]]:
    names = np.array(column.values, dtype=object)
    return [frozenset(names[row]) for row in column.members]


def _shares(cells: Cells | None, labels: Ints, where: dict[str, str]) -> Iterator[Finding]:
    if not cells:
        note = "the split lacks one of the columns" if cells is None else "there are no rows"
        for name in MEASURES:
            yield privacy_uniqueness.finding(name, None, len(labels), slice=where, note=note)
        return
    sizes = _class_sizes(cells)
    smallest = int(sizes.min())
    note = "exact count"
    yield privacy_uniqueness.finding("smallest_class", smallest, len(cells), slice=where, note=note)
    yield _share_of("unique_share", sizes == 1, where, SAMPLE)
    yield _share_of("small_class_share", sizes < SMALL, where, SAMPLE)
    yield _share_of("homogeneous_share", _homogeneous(cells, labels), where, "a row that is alone counts")


def _class_sizes(cells: Cells) -> Ints:
    """Return how many rows look like each row, itself included, shape (n,)."""
    counts = Counter(cells)
    return np.array([counts[row] for row in cells])


def _homogeneous(cells: Cells, labels: Ints) -> Bools:
    """Return which rows are in a class of one label, shape (n,)."""
    seen: defaultdict[object, set[int]] = defaultdict(set)
    for row, label in zip(cells, labels.tolist(), strict=True):
        seen[row].add(label)
    return np.array([len(seen[row]) == 1 for row in cells])


def _share_of(name: str, hits: Bools, where: dict[str, str], note: str) -> Finding:
    successes, n = int(hits.sum()), len(hits)
    return privacy_uniqueness.finding(name, successes / n, n, slice=where, interval=wilson(successes, n), note=note)


# --- to read ------------------------------------------------------------------------------


def _sizes(cells: Cells) -> Table:
    sizes = np.array(sorted(Counter(cells).values()))
    bounds = ((1, 1), (2, SMALL - 1), (SMALL, 9), (10, 99), (100, None))
    rows = []
    for low, high in bounds:
        chosen = sizes[(sizes >= low) & (sizes <= (high or np.inf))]
        name = f"{low} or more" if high is None else str(low) if low == high else f"{low} to {high}"
        rows.append((name, len(chosen), int(chosen.sum()), float(chosen.sum() / sizes.sum())))
    columns = ("rows that look alike", "classes", "rows", "share")
    return Table(name="privacy.uniqueness.classes", columns=columns, rows=tuple(rows))


def _left_out(cells: Cells, columns: tuple[str, ...]) -> Table:
    """Return what each column costs: the numbers without it."""
    kept: list[tuple[str, Cells]] = [("none", cells)]
    if len(columns) > 1:
        kept += [(column, [row[:k] + row[k + 1 :] for row in cells]) for k, column in enumerate(columns)]
    sizes = [(column, _class_sizes(rest)) for column, rest in kept]
    return Table(
        name="privacy.uniqueness.left_out",
        columns=("column left out", "smallest class", "unique share"),
        rows=tuple((column, int(of.min()), float((of == 1).mean())) for column, of in sizes),
        note="the column whose absence lowers the unique share most singles people out most",
    )
