"""Words that noise must not make by accident: a slip that turns *count* into a curse changes the label."""

from functools import cache

from probes._noise.tables import table


@cache
def charged() -> frozenset[str]:
    """Return words of feeling, abuse and negation, in small letters."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return frozenset(SentimentIntensityAnalyzer().lexicon) | rude() | set(table("charged")["negations"].split())


@cache
def rude() -> frozenset[str]:
    """Return words of abuse, in small letters."""
    return frozenset(table("charged")["rude"].split())


@cache
def masked() -> frozenset[str]:
    """Return words of abuse with one inner letter masked by an asterisk."""
    return frozenset(f"{word[:k]}*{word[k + 1 :]}" for word in rude() for k in range(1, len(word) - 1))
