"""Fine-tuning: what learns and what stays, and that nothing is lost or done twice."""

import json
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit import frozen_layers, training
from audit.config import Recipe
from audit.errors import SubjectError
from audit.linear_head import PENALTY
from audit.models.transformer import load_transformer
from audit.training import Training, balanced_weights, choose_precision
from audit.training_data import length_buckets
from audit.tuning import Tuned, tune
from audit.types import Split
from tests.subjects import make_split, texts_of
from tests.tiny import LAYERS, MAX_TOKENS, tiny_model

RECIPE = Recipe(train="top:1", epochs=3, learning_rate=5e-3, batch_size=8, dropout=0.1, max_tokens=20)
LABELS = ("ham", "spam")


def learnable(name: str, n: int, seed: int) -> Split:
    """Return rows whose class shows in one word."""
    rng = np.random.default_rng(seed)
    texts = [text.replace("fox", "dog") for text in texts_of(rng, n)]
    labels = rng.integers(0, 2, n)
    words = [f"fox {text}" if label else text for text, label in zip(texts, labels, strict=True)]
    return make_split(name, labels, [], words)


TRAIN, VALIDATION = learnable("train", 72, 1), learnable("validation", 40, 2)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    kinds = ("bert", "roberta", "distilbert")
    return {kind: tiny_model(tmp_path_factory.mktemp(kind), kind, head=False) for kind in kinds}


def tuned(base: Path, cache: Path, *, rows: Split = TRAIN, labels: tuple[str, ...] = LABELS, **changes: Any) -> Tuned:
    recipe = RECIPE.model_copy(update=changes)
    return tune(base, rows, VALIDATION, recipe, labels=labels, seed=3, cache=cache, base_name="tiny")


def weights_of(folder: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(folder / "model.safetensors"))


def changed(one: Path, other: Path) -> set[str]:
    """Return the names of the weights in which two models differ."""
    first, second = weights_of(one), weights_of(other)
    assert first.keys() == second.keys()
    return {name for name in first if not np.array_equal(first[name], second[name])}


