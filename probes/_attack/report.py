"""The numbers of attacks: of each recipe, of all together, and against a plain model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from audit.registry import ProbeSpec
from audit.stats import substream
from audit.types import Bools, Finding, Floats, GroupColumn
from probes._attack.outcomes import Attacked
from probes._by_group import Means, findings
from probes._sample import Sample

NOTHING = "no row was attacked to an end"


@dataclass(frozen=True)
class Counts(Means):
    """Means of counts, whose range is not the measure's but a budget."""

    most: int = 0

    @property
    def span(self) -> tuple[float, float]:
        """Smallest and largest possible count."""
        return 0.0, float(self.most)


@dataclass(frozen=True)
class Report:
    """Turns outcomes into findings."""

    spec: ProbeSpec
    rows: Sample
    budget: int
    unlooked: str
    """Rules of validity that could not be looked at; empty where all were."""
    rng: np.random.Generator

    @property
    def right(self) -> Bools:
        """Rows that the model has right, shape (n,)."""
        return np.asarray(self.rows.labels == self.rows.predicted)

    def numbers(self, done: Sequence[Attacked]) -> Iterator[Finding]:
        """Yield the numbers of every recipe, and of rows that any recipe broke."""
        searches = [one for one in done if not one.recipe.reduces]
        if searches:
            yield from self._success(any_of(searches), {})
        for one in searches:
            where = {"recipe": one.recipe.name}
            yield from self._success(one, where)
            yield from self._noted(Counts(*self._row_means("queries", one.queries, where), most=self.budget), one.note)
            yield from self._noted(self._means("words_changed", one.share, where), one.note)
        for one in done:
            if one.recipe.reduces:
                yield from self._noted(self._means("words_left", one.share, {"recipe": one.recipe.name}), one.note)

    def change(self, done: Sequence[Attacked], plain: Sequence[Attacked]) -> Iterator[Finding]:
        """Yield how much more often the model breaks than a plain one, row by row."""
        pairs = [(one, other) for one, other in zip(done, plain, strict=False) if not one.recipe.reduces]
        if not pairs:
            note = "the model was not trained on changed texts"
            yield self.spec.finding("attack_success_change", None, 0, note=note)
            return
        shifts = {one.recipe.name: one.broken - other.broken for one, other in pairs}
        both = any_of([one for one, _ in pairs]).broken - any_of([other for _, other in pairs]).broken
        for where, shift in [({}, both), *(({"recipe": name}, shift) for name, shift in shifts.items())]:
            yield from findings(self._means("attack_success_change", shift, where), self.rng, groups=False)

    def _success(self, one: Attacked, where: Mapping[str, str]) -> Iterator[Finding]:
        said = "; ".join(filter(None, (one.note, self.unlooked)))
        yield from self._noted(self._means("attack_success", one.broken, where), one.note, gaps=True)
        yield from self._noted(self._means("robust_accuracy", self._robust(one.broken), where), one.note, gaps=True)
        yield from self._noted(self._means("valid_attack_success", one.valid, where), said)
        yield from self._noted(self._means("valid_robust_accuracy", self._robust(one.valid), where), said)

    def _robust(self, broken: Floats) -> Floats:
        """Rows that the model has wrong are lost, but for those beyond the last row that was come to."""
        finished = np.flatnonzero(~np.isnan(broken))
        reached = finished.max(initial=-1) if self.right.any() else len(broken)
        lost = ~self.right & (np.arange(len(broken)) <= reached)
        return np.where(lost, 0.0, 1 - broken)

    def _means(self, name: str, values: Floats, where: Mapping[str, str]) -> Means:
        return Means(*self._row_means(name, values, where))

    def _row_means(
        self, name: str, values: Floats, where: Mapping[str, str]
    ) -> tuple[ProbeSpec, str, Floats, Sequence[GroupColumn], Mapping[str, str], str]:
        return self.spec, name, values, self.rows.columns, where, NOTHING

    def _noted(self, means: Means, note: str, *, gaps: bool = False) -> Iterator[Finding]:
        for finding in findings(means, substream(self.rng, means.name), gaps=gaps):
            notes = "; ".join(filter(None, (finding.note, note)))
            yield finding if set(finding.slice) - {"recipe"} else finding.model_copy(update={"note": notes})


def any_of(done: Sequence[Attacked]) -> Attacked:
    """Return the worst of several recipes: a row is broken when any broke it, and known when all came to an end."""
    ran = [one for one in done if one.attacked] or list(done)
    worst = {name: np.max([getattr(one, name) for one in ran], axis=0) for name in ("broken", "valid")}
    known = int((~np.isnan(worst["broken"])).sum())
    note = f"attacked by every recipe: {known} of {ran[0].asked}" if known < ran[0].asked else ""
    return replace(ran[0], **worst, said=note)
