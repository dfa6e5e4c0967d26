"""Personal data: known numbers and near misses, found and never in clear."""

import re
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.personal_data.checksums import IBAN_LENGTHS, iban, luhn, old_resident_id, payment_card, resident_id
from audit.personal_data.masking import masked
from audit.personal_data.patterns import FINDERS, find
from audit.run import run_probe
from audit.types import Examples, Finding, ProbeRun, Subject
from probes._privacy.names import recogniser
from probes.privacy_personal_data import privacy_personal_data
from tests.subjects import group_column, make_split, make_subject

PLANTED = {
    "email": "john.smith@example.com",
    "resident_id_cn": "11010519491231002X",
    "iban": "DE89 3704 0044 0532 0130 00",
    "payment_card": "4111 1111 1111 1111",
    "social_security_us": "078-05-1120",
    "phone": "+44 20 7946 0958",
    "ip_address": "2001:4860:4860::8888",
    "profile": "https://www.linkedin.com/in/jane-doe-123",
    "handle": "@john_smith",
    "web_address": "http://smith.example.org/diary?year=3",
}
SECRETS = [
    "john.smith", "example.com", "11010519491231002X", "3704", "4111", "078-05", "7946", "2001:4860", "jane", "diary",
]  # fmt: skip


# --- checks -------------------------------------------------------------------------------


def test_luhn_knows_its_examples() -> None:
    assert luhn("79927398713")
    assert [d for d in "0123456789" if luhn(f"7992739871{d}")] == ["3"]
    # The card schemes' published test numbers.
    cards = ["4111111111111111", "5555555555554444", "2223003122003222", "378282246310005", "30569309025904"]
    assert all(map(payment_card, [*cards, "6011111111111117", "3530111333300000", "6200000000000005"]))
    assert not payment_card("4111111111111112")
    assert luhn("9999999999999995") and not payment_card("9999999999999995")  # no issuer
    assert not payment_card("411111111111116")  # no length of its issuer


def test_iban_knows_its_examples() -> None:
    # From the SWIFT registry.
    known = ["DE89370400440532013000", "GB29NWBK60161331926819", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"]
    assert all(map(iban, [*known, "FR1420041010050500013M02606", "SA0380000000608010167519"]))
    assert not iban("DE89370400440532013001")
    assert not iban("GB29NWBK6016133192681")
    assert not iban("XX89370400440532013000")
    countries = [country for group in IBAN_LENGTHS.values() for country in group]
    assert len(countries) == len(set(countries))


def test_resident_id_knows_its_examples() -> None:
    assert resident_id("11010519491231002X")  # the example of GB 11643
    assert resident_id("440524188001010014")
    assert not resident_id("110105194912310021")  # check
    assert not resident_id("110105194913310023")  # month 13
    assert not resident_id("990105194912310025")  # province
    assert old_resident_id("130503670401001")
    assert not old_resident_id("130503671301001")  # month 13
    assert not old_resident_id("200503670401001")  # province


@settings(deadline=None)
@given(st.integers(10**14, 10**15 - 1), st.integers(0, 15), st.integers(1, 9))
def test_no_slip_of_one_digit_passes(number: int, at: int, by: int) -> None:
    valid = next(f"{number}{d}" for d in range(10) if luhn(f"{number}{d}"))
    slipped = valid[:at] + str((int(valid[at]) + by) % 10) + valid[at + 1 :]
    assert not luhn(slipped)


# --- finding ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FINDERS)
@pytest.mark.parametrize("frame", ["{}", "see {}, please", "({})", "电话{}谢谢", "it is\n{} ."])
def test_what_is_planted_is_found(kind: str, frame: str) -> None:
    text = frame.format(PLANTED[kind])
    hits = find(text)
    assert [hit.kind for hit in hits] == [kind]
    assert text[hits[0].start : hits[0].end].rstrip(",)谢") == PLANTED[kind]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 10:20:30",
        "01-02-2020 or 1/2/2020",
        "1,000,000,000 and 3.14159265358979",
        "order 1000000000",
        "4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 01",
        "000-12-3456",
        "192.168.0.1 and 127.0.0.1 and v1.2.3.4 and 300.1.1.1",
        "meet @ noon, @user @everyone",
        "twitter.com/search and facebook.com/help",
        "a@b and x@localhost",
        "ISBN 978-3-16-148410-0",
        "pages 100-200, room 12-345",
        "drawn: 05 12 23 34 45, then 01 02 03 04 05",
        "06 12 34 56 78 90 are even or not",
        "(2010) 123456, (012) 34 and (1.20) 12345678",
        "order 123456789012345 of 201911221015301, IMEI 490154203237518, 3.130503670401001",
        "378282246310006",
        "at50 went went here back",
        "de89 3704 0044 0532 0130 01",
        "价格１２．５０，日期２０２６－１１－２２，版本ｖ１．２．３",
        "转发 @ 朋友, über@all, 我@你",
        "",
    ],
)
def test_what_only_looks_alike_is_not(text: str) -> None:
    assert find(text) == ()
    assert masked(text) == text


