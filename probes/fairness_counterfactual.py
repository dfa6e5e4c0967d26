"""Whether a prediction depends on who a text speaks of."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, ValidationInfo, model_validator

from audit.errors import ConfigError, as_value_error, did_you_mean
from audit.registry import Measure, probe
from audit.stats import substream
from audit.types import ConfigFile, Evidence, Finding, Frozen, Subject
from probes._by_group import with_difference
from probes._groups import PRIVATE
from probes._identity.in_templates import Scored, template_evidence
from probes._identity.in_texts import Coverage, Swapped, text_evidence
from probes._identity.lexicon import Lexicon
from probes._identity.scan import scan_all
from probes._identity.swaps import Swap, swaps
from probes._identity.templates import Sheet, Template, TemplateFile, check_slots, load_templates, sheets
from probes._identity.terms import TermFile, load_terms, read
from probes._language import language_of
from probes._sample import Sample, sample

_NEGATIVE = """
    negative neg toxic toxicity severe_toxic biased bias hate hateful hatespeech abusive abuse offensive harmful
    insult harassment hostile threat 负面 消极 负向 负 差评 有害 仇恨 歧视 偏见 辱骂 攻击 冒犯 恶意
"""
NEGATIVE = frozenset(_NEGATIVE.split())
"""Names of classes that hostile or unhappy statements should get."""


class Params(Frozen):
    """Parameters of ``fairness.counterfactual``."""

    rows: int = Field(300, ge=1)
    """Test texts with an identity term that are swapped, at most."""
    alternatives: int = Field(4, ge=1)
    """Swaps of a text in each category, at most; drawn by the text's id where more are possible."""
    categories: tuple[str, ...] = ()
    """Categories of identity to look at; all where empty."""
    terms: ConfigFile | None = None
    """TOML file of terms of one's own, ``[terms.religion.Druids]`` with ``noun``, ``nouns`` and ``adjective``;
    added to those that come with Renben unless it says ``replace = true``."""
    templates: ConfigFile | None = None
    """TOML file of templates of one's own, ``neutral = ["My neighbour is a {noun}."]``, ``positive`` and
    ``negative``; added to those that come with Renben unless it says ``replace = true``."""
    negative: tuple[str, ...] = ()
    """Classes that hostile statements should get; where empty, those whose names say so, such as ``toxic``."""
    examples: int = Field(12, ge=0)
    """Swaps to show; 0 for texts that may not be shown."""
    min_group: int = Field(30, ge=PRIVATE)
    """Rows that a group needs to be compared."""

    @model_validator(mode="after")
    def _files_and_categories_exist(self, info: ValidationInfo) -> Self:
        folder = info.context if isinstance(info.context, Path) else None
        with as_value_error():
            if folder or not self.terms:
                _chosen(_lexicon(self, folder or Path()), self.categories)
            if folder and self.templates:
                own = read(folder / self.templates, TemplateFile)
                check_slots(own.templates, _lexicon(self, folder))
        return self


MEASURES = {
    "coverage": Measure("none", "Share of test texts that hold an identity term.", 0, 1),
    **with_difference(
        {
            "flip_rate": Measure("lower", "Share of a text's identity swaps that change its class.", 0, 1, 0),
            "score_shift": Measure(
                "lower", "Absolute change, by an identity swap, of the probability of the class predicted.", 0, 1, 0
            ),
        }
    ),
    "pair_shift": Measure(
        "none", "Change of the probability of the positive class when one term is swapped for another.", -1, 1
    ),
    "term_shift": Measure(
        "none", "Mean probability of the positive class with the term, less that with the category's others.", -1, 1, 0
    ),
    "template_flip_rate": Measure("lower", "Share of templates on which any identity changes the class.", 0, 1, 0),
    "subgroup_auc": Measure("higher", "Negative templates ranked above positive ones, both with the term.", 0, 1, 1),
    "bpsn_auc": Measure("higher", "Positive templates with the term ranked below others' negative ones.", 0, 1, 1),
    "bnsp_auc": Measure("higher", "Negative templates with the term ranked above others' positive ones.", 0, 1, 1),
    "worst_subgroup_auc": Measure("higher", "Smallest subgroup area of any term over the templates.", 0, 1, 1),
}


def _fits(subject: Subject, params: Params) -> None:
    _negative(subject.labels, params.negative)


