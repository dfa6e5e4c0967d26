"""Words that a text is about or judged by: one that goes or comes changes what is said, however near the rest stays."""

import re
import tomllib
from collections import Counter
from collections.abc import Hashable
from functools import cache
from pathlib import Path

from probes._noise.charged import rude

WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+")


def charges(text: str) -> Counter[Hashable]:
    """Return the words of abuse, faith, migration and regions in a text, every form of one word as that word."""
    forms, chinese = _kept()
    spoken = WORD.findall(text.casefold())
    return Counter((*(forms[word] for word in spoken if word in forms), *chinese.findall(text)))


@cache
def _kept() -> tuple[dict[str, str], re.Pattern[str]]:
    """Return each English form with its word, and a pattern of the Chinese words."""
    lists = tomllib.loads((Path(__file__).parent / "kept.toml").read_text(encoding="utf-8"))
    forms = {form: line.split()[0] for lines in lists["en"].values() for line in lines for form in line.split()}
    chinese = sorted((word for line in lists["zh"].values() for word in line.split()), key=len, reverse=True)
    return {word: _singular(word) for word in rude()} | forms, re.compile("|".join(chinese))


def _singular(word: str) -> str:
    return next((stem for stem in (word[:-1], word[:-2]) if word.endswith("s") and stem in rude()), word)