def test_telephone_numbers_of_several_countries() -> None:
    numbers = ["+86 138 0013 8000", "13800138000", "010-12345678", "(212) 555-0123", "0044 20 7946 0958", "07700900123"]
    numbers += ["(010) 12345678", "(020) 7946 0958", "06 12 34 56 78", "07.12.34.56.78", "01 42 68 53 00"]
    assert [whole_finds(number) for number in numbers] == [["phone"]] * len(numbers)


def whole_finds(text: str) -> list[str]:
    """Return the kinds found that take up the whole text."""
    return [hit.kind for hit in find(text) if (hit.start, hit.end) == (0, len(text))]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("resident_id_cn", "110105 19491231 002X"),
        ("resident_id_cn", "110105-1949-1231-002X"),
        ("resident_id_cn", "１１０１０５１９４９１２３１００２Ｘ"),
        ("resident_id_cn", "130503670401001"),
        ("payment_card", "371234850704004"),
        ("email", "john＠example.com"),
        ("email", "ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ"),
        ("email", "jürgen.müller@bücher.example"),
        ("email", "иван@почта.рф"),
        ("email", "张三@example.com"),
        ("iban", "de89 3704 0044 0532 0130 00"),
        ("iban", "gb29nwbk60161331926819"),
        ("phone", "１３８００１３８０００"),
        ("phone", "（０１０）１２３４５６７８"),
        ("phone", "+44\u00a020\u00a07946\u20110958"),
        ("handle", "＠john_smith"),
    ],
)
def test_other_spellings_are_found_too(kind: str, text: str) -> None:
    assert whole_finds(text) == [kind]
    assert not set(masked(text)) & set("0123456789０１２３４５６７８９")
    assert find(masked(text)) == ()


def test_what_stands_before_a_number_does_not_hide_it() -> None:
    assert masked("ID11010519491231002X") == "ID******************"
    assert masked("20240115 110105 1949 1231 002X") == "20240115 ****** **** **** ****"
    assert masked("2345 4111 1111 1111 1111") == "2345 **** **** **** ****"
    assert masked("at50 went de89370400440532013000") == "at50 went **********************"


def test_masks_keep_the_kind_and_hide_the_person() -> None:
    assert masked(f"to {PLANTED['email']}!") == "to j***@e***.com!"
    assert masked("j@e.com") == "***@***.com"
    assert masked(PLANTED["handle"]) == "@j***"
    assert masked(PLANTED["phone"]) == "+** ** **** ****"
    assert masked(PLANTED["web_address"]) == "http://s***.org/***"


@given(
    st.lists(st.sampled_from([*PLANTED.values(), *"@.:-+ 1a/", "www.", "x.com/", "\u4e2d", "12345678"]), max_size=12)
)
def test_nothing_is_left_to_find_after_masking(parts: list[str]) -> None:
    assert find(masked("".join(parts))) == ()