@probe(
    "fairness.counterfactual",
    version=3,
    values=("fairness",),
    needs=("model", "labels"),
    measures=MEASURES,
    check=_fits,
    quick={"rows": 60, "alternatives": 2},
)
def fairness_counterfactual(subject: Subject, params: Params, rng: np.random.Generator) -> Iterator[Evidence]:
    """How predictions change when one identity is swapped for another. Ideal: flips and shifts 0, areas 1.

    Identity terms of test texts, with pronouns, articles and given names, are swapped for others
    of their category; a row's number is the mean over its swaps. Then every term is filled into
    neutral, positive and negative templates of our own, where the language is English or Chinese.
    Intervals of template numbers speak of sentences such as these. For the areas the negative
    templates should get the negative class: read them only where that is the model's task.

    Terms are looked for in the texts in their language, told text by text. A swap that might break the sentence
    or the sense is not made: of "her" where it may be an object or not, for a term that stands in
    the text already, for "lesbian" beside a man, within proper names. How many texts were passed
    over for that is reported, and how often "black" and the like were left alone because no person
    was said to be so.

    Not told apart are a term used of oneself or in a quotation from one used as abuse, and texts
    that are true of one group only. Names of well-known persons stay while pronouns change.

    References
    ----------
    Garg et al. 2019 (arXiv:1809.10610), counterfactual token fairness; Dixon et al. 2018 (AIES,
    doi:10.1145/3278721.3278729), templates; Borkan et al. 2019 (arXiv:1903.04561), areas.
    """
    assert subject.score is not None
    lexicon = _lexicon(params, subject.folder)
    categories = _chosen(lexicon, params.categories)
    negative = _negative(subject.labels, params.negative)
    language = language_of(subject.test.texts)
    templates = load_templates(language, _file(subject.folder, params.templates))
    check_slots(templates, lexicon)
    filled = sheets(templates, lexicon.within(language), categories)
    rows, coverage, made = _swap(subject, params, lexicon, categories, rng)

    texts = [*rows.texts, *(swap.text for _, swap in made), *(text for sheet in filled for text in sheet.texts)]
    scores = subject.score(texts) if texts else np.empty((0, len(subject.labels)))
    before, after, rest = np.split(scores, np.cumsum([len(rows), len(made)]))
    of_row = np.array([row for row, _ in made], dtype=np.int64)
    changes = tuple(swap for _, swap in made)
    swapped = Swapped(fairness_counterfactual, rows, of_row, changes, before, after, subject.labels, subject.positive)
    yield from coverage.findings()
    yield from text_evidence(swapped, coverage, params.min_group, params.examples, rng)
    absent = _no_sheet(params, templates)
    scored = _scored(filled, rest)
    yield from template_evidence(fairness_counterfactual, scored, subject.positive, negative, absent, rng)
    yield from _in_no_template(params, subject.folder, filled)


def _no_sheet(params: Params, templates: Sequence[Template]) -> str:
    """Say why no sentence was filled, where none was."""
    if templates:
        return "no category has two terms with every form that the templates ask for"
    if params.templates:
        return f"{params.templates} holds no sentence in the script of these texts"
    return "no templates for these texts, which are neither English nor Chinese; name a file with templates = ..."


def _in_no_template(params: Params, folder: Path, filled: Sequence[Sheet]) -> Iterator[Finding]:
    """Tell which terms of a file of one's own lack a form that the templates ask for."""
    if params.terms is None:
        return
    own = {(category, term) for category, term, *_ in read(folder / params.terms, TermFile).forms()}
    tested = {(sheet.category, term) for sheet in filled for term in sheet.terms}
    for category, term in sorted(own - tested):
        note = (
            "in no template: a term needs the forms noun, nouns and adjective, and another of its category and language"
        )
        where = {"category": category, "term": term}
        yield fairness_counterfactual.finding("term_shift", None, 0, slice=where, note=note)


def _lexicon(params: Params, folder: Path) -> Lexicon:
    return load_terms(_file(folder, params.terms))


def _file(folder: Path, name: str | None) -> Path | None:
    return folder / name if name else None


def _chosen(lexicon: Lexicon, categories: Sequence[str]) -> tuple[str, ...]:
    for category in categories:
        if category not in lexicon.forms:
            raise ConfigError(
                f"There is no category of identity {category!r}.{did_you_mean(category, lexicon.categories)}"
            )
    return tuple(sorted(set(categories))) or lexicon.categories


def _negative(labels: Sequence[str], named: Sequence[str]) -> tuple[int, ...]:
    """Return the classes that hostile statements should get; none where that would be all."""
    for name in named:
        if name not in labels:
            near = did_you_mean(name, labels)
            raise ConfigError(f"fairness.counterfactual: 'negative' names {name!r}, which is no class.{near}")
    found = tuple(k for k, label in enumerate(labels) if (label in named if named else label.casefold() in NEGATIVE))
    return found if len(found) < len(labels) else ()


def _swap(
    subject: Subject, params: Params, lexicon: Lexicon, categories: Sequence[str], rng: np.random.Generator
) -> tuple[Sample, Coverage, list[tuple[int, Swap]]]:
    """Return rows that can be swapped, how many hold a term, and the swaps with the row that each was made of."""
    everything = sample(subject, len(subject.test), int(substream(rng, "rows").integers(2**32)))
    scans = scan_all(everything.texts, lexicon)
    kept: list[int] = []
    made: list[tuple[int, Swap]] = []
    passed_over = 0
    for k, (text, found, id) in enumerate(zip(everything.texts, scans, everything.ids, strict=True)):
        if len(kept) == params.rows:
            break
        of_row = list(swaps(text, found, params.alternatives, rng, id, categories))
        made += [(len(kept), swap) for swap in of_row]
        kept += [k] if of_row else []
        passed_over += not of_row and found.speaks_of(categories)
    coverage = Coverage.of(fairness_counterfactual, scans, categories, passed_over)
    return everything.take(np.array(kept, dtype=np.int64)), coverage, made


def _scored(filled: Sequence[Sheet], scores: np.ndarray) -> list[Scored]:
    ends = np.cumsum([len(sheet.texts) for sheet in filled])
    parts = np.split(scores, ends)
    return [
        Scored(sheet, part.reshape(len(sheet.templates), len(sheet.terms), -1))
        for sheet, part in zip(filled, parts, strict=False)
    ]
