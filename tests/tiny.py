"""Tiny transformers with random weights, built offline in a moment."""

from pathlib import Path
from typing import Any

from tests.subjects import WORDS

MAX_TOKENS = 24
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
LAYERS = 3


def tiny_model(
    folder: Path, kind: str = "bert", *, labels: tuple[str, ...] = ("no", "yes"), head: bool = True, seed: int = 0
) -> Path:
    """Save a random model of that kind (bert, roberta, distilbert) and a WordPiece tokeniser in a folder."""
    import torch
    from transformers import AutoModel, AutoModelForSequenceClassification

    config = tiny_config(kind, labels)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        maker = AutoModelForSequenceClassification if head else AutoModel
        maker.from_config(config).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def tiny_config(kind: str, labels: tuple[str, ...]) -> Any:
    """Return a configuration of three layers of width 32."""
    from transformers import AutoConfig

    sizes = {
        "vocab_size": len(vocabulary()),
        "max_position_embeddings": MAX_TOKENS + 2,
        "pad_token_id": 0,
        "id2label": dict(enumerate(labels)),
        "label2id": {label: k for k, label in enumerate(labels)},
        "initializer_range": 0.3,  # far from uniform scores
    }
    if kind == "distilbert":
        return AutoConfig.for_model(kind, n_layers=LAYERS, n_heads=2, dim=32, hidden_dim=64, **sizes)
    shape = {"num_hidden_layers": LAYERS, "num_attention_heads": 2, "hidden_size": 32, "intermediate_size": 64}
    return AutoConfig.for_model(kind, **shape, **sizes)


def tiny_tokenizer() -> Any:
    """Return a fast WordPiece tokeniser of a few words and all letters."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {word: k for k, word in enumerate(vocabulary())}
    inner = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", words["[CLS]"]), ("[SEP]", words["[SEP]"])]
    inner.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=MAX_TOKENS, **names)


def vocabulary() -> list[str]:
    """Return special tokens, the words of the test sentences, and characters to spell others with."""
    characters = "abcdefghijklmnopqrstuvwxyz0123456789"
    return list(dict.fromkeys([*SPECIAL, *sorted(set(WORDS)), *characters, *(f"##{c}" for c in characters)]))
