"""Model folders: what is read from their files, and every way in which they can be unfit."""

import copy as copies
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.errors import SubjectError
from audit.models.transformer import load_transformer
from tests.tiny import MAX_TOKENS, tiny_config, tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), "utf-8")


def test_facts_come_from_the_files(copy: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    (copy / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n", "utf-8")
    model = load_transformer(copy)
    network = AutoModelForSequenceClassification.from_pretrained(copy)
    facts = model.facts()
    assert facts["parameters"] == sum(weight.numel() for weight in network.parameters())
    assert (facts["architecture"], facts["licence"]) == ("BertForSequenceClassification", "apache-2.0")
    assert facts["size_bytes"] == (copy / "model.safetensors").stat().st_size
    assert model.labels == ("no", "yes")


def test_token_counts_and_cuts_equal_those_of_transformers(copy: Path) -> None:
    from transformers import AutoTokenizer

    saved = json.loads((copy / "tokenizer.json").read_text("utf-8"))
    padding = {"strategy": {"Fixed": 40}, "direction": "Right", "pad_to_multiple_of": None}
    saved["padding"] = padding | {"pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
    saved["truncation"] = {"max_length": 7, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    (copy / "tokenizer.json").write_text(json.dumps(saved), "utf-8")
    texts = ["", "The quick fox", "wizards boil " * 50, "Ünknown wörds"]
    model, oracle = load_transformer(copy), AutoTokenizer.from_pretrained(copy)
    assert model.encode(texts) == [oracle(text, truncation=True, padding=False)["input_ids"] for text in texts]
    whole = [len(oracle(text, truncation=False, padding=False)["input_ids"]) for text in texts]
    assert list(model.token_counts(texts)) == whole
    assert max(map(len, model.encode(texts))) == MAX_TOKENS < max(whole)


def test_the_case_of_letters_is_what_transformers_makes_of_it(copy: Path) -> None:
    from transformers import AutoTokenizer

    edit(copy / "tokenizer_config.json", do_lower_case=False, tokenizer_class="BertTokenizer")
    oracle = AutoTokenizer.from_pretrained(copy)("The Fox")["input_ids"]
    assert load_transformer(copy).encode(["The Fox"]) == [oracle]
    assert oracle != load_transformer(copy).encode(["the fox"])[0]


@pytest.mark.parametrize(
    ("kind", "asked", "table", "limit"),
    [
        ("bert", None, 1e30, MAX_TOKENS + 2),
        ("bert", None, 20, 20),
        ("bert", 10, 20, 10),
        ("bert", 999, 1e30, MAX_TOKENS + 2),
        ("roberta", None, 1e30, MAX_TOKENS + 1),
    ],
)
def test_the_longest_input(copy: Path, kind: str, asked: int | None, table: float, limit: int) -> None:
    edit(copy / "config.json", model_type=kind)
    edit(copy / "tokenizer_config.json", model_max_length=table)
    assert load_transformer(copy, max_tokens=asked).max_tokens == limit


def test_without_any_limit_the_usual_one_holds(copy: Path) -> None:
    edit(copy / "config.json", max_position_embeddings=None)
    edit(copy / "tokenizer_config.json", model_max_length=1e30)
    assert load_transformer(copy).max_tokens == 512


def test_the_limit_of_roberta_is_the_last_that_runs(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path, "roberta")
    edit(folder / "tokenizer_config.json", model_max_length=1e30)
    model = load_transformer(folder)
    assert model.predict([[5] * model.max_tokens]).shape == (1, 2)
    with pytest.raises((IndexError, RuntimeError)):
        model.predict([[5] * (model.max_tokens + 1)])


def test_the_digest_names_weights_tokeniser_and_settings(copy: Path) -> None:
    digests = [load_transformer(copy).digest, load_transformer(copy, max_tokens=9).digest]
    edit(copy / "tokenizer_config.json", model_max_length=9)
    digests.append(load_transformer(copy).digest)
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    digests.append(load_transformer(copy).digest)
    assert len(set(digests)) == 4
    assert load_transformer(copy).digest == digests[-1]


@pytest.mark.parametrize(
    ("lost", "sentence"),
    [
        ("config.json", "config.json is missing"),
        ("model.safetensors", "has no weights"),
        ("tokenizer.json", "has no tokeniser"),
    ],
)
def test_a_missing_file_is_named(copy: Path, lost: str, sentence: str) -> None:
    (copy / lost).unlink()
    with pytest.raises(SubjectError, match=sentence):
        load_transformer(copy)


@pytest.mark.parametrize("changes", [{"problem_type": "multi_label_classification"}, {"id2label": {"0": "score"}}])
def test_independent_outputs_are_refused(copy: Path, changes: dict[str, object]) -> None:
    edit(copy / "config.json", **changes)
    with pytest.raises(SubjectError, match="several classes"):
        load_transformer(copy)


def test_an_encoder_without_a_head_is_refused(tmp_path: Path) -> None:
    model = load_transformer(tiny_model(tmp_path, head=False))
    with pytest.raises(SubjectError, match=r"no trained classifier.*classifier\.bias"):
        model.predict([[2, 5, 3]])


def tiny_network(kind: str, attention: str = "sdpa", **changes: object) -> Any:
    import torch
    from transformers import AutoModelForSequenceClassification

    config = tiny_config(kind, ("a", "b", "c"))
    config.update({"hidden_size": 32, "embedding_size": 32} | changes if kind == "electra" else changes)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return AutoModelForSequenceClassification.from_config(config, attn_implementation=attention).eval()


def widths_of_last_layer(network: Any) -> dict[str, int]:
    """Tokens for which keys and the feed-forward of the last layer are computed, where they are at all."""
    import torch

    linear = [(name, part) for name, part in network.named_modules() if isinstance(part, torch.nn.Linear)]
    keys = [part for name, part in linear if name.endswith((".key", ".k_lin"))]
    wide = [part for _, part in linear if part.out_features == 64]
    seen: dict[str, int] = {}
    hooks = [
        part.register_forward_hook(lambda _part, args, _out, name=name: seen.update({name: args[0].shape[1]}))
        for name, part in (("keys", keys[-1]), ("feed-forward", wide[-1]))
    ]
    with torch.no_grad():
        network(input_ids=torch.ones((2, 9), dtype=torch.int64))
    for hook in hooks:
        hook.remove()
    return seen


WITH_SDPA = ("bert", "roberta", "xlm-roberta", "camembert", "distilbert")
WITHOUT = ("bert", "roberta", "electra", "distilbert")


@pytest.mark.parametrize(
    ("kind", "attention"), [*((kind, "sdpa") for kind in WITH_SDPA), *((kind, "eager") for kind in WITHOUT)]
)
def test_the_last_layer_is_computed_for_the_first_token_alone(kind: str, attention: str) -> None:
    import torch

    from audit.models.first_token import first_token_only

    network = tiny_network(kind, attention)
    lean = first_token_only(network, MAX_TOKENS)
    if (kind, attention) == ("distilbert", "eager"):
        assert lean is network, "its mask has another shape"
        return
    assert widths_of_last_layer(network) == {"keys": 9, "feed-forward": 9}
    assert widths_of_last_layer(lean) == {"feed-forward": 1}
    ids = torch.arange(4, 4 + 5 * MAX_TOKENS).reshape(5, MAX_TOKENS) % 60 + 4
    mask = (torch.arange(MAX_TOKENS) < torch.tensor([[24], [11], [5], [2], [1]])).long()
    with torch.no_grad():
        apart = network(input_ids=ids, attention_mask=mask).logits - lean(input_ids=ids, attention_mask=mask).logits
    assert apart.abs().max() < 1e-5
    assert all(ours is theirs for ours, theirs in zip(lean.parameters(), network.parameters(), strict=True))


class TestNetworksThatStayWhole:
    def test_a_head_that_reads_all_tokens(self) -> None:
        from audit.models.first_token import first_token_only

        network = tiny_network("bert")
        pool = copies.copy(network.bert.pooler.forward)
        network.bert.pooler.forward = lambda states: pool(states.mean(dim=1, keepdim=True))
        assert first_token_only(network, MAX_TOKENS) is network

    def test_an_unknown_build(self) -> None:
        from audit.models.first_token import first_token_only

        network = tiny_network("mpnet", "eager")
        assert first_token_only(network, MAX_TOKENS) is network

    def test_one_that_differs_only_where_probabilities_are_near_0_or_1(self) -> None:
        import torch

        class ByLength(torch.nn.Module):
            def forward(self, states: torch.Tensor) -> torch.Tensor:
                return states * states.shape[1]

        from audit.models.first_token import first_token_only

        network = tiny_network("bert")
        network.bert.encoder.layer[-1].attention.output.dropout = ByLength()
        network.classifier.bias.data[0] += 100
        with torch.no_grad():
            network(input_ids=torch.ones((2, 9), dtype=torch.int64))  # it runs: only the logits tell
        assert first_token_only(network, MAX_TOKENS) is network


def test_damaged_weights_are_told(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"\x08" + bytes(7) + b"{}      and no tensors")
    with pytest.raises(SubjectError, match="copy"):
        load_transformer(copy).predict([[2, 5, 3]])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nobody/nothing", "cannot be reached.*Give the folder"), ("./no/such folder/x", "There is no model folder")],
)
def test_a_name_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, name: str, sentence: str) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SubjectError, match=sentence):
        load_transformer(name)


def test_shards_and_a_lost_one(copy: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    whole = load_transformer(copy)
    expected, parameters = whole.predict([[2, 5, 3]]), whole.facts()["parameters"]
    network = AutoModelForSequenceClassification.from_pretrained(copy)
    (copy / "model.safetensors").unlink()
    network.save_pretrained(copy, max_shard_size="20KB")
    sharded = load_transformer(copy)
    assert sharded.facts()["parameters"] == parameters
    assert np.allclose(sharded.predict([[2, 5, 3]]), expected)
    next(copy.glob("model-00002*")).unlink()
    with pytest.raises(SubjectError, match="lacks model-00002"):
        load_transformer(copy)
