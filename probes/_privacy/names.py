"""Names of persons, where a recogniser is installed."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec

from audit.personal_data.patterns import Hit

PACKAGE = "en_core_web_sm"
"""spaCy's small English pipeline."""


def recogniser_there() -> bool:
    """Tell whether names can be looked for."""
    return find_spec("spacy") is not None and find_spec(PACKAGE) is not None


def find_names(texts: Sequence[str]) -> Iterator[tuple[Hit, ...]]:
    """Yield the names of persons in each text, in the order of the text."""
    pipeline = import_module(PACKAGE).load(disable=["parser", "lemmatizer", "attribute_ruler"])
    for document in pipeline.pipe(texts):
        yield tuple(Hit(e.start_char, e.end_char, "name") for e in document.ents if e.label_ == "PERSON")
