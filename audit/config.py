"""What an audit.toml may say: the types, and what each of them asks for."""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from audit.types import Attestation, CardFacts, Composite, Frozen, Rule, Waiver

RESERVED = frozenset(
    {
        "class",
        "split",
        "with",
        "perturbation",
        "severity",
        "recipe",
        "budget",
        "category",
        "term",
        "from",
        "to",
        "capability",
        "coverage",
        "backend",
        "variant",
        "kind",
        "claim",
        "condition",
        "method",
    }
)
"""Keys of a slice that are not group columns."""


class SplitShares(Frozen):
    """Shares of one table that become validation and test; the rest is for training."""

    validation: float = Field(0.1, ge=0, lt=1)
    test: float = Field(0.25, gt=0, lt=1)


class DataConfig(Frozen):
    """Which tables, and which of their columns."""

    path: str | None = None
    """One table with all rows; or give ``test`` and, where there are, ``train`` and ``validation``."""
    train: str | None = None
    validation: str | None = None
    test: str | None = None
    split_column: str | None = None
    """Column of ``path`` that says train, validation or test."""
    split: SplitShares | None = None
    """Shares for a seeded, stratified split of ``path``."""
    text: str = "text"
    label: str = "label"
    positive: str | None = None
    """The class whose selection matters; of two classes the second by default."""
    id: str | None = None
    groups: tuple[str, ...] = ()
    """Columns that say which group a row belongs to."""
    columns: tuple[str, ...] = ()
    """Other columns that probes read, such as ages, postcodes or the decisions of people."""
    delimiter: str | None = None
    """Between several groups of one row, such as ``"|"``."""
    flags: dict[str, tuple[str, ...]] = {}
    """Group column made of 0/1 columns: ``religion = ["jewish", "muslim"]``."""
    crossings: tuple[tuple[str, ...], ...] = ()
    """Intersections to look at: ``[["sex", "race"]]``; at most three columns each."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.test is None):
            raise ValueError("give 'path' (one table) or 'test' (separate tables)")
        if self.path is not None and (self.split_column is None) == (self.split is None):
            raise ValueError("with 'path' give 'split_column' or 'split' (shares)")
        if self.path is None and (self.split_column is not None or self.split is not None):
            raise ValueError("'split' and 'split_column' go with 'path'")
        return self

    @model_validator(mode="after")
    def _groups_are_told_apart(self) -> Self:
        columns = Counter((*self.groups, *self.flags))
        if twice := [name for name, count in columns.items() if count > 1]:
            raise ValueError(f"the group column {twice[0]!r} is named twice; name it once")
        if taken := [name for name in self.groups if name in (self.text, self.label, self.id)]:
            raise ValueError(
                f"{taken[0]!r} holds the texts, labels or ids, so it cannot be a group column; name another in 'groups'"
            )
        known = {*columns}
        if reserved := known & RESERVED:
            raise ValueError(f"a group column cannot be called {sorted(reserved)[0]!r}; give it another name")
        for crossing in self.crossings:
            if not 2 <= len(set(crossing)) <= 3 or not set(crossing) <= known:
                raise ValueError(f"crossing {list(crossing)} must name two or three of {sorted(known)}")
        return self


class LoadModel(Frozen):
    """A ready text classifier: a folder in the transformers format, or a hub name."""

    kind: Literal["load"]
    path: str
    label_map: dict[str, str] = {}
    """The model's label to the data's label, where their names differ."""
    max_tokens: int | None = Field(None, gt=2)
    base: str | None = None
    """What it was tuned from."""
    licence: str | None = None


class Recipe(Frozen):
    """How to fine-tune."""

    train: str = "all"
    """``all``, ``top:<k>`` layers, ``head`` or ``lora``."""
    learning_rate: float = Field(5e-5, gt=0)
    batch_size: int = Field(32, gt=0)
    epochs: int = Field(3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    dropout: float | None = Field(None, ge=0, lt=1)
    warmup: float = Field(0.1, ge=0, lt=1)
    """Share of the steps over which the learning rate rises."""
    accumulate: int = Field(1, gt=0)
    """Batches per optimiser step."""
    clip: float = Field(1.0, gt=0)
    """Largest gradient norm."""
    patience: int = Field(2, gt=0)
    """Epochs without a better validation loss before training stops."""
    class_weights: Literal["none", "balanced"] = "none"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """``auto``: bf16 where the machine computes it natively, else fp32."""
    max_tokens: int = Field(128, gt=2)
    lora_rank: int = Field(8, gt=0)
    lora_alpha: int = Field(16, gt=0)
    augment: tuple[str, ...] = ()
    """Perturbations of ``robustness.noise``: some training rows get a copy changed by one of them."""
    augment_share: float = Field(0.5, gt=0, le=1)
    """Share of the training rows that get such a copy."""
    augment_severity: int = Field(3, ge=1, le=5)
    attack: str | None = None
    """Recipe of ``robustness.attack``: training rows that it breaks are learnt from in another training."""
    attack_rounds: int = Field(1, gt=0)
    """How often the tuned model is attacked and tuned again."""
    attack_rows: int = Field(200, gt=0)
    """Training rows that are attacked in a round."""

    @property
    def hardens(self) -> bool:
        """Whether training rows are changed or attacked."""
        return bool(self.augment) or self.attack is not None

    @property
    def plain(self) -> "Recipe":
        """The same recipe on the training rows as they are."""
        return self.model_copy(update={"augment": (), "attack": None})

    def hyperparameters(self) -> dict[str, JsonValue]:
        """Return what decides the training beside its rows."""
        changes_rows = {"augment", "augment_share", "augment_severity", "attack", "attack_rounds", "attack_rows"}
        return self.model_dump(exclude=changes_rows)

    @field_validator("train")
    @classmethod
    def _known_part(cls, train: str) -> str:
        top, _, layers = train.partition(":")
        if train not in ("all", "head", "lora") and not (top == "top" and layers.isdigit() and int(layers) > 0):
            raise ValueError("must be 'all', 'head', 'lora' or 'top:<k>' such as 'top:3'")
        return train


class TuneModel(Frozen):
    """A base encoder to fine-tune on the train split."""

    kind: Literal["tune"]
    base: str
    """A folder, ``asset:<name>`` or a hub name."""
    recipe: Recipe = Recipe()
    licence: str | None = None


class StoredModel(Frozen):
    """Predictions in a table, for a model that may not be run."""

    kind: Literal["predictions"]
    path: str | None = None
    """A table joined by the id column; without it the columns stand in the data tables."""
    label: str | None = None
    """Column of the predicted label; by default the class of the highest score."""
    scores: dict[str, str] = {}
    """Class to column of its probability; of two classes one suffices."""
    base: str | None = None
    """What it was tuned from."""
    licence: str | None = None

    @model_validator(mode="after")
    def _some_column(self) -> Self:
        if self.label is None and not self.scores:
            raise ValueError("give 'label' (a column of predicted labels) or 'scores'")
        return self


ModelConfig = Annotated[LoadModel | TuneModel | StoredModel, Field(discriminator="kind")]


class AuditConfig(Frozen):
    """A whole audit."""

    schema_version: Literal[1] = 1
    title: str
    seed: int = Field(20261122, ge=0)
    data: DataConfig
    model: ModelConfig
    probes: dict[str, dict[str, JsonValue]] = {}
    """Parameters by probe id. Without any, every probe runs; a probe is left out with
    ``[probes."its.id"] enabled = false``."""
    gate: tuple[Rule, ...] = ()
    card: CardFacts = CardFacts()
    attest: tuple[Attestation, ...] = ()
    waive: tuple[Waiver, ...] = ()
    composite: tuple[Composite, ...] = ()

    @model_validator(mode="after")
    def _predictions_are_not_the_truth(self) -> Self:
        model, tables = self.model, (self.data.path, self.data.test, None)
        if isinstance(model, StoredModel) and model.path in tables and model.label == self.data.label:
            raise ValueError(
                f"[model] label = {model.label!r} is the column of true labels; name that of the predicted ones"
            )
        return self
