"""Names of persons, where a recogniser is installed."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

from audit.personal_data.patterns import Hit

PIPELINE = "en_core_web_sm"
"""spaCy's small English pipeline; the names of its copies on package indexes begin with it."""
UNUSED = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
"""Its parts that the recogniser of names does without."""
LONGEST = 5000
"""Characters of a text that are searched: more than is ever shown of it."""


def recogniser() -> str | None:
    """Return the package of the pipeline that is installed; None where names cannot be looked for."""
    names = (found.name for found in entry_points(group="spacy_models") if found.name.startswith(PIPELINE))
    return min(names, default=None) if find_spec("spacy") else None


def find_names(package: str, texts: Sequence[str]) -> Iterator[tuple[Hit, ...]]:
    """Yield the names of persons in each text, in the order of the text."""
    pipeline = import_module(package).load(exclude=UNUSED)
    for document in pipeline.pipe(text[:LONGEST] for text in texts):
        yield tuple(Hit(e.start_char, e.end_char, "name") for e in document.ents if e.label_ == "PERSON")
