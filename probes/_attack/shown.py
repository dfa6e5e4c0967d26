"""What a person reads of attacks: the table of recipes, curves over budgets, texts side by side."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from audit.stats import Z, wilson_limits
from audit.types import Bools, Cell, Curve, Example, Examples, Floats, Score, Table
from probes._attack.attacked import CUT, IDLE, OPEN, REFUTED, SPENT, Attacked, any_of
from probes._attack.drawn import Drawn
from probes._attack.reading import words
from probes._attack.recipes import Recipe
from probes._attack.validity import changed_words
from probes._groups import PRIVATE
from probes._sample import Sample

QUERY_BUDGETS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
EDIT_BUDGETS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)

HEADING = (
    *("recipe", "rows attacked", "class changed", "valid", "mean queries", "not confirmed", "stopped", "cut off"),
    *("no change possible", "errors", "skipped", "paper", "departures from it"),
)


def recipes_table(recipes: Sequence[Recipe], done: Sequence[Attacked], skipped: Mapping[str, str], note: str) -> Table:
    """Return what became of every recipe that was asked for, on the rows that they ran on."""
    ran = {one.recipe.name: one for one in done}
    rows = tuple(
        (recipe.name, *_counts(ran.get(recipe.name)), skipped.get(recipe.name), recipe.paper, recipe.departures)
        for recipe in recipes
    )
    return Table(name="robustness.attack.recipes", columns=HEADING, rows=rows, note=note)


def _counts(one: Attacked | None) -> tuple[Cell, ...]:
    if one is None:
        return (None,) * 9
    queries = round(float(np.nanmean(one.queries)), 1) if one.attacked else None
    hits = (None, None) if one.recipe.reduces else (int((one.broken == 1).sum()), int((one.valid == 1).sum()))
    rest = (one.counts[end] for end in (REFUTED, SPENT, CUT, IDLE))
    return one.attacked, *hits, queries, *rest, sum(one.errors.values())


def curves(done: Sequence[Attacked], drawn: Drawn, most: int) -> Iterator[Curve]:
    """Yield attack success within smaller budgets of queries and of changed words.

    Of each recipe over the rows drawn whoever they are about, and of each group by the cheapest of all
    recipes; none for a reduction, and none where fewer rows were attacked than may be told of.
    """
    searches = [one for one in done if not one.recipe.reduces]
    for one in searches:
        yield from _both_curves(one, drawn.overall, {"recipe": one.recipe.name}, most)
    if not searches:
        return
    together = any_of(searches)
    for column in drawn.columns:
        for value, members in zip(column.values, column.members.T, strict=True):
            yield from _both_curves(together, members, {column.name: value}, most, PRIVATE)


def _both_curves(one: Attacked, rows: Bools, where: Mapping[str, str], most: int, least: int = 1) -> Iterator[Curve]:
    known = rows & ~np.isnan(one.broken)
    if known.sum() >= least:
        steps = sorted({*(budget for budget in QUERY_BUDGETS if budget < most), most})
        broken, note = one.broken[known], one.of(rows).note(most)
        yield _curve("success_by_queries", "queries", where, steps, broken, one.queries[known], note)
        shares = "share of words changed"
        yield _curve("success_by_words_changed", shares, where, EDIT_BUDGETS, broken, one.share[known], note)


def _curve(
    name: str, label: str, where: Mapping[str, str], budgets: Sequence[float], broken: Floats, cost: Floats, note: str
) -> Curve:
    """Return one curve; a search that was cut off may yet succeed within any budget."""
    least = np.array([((broken == 1) & (cost <= budget)).sum() for budget in budgets])
    most, n = least + (broken == OPEN).sum(), np.full(len(budgets), len(broken))
    low, high = wilson_limits(least, n, Z)[0], wilson_limits(most, n, Z)[1]
    return Curve(
        name=f"robustness.attack.{name}",
        slice=dict(where),
        x_label=f"at most so many {label}" if label == "queries" else f"at most this {label}",
        y_label="attack success",
        x=tuple(float(budget) for budget in budgets),
        y=tuple(float(v) for v in (least + most) / (2 * n)),
        low=tuple(float(v) for v in low),
        high=tuple(float(v) for v in high),
        n=tuple(int(v) for v in n),
        note=note,
    )


def examples(done: Sequence[Attacked], drawn: Drawn, labels: Sequence[str], score: Score, most: int) -> Examples:
    """Return changed texts, one per row as far as they go: valid ones first, fewest changed words first."""
    rows, searches = drawn.rows, [one for one in done if not one.recipe.reduces]
    found = [(one, row, text) for one in searches for row, text in enumerate(one.texts) if text is not None]
    found.sort(key=lambda f: (-f[0].valid[f[1]], f[0].share[f[1]], rows.ids[f[1]], f[0].recipe.name))
    best: dict[int, tuple[Attacked, int, str]] = {}
    for one in found:
        best.setdefault(one[1], one)
    firsts = list(best.values())
    shown = firsts[:most]
    before, after = (score(texts) if texts else np.zeros((0, len(labels))) for texts in _both(shown, rows))
    items = (_example(*f, rows, labels, *scores) for f, *scores in zip(shown, before, after, strict=True))
    note = f"{len(firsts)} rows had their class changed, {len(found)} times by all recipes together"
    further = sum(row >= drawn.first for _, row, _ in firsts)
    note += f"; {further} of them were drawn for their groups alone" if further else ""
    return Examples(name="robustness.attack.examples", items=tuple(items), total=len(firsts), note=note)


def _both(shown: Sequence[tuple[Attacked, int, str]], rows: Sample) -> tuple[list[str], list[str]]:
    return [rows.texts[row] for _, row, _ in shown], [text for *_, text in shown]


def _example(
    one: Attacked, row: int, text: str, rows: Sample, labels: Sequence[str], before: Floats, after: Floats
) -> Example:
    text_before, predicted = rows.texts[row], int(before.argmax())
    share = f"{changed_words(text_before, text)} changed of {len(words(text_before))} words"
    valid = "" if one.valid[row] else "; breaks a rule of validity"
    return Example(
        id=rows.ids[row],
        before=text_before,
        after=text,
        change=f"{one.recipe.name}: {share}, {int(one.queries[row])} queries{valid}",
        label=labels[rows.labels[row]],
        predicted_before=labels[predicted],
        predicted_after=labels[int(after.argmax())],
        score_before=float(before[predicted]),
        score_after=float(after[predicted]),
        groups=rows.groups_of(row),
    )
