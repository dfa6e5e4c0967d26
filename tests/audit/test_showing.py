"""No personal data leave a probe: numbers stay, texts that hold some do not."""

from collections.abc import Iterator

import numpy as np
import pytest

from audit.errors import DataError
from audit.personal_data.showing import shown
from audit.registry import Measure, ProbeSpec, Skip
from audit.run import run_probe
from audit.types import Attribution, Curve, Evidence, Example, Examples, Finding, Frozen, Subject, Table
from tests.subjects import make_subject

MAIL = "jane.doe@example.org"


def leaky(subject: Subject, params: Frozen, rng: np.random.Generator) -> Iterator[Evidence]:
    yield Finding(metric="x.leak", value=0.5, n=4, better="none", note=f"worst: {MAIL}")
    yield Table(name="x.rows", columns=("text", "rows"), rows=((f"write to {MAIL}", 3),))
    changed = Example(id="2", before="write to me", after=f"write to {MAIL}")
    yield Examples(name="x.texts", items=(Example(id=MAIL, before="hello"), changed), total=2)
    tokens = ("jane.doe", "@example", ".org")
    yield Attribution(name="x.why", id="1", tokens=tokens, weights=(0.1, 0.0, 0.0), base=0.4, score=0.5, predicted="a")


def test_nothing_of_a_planted_address_is_left_in_the_record() -> None:
    spec = ProbeSpec("x", 1, (), (), {"leak": Measure("none", "A leak.", 0, 1)}, Frozen, leaky, {}, {})
    done = run_probe(spec, make_subject(20), Frozen(), 7, say=lambda _: None, log=lambda _: None)
    saved = done.model_dump_json()
    assert "jane" not in saved
    assert "example" not in saved.replace("examples", "")
    assert "j***@e***.org" in saved
    assert done.findings[0].value == 0.5
    (texts,) = [e for e in done.evidence if isinstance(e, Examples)]
    assert [item.before for item in texts.items] == ["hello"]
    assert (texts.total, texts.note) == (2, "left out, because they hold personal data: 1")


def test_what_holds_none_stays_as_it_is() -> None:
    table = Table(name="x.rows", columns=("text", "rows"), rows=(("plain", 3), (None, 4)))
    assert shown(table) == table
    curve = Curve(name="x.line", slice={"sex": "f"}, x_label="x", y_label="y", x=(0.0,), y=(1.0,), note="worst: men")
    assert shown(curve) == curve
    texts = Examples(
        name="x.texts", items=(Example(id="1", before="hello", change="bang", groups=("sex: f",)),), total=1
    )
    assert shown(texts) == texts


def test_slices_headings_and_groups_are_masked_everywhere() -> None:
    where = {"moderator": MAIL, "source": "https://news.example.org"}
    masks = {"moderator": "j***@e***.org", "source": "https://news.example.org"}
    item = Example(id="1", before="hello", groups=(f"moderator: {MAIL}",))
    given = (
        Finding(metric="x.leak", value=None, n=4, better="none", slice=where, note="no rows"),
        Table(name="x.rows", slice=where, columns=(MAIL,), rows=()),
        Curve(name="x.line", slice=where, x_label="x", y_label="y", x=(), y=(), note=f"worst: {MAIL}"),
        Examples(name="x.texts", slice=where, items=(item,), total=1),
        attribution("hello ", "you"),
    )
    for evidence in map(shown, given):
        assert evidence is not None
        assert MAIL not in evidence.model_dump_json()
        assert evidence.slice == ({} if isinstance(evidence, Attribution) else masks)


def attribution(*tokens: str) -> Attribution:
    """Return an explanation of a text made of these tokens."""
    return Attribution(
        name="x.why",
        id=MAIL,
        tokens=tokens,
        weights=(0.0,) * len(tokens),
        base=0.4,
        score=0.4,
        predicted="a",
        groups=(f"moderator: {MAIL}",),
    )


@pytest.mark.parametrize("secret", [MAIL, "4111 1111 1111 1111"])
def test_what_a_cut_would_hide_is_still_seen(secret: str) -> None:
    filling = "so it goes " * 200
    across, plain = f"{filling[:990]}, {secret} and so on", filling
    texts = Examples(name="x.texts", items=(Example(id="0", before=across), Example(id="1", before=plain)), total=2)
    kept = shown(texts)
    assert isinstance(kept, Examples)
    assert [item.before for item in kept.items] == [filling[:1000] + "…"]
    assert shown(attribution("well, ", f"{filling[:55]}{secret} {filling}")) is None


def test_long_texts_are_cut_to_where_they_differ() -> None:
    def around(before: str, after: str | None) -> tuple[str, str | None]:
        texts = shown(Examples(name="x.texts", items=(Example(id="1", before=before, after=after),), total=1))
        assert isinstance(texts, Examples)
        return texts.items[0].before, texts.items[0].after

    filling = "so it goes " * 300
    before, after = around(f"{filling}men {filling}", f"{filling}women {filling}")
    assert after is not None
    assert (len(before), len(after)) == (1002, 1002)
    assert (before[0], before[-1]) == ("…", "…")
    assert (before.index("men"), after.index("women")) == (334, 334)
    before, after = around(filling, f"{filling}and on")
    assert after is not None
    assert after != before
    assert around("short", f"short{filling}") == ("short", f"short{filling}"[:1000] + "…")
    (short, long) = getattr(shown(attribution("so it ", "x" * 500 + "y" * 500)), "tokens")  # noqa: B009
    assert (short, long) == ("so it ", f"{'x' * 60} […] {'y' * 60}")


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Skip(f"no rows of {MAIL}"), "skipped"), (DataError(f"{MAIL} is no class"), "error"), (KeyError(MAIL), "error")],
)
def test_a_reason_quotes_nobody(fault: Exception, status: str) -> None:
    def failing(*_: object) -> Iterator[Evidence]:
        raise fault

    spec, logged = ProbeSpec("x", 1, (), (), {}, Frozen, failing, {}, {}), list[str]()
    done = run_probe(spec, make_subject(20), Frozen(), 7, say=lambda _: None, log=logged.append)
    assert done.status == status
    assert "j***@e***.org" in done.reason
    assert MAIL not in done.reason + "".join(logged)