@pytest.mark.parametrize("unit", ["a", "1", "1 ", "a@", "a.", "@", ":", "DE89 ", "+1", "www.", "john@x.com "])
def test_hostile_texts_cost_little(unit: str) -> None:
    find(unit * (50_000 // len(unit)))


# --- the probe ----------------------------------------------------------------------------


def planted(**more: object) -> Subject:
    """Return 60 rows; the first half of group f holds one kind of personal data each, in turn."""
    kinds = list(PLANTED.values())
    texts = [f"row {i} {kinds[i % 10] if i < 30 else 'says nothing'}" for i in range(60)]
    groups = [group_column("sex", ["f", "m"] * 5)]
    train = make_split("train", np.zeros(10, dtype=np.int64), groups, ["a b c", f"mail {PLANTED['email']}"] * 5)
    subject = make_subject(60, texts=texts, groups={"sex": ["f"] * 30 + ["m"] * 30}, train=train, **more)  # type: ignore[arg-type]
    ids = (*(f"{i}-{PLANTED['email']}" for i in range(3)), *subject.test.ids[3:])
    return replace(subject, splits={**subject.splits, "test": replace(subject.test, ids=ids)})


def run(subject: Subject, **params: int) -> ProbeRun:
    done = run_probe(
        privacy_personal_data, subject, privacy_personal_data.params(**params), 7, say=lambda _: None, log=print
    )
    assert done.status == "ok", done.reason
    return done


def found(done: ProbeRun) -> dict[tuple[str, ...], Finding]:
    return {(f.metric.removeprefix("privacy.personal_data."), *f.slice.values()): f for f in done.findings}


def test_every_kind_is_counted() -> None:
    of = found(run(planted()))
    for kind in PLANTED:
        assert (of["rate", "test", kind].value, of["rate", "test", kind].n) == (3 / 60, 60)
        assert of["rate", "test", kind, "f"].value == 3 / 30
    assert of["rate", "test"].value == 27 / 60  # web addresses are counted apart
    assert of["rate", "test", "f"].value == 27 / 30
    assert of["rate", "train", "email"].value == 1 / 2
    assert (of["rate", "train", "f"].value, of["rate", "train", "m"].value) == (0, 1)
    assert (of["rate", "train", "email", "m"].value, of["rate", "train", "email", "m"].n) == (1, 5)
    gap = of["rate_difference", "test", "*"]
    assert gap.value == 27 / 30
    assert gap.interval is not None
    assert gap.interval.low > 0.5


def test_nothing_planted_is_anywhere_in_the_record() -> None:
    done = run(planted(), examples=60)
    shown = next(e for e in done.evidence if isinstance(e, Examples))
    assert (len(shown.items), shown.total) == (27, 27)
    text = done.model_dump_json()
    assert [secret for secret in (*SECRETS, *PLANTED.values()) if secret in text] == []
    assert "j***@e***.com" in text
    assert not any(isinstance(e, Examples) for e in run(planted(), examples=0).evidence)


def test_a_model_that_heeds_an_address_is_caught() -> None:
    def heeds(texts: object) -> np.ndarray:
        seen = np.array(["john.smith@" in text for text in texts])  # type: ignore[attr-defined]
        return np.column_stack([np.where(seen, 0.1, 0.8), np.where(seen, 0.9, 0.2)])

    of = found(run(planted(score=heeds)))
    assert (of["masking_flip_rate",].value, of["masking_flip_rate",].n) == (3 / 27, 27)
    assert of["masking_score_shift",].value == pytest.approx(0.7 * 3 / 27)
    deaf = found(run(planted(score=lambda texts: np.tile([0.6, 0.4], (len(texts), 1)))))
    assert deaf["masking_flip_rate",].value == 0
    assert deaf["masking_score_shift",].value == 0


def test_without_a_model_it_still_counts() -> None:
    done = run(planted(with_scores=False))
    of = found(done)
    assert of["masking_flip_rate",].value is None
    assert of["rate", "test"].value == 27 / 60
    assert PLANTED["email"] not in done.model_dump_json()


def test_names_need_a_recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.privacy_personal_data.recogniser", lambda: None)
    absent = found(run(planted()))["rate", "test", "name"]
    assert absent.value is None
    assert "spacy" in absent.note


def test_a_copy_of_the_pipeline_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [SimpleNamespace(name=name) for name in ("en_core_web_sm_copy", "de_core_news_sm")]
    monkeypatch.setattr(
        "probes._privacy.names.entry_points", lambda group: installed if group == "spacy_models" else []
    )
    monkeypatch.setattr("probes._privacy.names.find_spec", lambda _: object())
    assert recogniser() == "en_core_web_sm_copy"
    monkeypatch.setattr("probes._privacy.names.find_spec", lambda _: None)
    assert recogniser() is None


def test_names_are_counted_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    def entities(text: str) -> SimpleNamespace:
        assert len(text) < 10_000, "spaCy refuses texts that are too long"
        people = re.finditer(r"Ada Lovelace|Bob \+44", text)
        return SimpleNamespace(
            ents=[SimpleNamespace(start_char=m.start(), end_char=m.end(), label_="PERSON") for m in people]
        )

    stand_in = ModuleType("en_core_web_sm")
    stand_in.load = lambda exclude: SimpleNamespace(pipe=lambda texts: map(entities, texts))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "en_core_web_sm", stand_in)
    monkeypatch.setattr("probes.privacy_personal_data.recogniser", lambda: "en_core_web_sm")
    texts = [f"{i} I wrote to Ada Lovelace, {PLANTED['email']}, and Bob {PLANTED['phone']}" for i in range(10)]
    done = run(make_subject(10, texts=[*texts[1:], texts[0] + " a" * 600_000], groups={}))
    assert found(done)["rate", "test", "name"].value == 1
    assert "Lovelace" not in done.model_dump_json()
    assert "A*** L***" not in done.model_dump_json()  # three letters tell too much with the first
    # A name and a number that overlap are masked as one.
    assert "*** L***, j***@e***.com, and *** +** ** **** ****" in done.model_dump_json()
