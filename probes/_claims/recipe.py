"""What a training recipe should keep: one rule each, judged from the facts of the subject."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from audit.types import Interval, Split, Subject, TuningFacts
from probes._claims.accuracies import Accuracy
from probes._text import normalised

State = tuple[bool | None, str]
"""Fine, a concern, or None where it cannot be told; and what was found."""

RATES = {"all": (1e-6, 1e-4), "top": (1e-6, 1e-3), "lora": (1e-5, 1e-3), "head": (1e-5, 1e-2)}
"""Usual learning rates by what is trained."""
BATCHES = (8, 128)
PLATEAU = 0.01
"""Relative fall of the validation loss in the last epoch from which on it was still falling."""
GAP = 0.05
"""Accuracy that may be lost from train to test."""
FEW_ROWS = 30
FEW_VALIDATION_ROWS = 100
IMBALANCE = 4
"""Rows of the largest class for one of the smallest: with two classes, a share of 20 in 100."""
OVERLAP = 0.01
TRUNCATED = 0.05

CUSTOM = "a convention of this probe"
UNKNOWN = 'Not known: only a model tuned by this audit ([model] kind = "tune") tells its recipe.'
NO_TRAIN = "Not known: there is no train split. Name its table in [data] train."


@dataclass(frozen=True)
class Facts:
    """What the rules look at."""

    subject: Subject
    train: Accuracy | None
    """On a sample of the train split; None where it cannot be scored."""
    test: Accuracy
    gap: Interval | None
    """Of the accuracy lost from train to test."""
    truncated: float | None
    """Share of train texts that the model does not read to their end."""

    @property
    def tuning(self) -> TuningFacts | None:
        """How this audit tuned the model, if it did."""
        return self.subject.facts.tuning


@dataclass(frozen=True)
class Rule:
    """One check of the recipe."""

    id: str
    expected: str
    source: str
    judge: Callable[[Facts], State]


def _of_tuning(judge: Callable[[TuningFacts], State]) -> Callable[[Facts], State]:
    return lambda facts: judge(facts.tuning) if facts.tuning else (None, UNKNOWN)


def _number(recipe: Mapping[str, JsonValue], key: str, default: float) -> float:
    value = recipe.get(key)
    return float(value) if isinstance(value, int | float) else default


# --- how it was trained ---------------------------------------------------------------------


def _learning_rate(tuning: TuningFacts) -> State:
    rate, part = _number(tuning.recipe, "learning_rate", np.nan), str(tuning.recipe.get("train", "all"))
    low, high = RATES[part.partition(":")[0]]
    return bool(low <= rate <= high), f"{rate:g}, training {part}; usual for that is {low:g} to {high:g}."


def _warm_up(tuning: TuningFacts) -> State:
    share, part = _number(tuning.recipe, "warmup", 0), tuning.recipe.get("train", "all")
    return share > 0 or part != "all", f"A rise over {share:.0%} of the steps, training {part}."


def _batch_size(tuning: TuningFacts) -> State:
    rows = _number(tuning.recipe, "batch_size", 0) * _number(tuning.recipe, "accumulate", 1)
    return BATCHES[0] <= rows <= BATCHES[1], f"{rows:.0f} rows for each step of the optimiser."


def _early_stopping(tuning: TuningFacts) -> State:
    epochs = len(tuning.curve)
    if epochs < 2:
        return False, "One epoch only: nothing was chosen between."
    return True, f"Epoch {tuning.best_epoch} of {epochs} was kept, by its loss on the validation split."


def _trained_enough(tuning: TuningFacts) -> State:
    losses = [epoch.validation_loss for epoch in tuning.curve]
    if len(losses) < 2:
        return None, "Not known: of one epoch there is no course of the loss. Set epochs to 2 or more."
    fall = 1 - losses[-1] / losses[-2]
    if tuning.best_epoch == len(losses) and fall > PLATEAU:
        return False, f"The validation loss was still falling in the last epoch, by {fall:.1%}: more may help."
    if tuning.best_epoch == 1:
        return False, "The validation loss only rose after the first epoch: the learning rate may be too high."
    return True, f"The validation loss was lowest in epoch {tuning.best_epoch} of {len(losses)}."


def _dropout(tuning: TuningFacts) -> State:
    dropout = tuning.recipe.get("dropout")
    return dropout != 0, "That of the base." if dropout is None else f"{dropout:g}."


# --- what came of it ------------------------------------------------------------------------


def _learned(facts: Facts) -> State:
    subject = facts.subject
    known = subject.splits.get("train", subject.test)
    majority = int(np.bincount(known.labels, minlength=len(subject.labels)).argmax())
    share = float((subject.test.labels == majority).mean())
    if facts.test.n < FEW_ROWS:
        return None, f"Not known: {facts.test.n} test rows are too few to tell. Give {FEW_ROWS} or more."
    always = f"always naming {subject.labels[majority]!r} gives {share:.3f}"
    found = f"Test accuracy {facts.test.value:.3f}, at least {facts.test.interval.low:.3f}; {always}."
    return facts.test.interval.low > share, found


def _generalises(facts: Facts) -> State:
    if facts.train is None or facts.gap is None:
        return None, "Not known: it takes the model itself and its train split ([data] train)."
    ends = f"Accuracy {facts.train.value:.3f} on train, {facts.test.value:.3f} on test"
    return facts.gap.low <= GAP, f"{ends}; at least {max(facts.gap.low, 0.0):.3f} lost."


# --- what it was trained and tested on ------------------------------------------------------


def _validation(facts: Facts) -> State:
    split = facts.subject.splits.get("validation")
    if split is None:
        return False, "There is no validation split: what was chosen, was chosen blindly or on the test rows."
    return len(split) >= FEW_VALIDATION_ROWS, f"{len(split):,} rows."


def _apart(one: str) -> Callable[[Facts], State]:
    """Return a rule that a split and the test split share (nearly) no text."""

    def judge(facts: Facts) -> State:
        splits = facts.subject.splits
        if one not in splits:
            return None, NO_TRAIN if one == "train" else "Not known: there is no validation split. Name it in [data]."
        share = _shared(splits["test"], splits[one])
        return share <= OVERLAP, f"{share:.1%} of the test texts are also in the {one} split."

    return judge


def _shared(split: Split, other: Split) -> float:
    known = {normalised(text) for text in other.texts}
    return float(np.mean([normalised(text) in known for text in split.texts]))


def _class_balance(facts: Facts) -> State:
    subject = facts.subject
    if "train" not in subject.splits:
        return None, NO_TRAIN
    counts = np.bincount(subject.splits["train"].labels, minlength=len(subject.labels))
    weights = str(facts.tuning.recipe.get("class_weights", "none")) if facts.tuning else "unknown"
    rare = subject.labels[int(counts.argmin())]
    found = f"{counts.min():,} train rows of {rare!r}, {counts.max():,} of the largest class; class weights: {weights}."
    if not counts.min():
        return False, found
    if counts.max() < IMBALANCE * counts.min() or weights == "balanced":
        return True, found
    return (None if weights == "unknown" else False), found


def _truncation(facts: Facts) -> State:
    if facts.truncated is None:
        return None, "Not known: it takes the train split ([data] train) and a model that tells its tokens."
    found = f"{facts.truncated:.1%} of train texts are longer than {facts.subject.max_tokens} tokens."
    return facts.truncated <= TRUNCATED, found


# --- where it comes from --------------------------------------------------------------------


def _base(facts: Facts) -> State:
    base = facts.tuning.base if facts.tuning else facts.subject.facts.model.get("base")
    return bool(base), f"Tuned from {base}." if base else "None is named. Name it in [model] base."


def _licence(facts: Facts) -> State:
    licence = facts.subject.facts.model.get("licence")
    return bool(licence), f"{licence}." if licence else "None is named. Name it in [model] licence."


DEVLIN = "Devlin et al. 2019 (arXiv:1810.04805), A.3"
RULES = (
    Rule(
        "learning rate",
        "1e-6 to 1e-4 for all weights; up to 1e-3 for the top layers or LoRA, 1e-2 for the head",
        f"{DEVLIN}: 2e-5 to 5e-5; Sun et al. 2019 (arXiv:1905.05583): 4e-4 fails; Hu et al. 2021 (arXiv:2106.09685)",
        _of_tuning(_learning_rate),
    ),
    Rule(
        "warm-up",
        "a rising learning rate at first, where all weights learn",
        "Mosbach et al. 2020 (arXiv:2006.04884)",
        _of_tuning(_warm_up),
    ),
    Rule("batch size", f"{BATCHES[0]} to {BATCHES[1]} rows", f"{DEVLIN}: 16 or 32", _of_tuning(_batch_size)),
    Rule(
        "early stopping",
        "the epoch to keep is chosen on the validation split",
        "Prechelt 1998 (Early stopping - but when?)",
        _of_tuning(_early_stopping),
    ),
    Rule(
        "trained enough",
        f"the validation loss no longer falls by {PLATEAU:.0%}, and fell at all",
        CUSTOM,
        _of_tuning(_trained_enough),
    ),
    Rule("dropout", "above 0", "Srivastava et al. 2014 (JMLR 15:1929)", _of_tuning(_dropout)),
    Rule("learned", "better on test than always naming the most frequent class", CUSTOM, _learned),
    Rule("generalises", f"not clearly more than {GAP:g} of accuracy lost from train to test", CUSTOM, _generalises),
    Rule("validation split", f"{FEW_VALIDATION_ROWS} rows or more to choose by", CUSTOM, _validation),
    Rule(
        "selection apart from test",
        f"at most {OVERLAP:.0%} of the test texts in the validation split",
        "Kapoor and Narayanan 2023 (Patterns 4:100804)",
        _apart("validation"),
    ),
    Rule(
        "training apart from test",
        f"at most {OVERLAP:.0%} of the test texts in the train split",
        "Kapoor and Narayanan 2023 (Patterns 4:100804)",
        _apart("train"),
    ),
    Rule(
        "class balance",
        f"the largest class has less than {IMBALANCE} times the rows of the smallest, or classes are weighted",
        CUSTOM,
        _class_balance,
    ),
    Rule("truncation", f"at most {TRUNCATED:.0%} of train texts are cut", CUSTOM, _truncation),
    Rule("base model", "known", "Mitchell et al. 2019 (arXiv:1810.03993)", _base),
    Rule("licence", "known", "Mitchell et al. 2019 (arXiv:1810.03993)", _licence),
)
