"""What a person reads of attacks: the table of recipes, curves over budgets, texts side by side."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from audit.stats import Z, wilson_limits
from audit.types import Bools, Cell, Curve, Example, Examples, Floats, Score, Table
from probes._attack.outcomes import Attacked
from probes._attack.recipes import Recipe
from probes._attack.validity import changed_words, words
from probes._sample import Sample

QUERY_BUDGETS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
EDIT_BUDGETS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)

HEADING = (
    *("recipe", "paper", "departures from it", "rows attacked", "class changed", "valid", "mean queries"),
    *("not confirmed", "errors", "skipped"),
)


def recipes_table(recipes: Sequence[Recipe], done: Sequence[Attacked], skipped: Mapping[str, str], note: str) -> Table:
    """Return what became of every recipe that was asked for."""
    ran = {one.recipe.name: one for one in done}
    rows = tuple(
        (
            recipe.name,
            recipe.paper,
            recipe.departures or "none",
            *_counts(ran.get(recipe.name)),
            skipped.get(recipe.name),
        )
        for recipe in recipes
    )
    return Table(name="robustness.attack.recipes", columns=HEADING, rows=rows, note=note)


def _counts(one: Attacked | None) -> tuple[Cell, ...]:
    if one is None:
        return (None,) * 6
    queries = round(float(np.nanmean(one.queries)), 1) if one.attacked else None
    if one.recipe.reduces:
        return one.attacked, None, None, queries, one.unconfirmed, sum(one.errors.values())
    broken, valid = int(np.nansum(one.broken)), int(np.nansum(one.valid))
    return one.attacked, broken, valid, queries, one.unconfirmed, sum(one.errors.values())


def curves(one: Attacked, most: int) -> Iterator[Curve]:
    """Yield attack success within smaller budgets of queries and of changed words; none for a reduction."""
    known = ~np.isnan(one.broken)
    if known.any() and not one.recipe.reduces:
        broken, queries, share = one.broken[known] == 1, one.queries[known], one.share[known]
        steps = sorted({*(budget for budget in QUERY_BUDGETS if budget < most), most})
        yield _curve("success_by_queries", "queries", one, steps, broken, queries)
        yield _curve("success_by_words_changed", "share of words changed", one, EDIT_BUDGETS, broken, share)


def _curve(name: str, label: str, one: Attacked, budgets: Sequence[float], broken: Bools, cost: Floats) -> Curve:
    within = np.array([(broken & (cost <= budget)).sum() for budget in budgets])
    n = np.full(len(budgets), len(broken))
    low, high = wilson_limits(within, n, Z)
    return Curve(
        name=f"robustness.attack.{name}",
        slice={"recipe": one.recipe.name},
        x_label=f"at most so many {label}" if label == "queries" else f"at most this {label}",
        y_label="attack success",
        x=tuple(float(budget) for budget in budgets),
        y=tuple(float(v) for v in within / n),
        low=tuple(float(v) for v in low),
        high=tuple(float(v) for v in high),
        n=tuple(int(v) for v in n),
        note=one.note,
    )


def examples(done: Sequence[Attacked], rows: Sample, labels: Sequence[str], score: Score, most: int) -> Examples:
    """Return changed texts, one per row as far as they go: valid ones first, fewest changed words first."""
    searches = [one for one in done if not one.recipe.reduces]
    found = [(one, row, text) for one in searches for row, text in enumerate(one.texts) if text is not None]
    found.sort(key=lambda f: (-f[0].valid[f[1]], f[0].share[f[1]], rows.ids[f[1]], f[0].recipe.name))
    firsts = list({row: (one, row, text) for one, row, text in reversed(found)}.values())[::-1]
    shown = firsts[:most]
    before, after = (score(texts) if texts else np.zeros((0, len(labels))) for texts in _both(shown, rows))
    items = (_example(*f, rows, labels, *scores) for f, *scores in zip(shown, before, after, strict=True))
    note = f"{len(firsts)} rows had their class changed, {len(found)} times by all recipes together"
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
