"""Long texts are not read to their end, and nothing changes by it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer
from tokenizers import models as kinds
from tokenizers.normalizers import NFKC, BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel, Metaspace
from tokenizers.trainers import BpeTrainer, WordPieceTrainer

from audit.models.folder import open_folder
from audit.models.tokens import LONG, Tokens
from tests.tiny import tiny_model

LIMIT = 6
PARTS = ["fox", "I'm", "Ünder", "e\u0301", "中", "\u200b", "\x1c", "\x85", "\t", " ", "  ", " ", "<mask>", ".", "12"]
TEXTS = st.lists(st.sampled_from(PARTS), min_size=20, max_size=120).map("".join)


def trained(kind: str) -> Tokenizer:
    pieces = kind == "WordPiece"
    tokenizer = Tokenizer(kinds.WordPiece(unk_token="[UNK]") if pieces else kinds.BPE())
    tokenizer.pre_tokenizer = BertPreTokenizer() if pieces else ByteLevel()
    trainer = WordPieceTrainer(special_tokens=["[UNK]"]) if pieces else BpeTrainer(vocab_size=300)
    if pieces:
        tokenizer.normalizer = BertNormalizer()
    tokenizer.train_from_iterator(PARTS, trainer)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    return tokenizer


def tokens(folder: Path, tokenizer: Tokenizer) -> Tokens:
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), "utf-8")
    (folder / "tokenizer_config.json").write_text("{}", "utf-8")
    return Tokens(open_folder(folder), LIMIT)


@pytest.fixture(scope="module", params=["WordPiece", "BPE"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tokens, Tokenizer]:
    tokenizer = trained(request.param)
    found = tokens(tiny_model(tmp_path_factory.mktemp("tiny")), tokenizer)
    tokenizer.enable_truncation(LIMIT)
    return found, tokenizer


@given(TEXTS)
def test_a_long_text_has_the_ids_that_it_has_when_read_to_its_end(both: tuple[Tokens, Tokenizer], text: str) -> None:
    found, whole = both
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.models.tokens.LONG", 1)  # so that the cut is near what matters
        assert found.encode([text, text * 2]) == [whole.encode(text).ids, whole.encode(text * 2).ids]


def test_a_long_text_is_read_to_its_end_only_where_that_may_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tokens(tiny_model(tmp_path), trained("WordPiece"))
    read: list[int] = []
    encoded = Tokens._encoded
    monkeypatch.setattr(Tokens, "_encoded", lambda self, of: (read.extend(map(len, of)), encoded(self, of))[1])
    far = LONG * LIMIT
    found.encode(["fox " * 1000])
    assert max(read) < 2 * far
    found.encode([" " * far + "fox " * 1000])  # the beginning does not fill the limit
    assert max(read) > 4000


@pytest.mark.parametrize("change", [{"normalizer": NFKC()}, {"pre_tokenizer": Metaspace(split=False)}])
def test_a_text_is_not_cut_where_a_token_may_go_on_beyond_a_word(tmp_path: Path, change: dict[str, object]) -> None:
    tokenizer = trained("BPE")
    for name, part in change.items():
        setattr(tokenizer, name, part)
    long = "fox " * 1000
    assert tokens(tiny_model(tmp_path), tokenizer)._beginning(long) == long
