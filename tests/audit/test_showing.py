"""No personal data leave a probe: numbers stay, texts that hold some do not."""

from collections.abc import Iterator

import numpy as np

from audit.personal_data.showing import shown
from audit.registry import Measure, ProbeSpec
from audit.run import run_probe
from audit.types import Attribution, Evidence, Example, Examples, Finding, Frozen, Subject, Table
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
