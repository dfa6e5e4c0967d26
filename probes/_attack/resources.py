"""What attacks are made of, got without any network: TextAttack, stop words, valence of words."""

import atexit
import logging
import os
import random
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

_STOP_WORDS = """
a about above after again against all am an and any are aren't as at be because been before being below between both
but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for from further
had hadn't has hasn't have haven't having he her here hers herself him himself his how i if in into is isn't it its
itself just let's me might mightn't more most must mustn't my myself needn't no nor not now of off on once only or
other our ours ourselves out over own same shall shan't she should shouldn't so some such than that the their theirs
them themselves then there these they this those through to too under until up very was wasn't we were weren't what
when where which while who whom why will with won't would wouldn't you your yours yourself yourselves i'm i've i'll
i'd you're you've you'll you'd he's he'd he'll she's she'd she'll it's it'd it'll we're we've we'll we'd they're
they've they'll they'd that's that'll there's here's what's who's
"""
STOP_WORDS = tuple(_STOP_WORDS.split())
"""Function words of English, which attacks leave as they are. Our own list."""


class MissingError(Exception):
    """A recipe cannot be built on this machine; the message goes on after *skipped* and says what to do."""


class DownloadError(Exception):
    """Code that is not ours looks for something that is not on this machine."""


def not_built(error: BaseException) -> str:
    """Say that code which is not ours could not build an attack."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return f"could not be built ({reason})"


@cache
def textattack() -> Any:
    """Import TextAttack quietly and offline, and leave the process as it was.

    Its import looks for corpora of NLTK, sets environment variables and silences loggers: it gets
    our stop words, and all of that is put back. NLTK will look for corpora in our folder first.

    Raises
    ------
    MissingError
        If the package is not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="renben-attack-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    corpora = folder / "corpora" / "stopwords"
    corpora.mkdir(parents=True)
    (corpora / "english").write_text("\n".join(STOP_WORDS), encoding="utf-8")
    (folder / "post_install_check_3").touch()  # without this marker it would download corpora
    with process_kept():
        os.environ["TA_CACHE_DIR"] = str(folder)
        try:
            import matplotlib
            import nltk

            # Asked once and for all: TextAttack moves caches into its folder, where the fonts would be listed anew.
            matplotlib.get_cachedir()

            nltk.data.path.insert(0, str(folder))
            import textattack as package
        except ImportError as error:
            raise MissingError(f"needs textattack ({error}); get it with: pip install textattack") from error
    for name in (package.shared.utils.install.logger.name, "jieba"):
        logging.getLogger(name).setLevel(logging.ERROR)
    _remember_words(package)
    return package


@contextmanager
def process_kept() -> Iterator[None]:
    """Put the environment, the global random numbers and the loggers back as they were."""
    environment, numbers, state = dict(os.environ), random.getstate(), np.random.get_state()
    loggers = {name: item.disabled for name, item in _loggers().items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        random.setstate(numbers)
        np.random.set_state(state)
        for name, item in _loggers().items():
            item.disabled = loggers.get(name, False)


def _loggers() -> dict[str, logging.Logger]:
    known = logging.root.manager.loggerDict.items()
    return {name: item for name, item in known if isinstance(item, logging.Logger)}


def _remember_words(package: Any) -> None:
    # It splits every word of every candidate again, the larger part of its time.
    module = package.shared.attacked_text
    split = module.words_from_text
    remembered = lru_cache(1 << 15)(lambda text: tuple(split(text)))
    module.words_from_text = lambda text: list(remembered(text))


@cache
def polarity() -> Mapping[str, float]:
    """Return the valence of words in the VADER lexicon, from -4 to 4 (Hutto and Gilbert 2014).

    Raises
    ------
    MissingError
        If the package vaderSentiment is not installed.
    """
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError as error:
        raise MissingError("needs the VADER lexicon; get it with: pip install vaderSentiment") from error
    return dict(SentimentIntensityAnalyzer().lexicon)


def lemmas(word: str) -> frozenset[str]:
    """Return the words that a word in small letters is a form of; none where it is no English word.

    They are those of the SPECIALIST lexicon of the NIH (package lemminflect, which TextAttack needs as well), and
    plurals of its nouns. Names of peoples are mostly not in it.
    """
    from lemminflect import getAllLemmas

    known, one = getAllLemmas(word), word.removesuffix("s")
    return frozenset(chain(*known.values())) or frozenset({one} & set(getAllLemmas(one).get("NOUN", ())))