def test_it_learns_and_the_model_is_one_that_an_audit_can_load(bases: dict[str, Path], tmp_path: Path) -> None:
    recipe = {"train": "all", "learning_rate": 3e-3, "epochs": 4, "dropout": 0.0}
    made = tuned(bases["bert"], tmp_path, **recipe)
    model, start = load_transformer(made.model), load_transformer(made.start)
    assert model.labels == start.labels == LABELS
    assert model.max_tokens == RECIPE.max_tokens < MAX_TOKENS
    losses = []
    for each in (start, model):
        scores = each.predict(each.encode(VALIDATION.texts))
        losses.append(-np.log(scores[np.arange(len(VALIDATION)), VALIDATION.labels]).mean())
    assert losses[1] < losses[0] / 2
    facts = made.facts
    assert facts.curve[facts.best_epoch - 1].validation_loss == pytest.approx(losses[1], abs=1e-5)
    assert facts.best_epoch == 1 + int(np.argmin([epoch.validation_loss for epoch in facts.curve]))
    assert (facts.base, facts.reused, facts.precision, facts.note) == ("tiny", False, "fp32", "")
    assert facts.recipe == RECIPE.model_dump(mode="json") | recipe
    assert facts.total_parameters == sum(weight.size for weight in weights_of(made.model).values())
    assert sorted(path.name for path in made.model.parent.iterdir()) == ["model", "start", "tuning.json"]


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_kept_states_train_the_same_model_as_frozen_layers(
    bases: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    kept = tuned(bases[kind], tmp_path / "kept", epochs=2)
    assert kept.facts.note == ""
    monkeypatch.setattr(frozen_layers, "_agree", lambda *_: False)
    plain = tuned(bases[kind], tmp_path / "plain", epochs=2)
    assert "ran in every epoch" in plain.facts.note
    ours, theirs = weights_of(kept.model), weights_of(plain.model)
    for name in theirs:
        # The true gradient of a key's bias is zero (softmax ignores it), so it follows rounding alone.
        assert np.allclose(ours[name], theirs[name], atol=1e-4) or name.endswith(("key.bias", "k_lin.bias")), name
    assert kept.facts.trainable_parameters == plain.facts.trainable_parameters
    touched = changed(kept.start, kept.model)
    assert touched and not any(f".{layer}." in name for name in touched for layer in range(LAYERS - 1))
    assert any(f"layer.{LAYERS - 1}." in name for name in touched)
    assert not any("embeddings" in name for name in touched)
    assert ("bert.pooler.dense.weight" in touched) == (kind == "bert")


def test_states_in_the_wrong_place_are_noticed(
    bases: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = frozen_layers._states
    monkeypatch.setattr(frozen_layers, "_states", lambda net, last, *rest: real(net, net.bert.embeddings, *rest))
    assert "ran in every epoch" in tuned(bases["bert"], tmp_path, epochs=1).facts.note


def test_the_start_is_logistic_regression_on_frozen_features(bases: dict[str, Path], tmp_path: Path) -> None:
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from transformers import AutoModel, AutoTokenizer

    encoder, tokenizer = AutoModel.from_pretrained(bases["bert"]).eval(), AutoTokenizer.from_pretrained(bases["bert"])
    batch = tokenizer(list(TRAIN.texts), padding=True, truncation=True, max_length=20, return_tensors="pt")
    with torch.no_grad():
        features = encoder(batch["input_ids"], attention_mask=batch["attention_mask"]).pooler_output.numpy()
    scaled = StandardScaler().fit_transform(features)
    oracle = LogisticRegression(C=1 / (PENALTY * len(scaled)), max_iter=1000).fit(scaled, TRAIN.labels)
    start = load_transformer(tuned(bases["bert"], tmp_path, epochs=1).start)
    assert np.allclose(start.predict(start.encode(TRAIN.texts)), oracle.predict_proba(scaled), atol=1e-4)


def test_a_class_that_train_lacks_is_never_chosen_at_the_start(bases: dict[str, Path], tmp_path: Path) -> None:
    start = load_transformer(tuned(bases["bert"], tmp_path, epochs=1, labels=("ham", "spam", "scam")).start)
    assert start.predict(start.encode(VALIDATION.texts))[:, 2].max() < 0.01


def test_a_head_alone(bases: dict[str, Path], tmp_path: Path) -> None:
    made = tuned(bases["bert"], tmp_path, train="head")
    assert made.start == made.model
    assert "only the head" in made.facts.note
    assert made.facts.trainable_parameters == 2 * 32 + 2
    base, model = weights_of(bases["bert"]), weights_of(made.model)
    assert all(np.array_equal(model[f"bert.{name}"], base[name]) for name in base)


def test_lora_is_merged(bases: dict[str, Path], tmp_path: Path) -> None:
    made = tuned(bases["bert"], tmp_path, train="lora", lora_rank=2)
    touched = changed(made.start, made.model)
    assert touched == {"classifier.weight", "classifier.bias"} | {
        f"bert.encoder.layer.{k}.attention.self.{part}.weight" for k in range(LAYERS) for part in ("query", "value")
    }
    assert made.facts.trainable_parameters == LAYERS * 2 * 2 * (32 + 32) + 2 * 32 + 2


def test_all_trains_all(bases: dict[str, Path], tmp_path: Path) -> None:
    made = tuned(bases["bert"], tmp_path, train="all", epochs=1, accumulate=2, class_weights="balanced")
    untouched = set(weights_of(made.start)) - changed(made.start, made.model)
    assert untouched == set()
    assert made.facts.trainable_parameters == made.facts.total_parameters


class Wavering(Training):
    """Its second epoch is the worst, so that best and latest weights differ, and its third the best."""

    def _validate(self) -> tuple[float, float]:
        return (0.5, 0.9, 0.1)[len(self.curve)], 0.5


class Interrupted(Wavering):
    """Is stopped while its third epoch runs."""

    def _validate(self) -> tuple[float, float]:
        if len(self.curve) == 2:
            raise KeyboardInterrupt
        return super()._validate()


@pytest.mark.parametrize("part", ["top:1", "lora"])
def test_an_interrupted_run_resumes_to_the_same_model(
    bases: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr("audit.tuning.Training", Wavering)
    whole = tuned(bases["bert"], tmp_path / "whole", train=part)
    with monkeypatch.context() as patch:
        patch.setattr("audit.tuning.Training", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            tuned(bases["bert"], tmp_path / "cut", train=part)
    epochs: list[int] = []
    monkeypatch.setattr(training, "_tell", lambda facts, _: epochs.append(facts.epoch))
    resumed = tuned(bases["bert"], tmp_path / "cut", train=part)
    assert epochs == [3]
    assert not changed(whole.model, resumed.model)
    assert not changed(whole.start, resumed.start)
    losses = [[epoch.train_loss for epoch in made.facts.curve] for made in (whole, resumed)]
    assert losses[0] == losses[1]


def test_what_did_not_change_is_not_tuned_again(bases: dict[str, Path], tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: tuned(bases["bert"], tmp_path, epochs=1), range(2)))
    assert both[0].model == both[1].model
    assert sorted(made.facts.reused for made in both) == [False, True]
    assert both[0].facts.curve == both[1].facts.curve
    other = [
        tuned(bases["bert"], tmp_path, epochs=1, weight_decay=0.2),
        tuned(bases["bert"], tmp_path, epochs=1, rows=replace(TRAIN, texts=("other", *TRAIN.texts[1:]))),
        tuned(bases["bert"], tmp_path, epochs=1, rows=replace(TRAIN, labels=1 - TRAIN.labels)),
        tuned(bases["bert"], tmp_path, epochs=1, labels=("spam", "ham")),
    ]
    assert not any(made.facts.reused for made in other)
    assert len({made.model for made in [*both, *other]}) == 5


WITHOUT_TORCH = """
import sys
from pathlib import Path
from tests.audit.test_tuning import tuned

assert tuned(Path(sys.argv[1]), Path(sys.argv[2]), epochs=1).facts.reused
assert not {"torch", "transformers"} & set(sys.modules)
"""


def test_reuse_needs_no_torch(bases: dict[str, Path], tmp_path: Path) -> None:
    tuned(bases["bert"], tmp_path, epochs=1)
    subprocess.run([sys.executable, "-c", WITHOUT_TORCH, str(bases["bert"]), str(tmp_path)], check=True, timeout=60)


def test_training_stops_early_and_keeps_the_best(
    bases: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.5, 0.4, 0.6, 0.7, 0.1])
    monkeypatch.setattr(Training, "_validate", lambda self: (next(losses), 0.5))
    made = tuned(bases["bert"], tmp_path / "long", epochs=5, patience=2)
    assert (len(made.facts.curve), made.facts.best_epoch) == (4, 2)
    weights: list[dict[str, Any]] = []
    real = Training._epoch

    def spy(self: Training, advance: Any) -> None:
        real(self, advance)
        weights.append(self._copy())

    losses = iter([0.5, 0.4, 0.6, 0.7, 0.1])
    monkeypatch.setattr(Training, "_epoch", spy)
    again = tuned(bases["bert"], tmp_path / "spied", epochs=5, patience=2)
    kept = weights_of(again.model)
    assert np.array_equal(kept["classifier.weight"], weights[1]["classifier.weight"].numpy())
    assert not np.array_equal(kept["classifier.weight"], weights[3]["classifier.weight"].numpy())


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.array([0, 0, 0, 1, 2, 2])
    oracle = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert np.allclose(balanced_weights(labels, 3), oracle)
    assert balanced_weights(labels, 4)[3] == 0


def test_batches_are_random_and_of_about_one_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 1000)
    batches = length_buckets(lengths, 8, np.random.default_rng(1))
    assert sorted(np.concatenate(batches)) == list(range(1000))
    assert np.mean([np.ptp(lengths[rows]) for rows in batches]) < 5
    assert [len(rows) for rows in batches].count(8) == 125
    firsts = [lengths[rows[0]] for rows in batches]
    assert np.corrcoef(firsts, np.arange(125))[0, 1] < 0.3
    assert not np.array_equal(batches[0], length_buckets(lengths, 8, np.random.default_rng(2))[0])


def test_bf16_only_where_the_machine_computes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_native_bf16", lambda _: True)
    assert [choose_precision(asked, "cpu")[0] for asked in ("auto", "bf16", "fp32")] == ["bf16", "bf16", "fp32"]
    monkeypatch.setattr(training, "_native_bf16", lambda _: False)
    assert [choose_precision(asked, "cpu")[0] for asked in ("auto", "bf16", "fp32")] == ["fp32"] * 3
    assert "bf16 was asked for" in choose_precision("bf16", "cpu")[1]


def test_dropout_of_the_recipe_reaches_the_network(bases: dict[str, Path], tmp_path: Path) -> None:
    config = json.loads((tuned(bases["distilbert"], tmp_path, epochs=1).model / "config.json").read_text())
    assert {config[key] for key in ("dropout", "attention_dropout", "seq_classif_dropout")} == {0.1}


def test_unfit_splits_are_refused(bases: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="train split is empty"):
        tuned(bases["bert"], tmp_path, rows=make_split("train", np.array([], dtype=int), []))
    with pytest.raises(SubjectError, match="have one label"):
        tuned(bases["bert"], tmp_path, rows=make_split("train", np.zeros(9, dtype=int), []))


def test_more_layers_than_there_are(bases: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=rf"has {LAYERS} layers, not 9"):
        tuned(bases["bert"], tmp_path, train="top:9")


def test_a_missing_base_is_told(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="There is no model folder"):
        tuned(tmp_path / "no base", tmp_path)


@pytest.mark.parametrize("room", [50_000, 150_000], ids=["for no start", "for no checkpoint"])
def test_a_full_disk_is_told(bases: dict[str, Path], tmp_path: Path, room: int) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))  # no larger file can be written
    try:
        with pytest.raises(SubjectError, match="Free space"):
            tuned(bases["bert"], tmp_path, train="all", epochs=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not tuned(bases["bert"], tmp_path, train="all", epochs=1).facts.reused


def test_a_loss_that_is_no_number_is_told(
    bases: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Training, "_validate", lambda self: (float("nan"), 0.5))
    with pytest.raises(SubjectError, match="Lower learning_rate"):
        tuned(bases["bert"], tmp_path)
