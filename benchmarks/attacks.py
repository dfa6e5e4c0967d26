"""Adversarial search: TextAttack one text after the other against the same searches run at once by ours.

Same recipes, texts, classes, seeds and query budget. TextAttack runs with its own wrapper of a transformers model,
which pads every batch to the tokeniser's limit, with that limit set to 512 (what it takes for a tokeniser that names
none), and with a wrapper that pads to the longest text of the batch. The first two get a few short texts: what a
query costs there does not depend on the text. After ``make audit``: ``python -m benchmarks.attacks``
"""

import random
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from audit.assets import PREFIX, resolve
from audit.cli import cache_folder
from audit.models.transformer import TransformerModel, load_transformer
from benchmarks.scoring import Ours, arguments, read_texts
from probes._attack.attackers import Attacker, Found
from probes._attack.lockstep import Search, run_searches
from probes._attack.recipes import BUILT_IN, MODEL, Recipe, Resources
from probes._attack.resources import textattack

RECIPES = ("deepwordbug", "pwws")
ROWS, FEW, SHORT, BUDGET = 40, 3, 12, 500
"""Texts; texts for the slow wrappers, and their most words; queries per text."""
ROUNDS = 2
HOURS = 10.0 * 3600


@dataclass(frozen=True)
class Case:
    """A text to attack, the class it has, and where random numbers start."""

    text: str
    label: int
    seed: int


Way = Callable[[Recipe, Sequence[Case]], list[Found]]


@dataclass(frozen=True)
class Timed:
    """What a way found, and its seconds per query."""

    found: list[Found]
    pace: float


def main() -> None:
    """Print seconds per query of each way, the ratios, and how many outcomes are equal."""
    asked = arguments(__doc__)
    model = load_transformer(asked.model, max_tokens=128)
    texts = read_texts(asked.texts, asked.column)[:ROWS]
    resources = Resources(lambda name: resolve(f"{PREFIX}{name}", Path(), cache_folder()))
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(model, Path(folder), read_texts(asked.texts, asked.column))
        score = ours.fresh()
        labels = score(texts).argmax(axis=1)
        cases = [Case(text, int(label), k) for k, (text, label) in enumerate(zip(texts, labels, strict=True))]
        few = [case for case in cases if len(case.text.split()) <= SHORT][:FEW]
        theirs, mine = wrappers(asked.model, resources), partial(at_once, ours, resources)
        some = dict.fromkeys(theirs, few) | {list(theirs)[-1]: cases, "renben": cases}
        for name in RECIPES:
            print(f"{name}: {len(cases)} texts, at most {BUDGET} queries each")
            report(race(theirs | {"renben": mine}, BUILT_IN[name], some), some, model)


def wrappers(folder: Path, resources: Resources) -> dict[str, Way]:
    """Return TextAttack's search with each wrapper, the slow ones first."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    own: Any = textattack().models.wrappers.HuggingFaceModelWrapper
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()

    class Padded(own):  # type: ignore[misc]
        """Pads to the longest text of the batch."""

        def __call__(self, texts: Sequence[str]) -> Any:
            inputs = self.tokenizer(list(texts), padding=True, truncation=True, max_length=128, return_tensors="pt")
            with torch.inference_mode():
                return self.model(**inputs).logits

    def made(kind: Any, **limit: int) -> Way:
        tokenizer = AutoTokenizer.from_pretrained(folder, **limit)  # type: ignore[no-untyped-call]
        return partial(one_by_one, kind(network, tokenizer), resources)

    return {
        "TextAttack, 512": made(own, model_max_length=512),
        "TextAttack": made(own),
        "TextAttack, padded to the batch": made(Padded),
    }


def one_by_one(wrapper: Any, resources: Resources, recipe: Recipe, cases: Sequence[Case]) -> list[Found]:
    """Return what TextAttack's ``Attack.attack`` finds."""
    attack = recipe.build(wrapper, resources)
    attack.goal_function.query_budget = BUDGET
    found = []
    for case in cases:
        random.seed(case.seed)
        np.random.seed(case.seed)  # TextAttack draws from the global generator
        attack.clear_cache()
        result = attack.attack(case.text, case.label)
        changed = isinstance(result, textattack().attack_results.SuccessfulAttackResult)
        found.append(Found(result.perturbed_result.attacked_text.text, changed, result.num_queries))
    return found


def at_once(ours: Ours, resources: Resources, recipe: Recipe, cases: Sequence[Case]) -> list[Found]:
    """Return what our searches find, from an empty cache of scores."""
    attacker = Attacker(recipe, resources, BUDGET)
    searches = [Search(attacker.run(MODEL, case.text, case.label), case.seed) for case in cases]
    score = ours.scorer()
    results = run_searches(searches, {MODEL: lambda asked: score(asked)}, seconds=HOURS, clock=time.monotonic)
    return [result.value for result in results if result.value is not None]


def report(best: dict[str, Timed], cases: dict[str, list[Case]], model: TransformerModel) -> None:
    """Print how each way compares with ours: in speed, and in what it finds."""
    ours = best["renben"]
    for name, one in best.items():
        print(f"  {name:32} {1 / one.pace:6.1f} queries/s   renben is {one.pace / ours.pace:5.2f} times as fast")
    for name in list(best)[:-1]:
        mine = [ours.found[cases["renben"].index(case)] for case in cases[name]]
        pairs = list(zip(mine, best[name].found, strict=True))
        same = sum((a.changed, a.text, a.queries) == (b.changed, b.text, b.queries) for a, b in pairs)
        # Texts of the same tokens tie, and rounding decides which of them TextAttack takes.
        read = sum(a.changed == b.changed and model.encode([a.text]) == model.encode([b.text]) for a, b in pairs)
        print(f"  against {name}: same outcome and tokens for {read} of {len(pairs)}, same letters and queries {same}")


def race(ways: Mapping[str, Way], recipe: Recipe, cases: dict[str, list[Case]]) -> dict[str, Timed]:
    """Return the best of some rounds of each way; they take turns, so that a busy moment hits all."""
    rounds = [{name: timed(way, recipe, cases[name]) for name, way in ways.items()} for _ in range(ROUNDS)]
    return {name: min((one[name] for one in rounds), key=lambda one: one.pace) for name in ways}


def timed(way: Way, recipe: Recipe, cases: list[Case]) -> Timed:
    """Return what a way found and its seconds per query."""
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = way(recipe, cases)
    return Timed(found, (time.perf_counter() - begun) / sum(one.queries for one in found))


if __name__ == "__main__":
    main()
