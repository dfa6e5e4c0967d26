"""Explanations: what spoke for and against is told by colour, line and number, and stays text."""

from hypothesis import given
from hypothesis import strategies as st

from audit.types import Attribution
from reports.attributions import GAP, MOST_TOKENS, NUMBERED, STEPS, Token, explained
from reports.words import say
from tests.reports.pages import Page, drawn
from tests.reports.sample_values import attribution


def tokens_of(found: Attribution) -> tuple[Token, ...]:
    (kind,) = explained([found], "x")
    return kind.items[0].tokens


def test_strength_and_direction_are_marked() -> None:
    shown = {token.text: token for token in tokens_of(attribution())}
    assert shown["people"] == Token("people", "up4", "+0.310")
    assert shown["all"] == Token("all", "down2", "−0.170")
    assert shown["<b>"].shade == "up1"
    assert shown["You "] == Token("You ", "", "")
    assert sum(bool(token.number) for token in shown.values()) <= NUMBERED


weighted = st.lists(st.tuples(st.text("ab ", min_size=1, max_size=5), st.floats(-1, 1)), min_size=1, max_size=60)


@given(weighted)
def test_the_tokens_are_the_text_and_deeper_means_stronger(parts: list[tuple[str, float]]) -> None:
    texts, weights = zip(*parts, strict=True)
    tokens = tokens_of(attribution(tokens=texts, weights=weights))
    assert "".join(token.text for token in tokens) == "".join(texts)
    most = max(map(abs, weights))
    marked = sum(bool(t.strip()) and abs(w) >= STEPS[0] * most > 0 for t, w in parts)
    assert marked == 0 or any(token.shade for token in tokens)


def test_a_long_text_keeps_its_strongest_tokens() -> None:
    n = 10_000
    weights = tuple(1.0 if i % 200 == 0 else 1e-6 for i in range(n))
    tokens = tokens_of(attribution(tokens=tuple(f"w{i} " for i in range(n)), weights=weights))
    words = [token.text for token in tokens if token.shade]
    assert words == [f"w{i}" for i in range(0, n, 200)]
    assert len(tokens) < 4 * MOST_TOKENS
    assert any(token.text == GAP for token in tokens)


def test_weights_of_nothing_mark_nothing() -> None:
    assert all(not token.shade for token in tokens_of(attribution(weights=(0.0,) * 8)))


def test_one_name_and_slice_stand_together_and_are_cut() -> None:
    kinds = explained([attribution(str(i)) for i in range(14)] + [attribution(slice={"sex": "f"})], "x")
    assert [(len(kind.items), kind.total) for kind in kinds] == [(12, 14), (1, 1)]
    assert kinds[0].items[0].why == say("reason.most_uncertain")
    assert explained([attribution(reason="my own")], "x")[0].items[0].why == "my own"


def test_the_page_folds_them_and_hides_nothing() -> None:
    section = Page(drawn("values")).first("section", id="probe-explain-shap")
    (box,) = [e for e in section.all("details") if e.attributes.get("class") == "texts"]
    assert "open" not in box.attributes
    assert "content warning" in box.all("summary")[0].text
    item = box.all("li")[0]
    assert [(e.text, e.attributes["class"]) for e in item.all("u")][:2] == [
        ("people+0.310", "up4"),
        ("all−0.170", "down2"),
    ]
    for words in ("most uncertain", "about: women", "Right answer: neutral.", "0.210 with nothing", "⟨U+202E⟩", "<b>"):
        assert words in item.text
