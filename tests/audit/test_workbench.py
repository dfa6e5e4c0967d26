"""The workbench: engines that agree, copies that are really smaller, meters that count."""

import sys
from pathlib import Path

import numpy as np
import pytest

from audit import meters, workbench
from audit.errors import SubjectError
from audit.meters import EnergyCounter, peak_of_process
from audit.models.transformer import TransformerModel, load_transformer
from audit.workbench import PRUNED, TransformerBench
from tests.subjects import texts_of
from tests.tiny import tiny_model

TEXTS = texts_of(np.random.default_rng(5), 40)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TransformerModel:
    return load_transformer(tiny_model(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def bench(model: TransformerModel, tmp_path_factory: pytest.TempPathFactory) -> TransformerBench:
    return TransformerBench(model, tmp_path_factory.mktemp("onnx"), "onnx")


def test_every_engine_gives_the_models_scores_in_the_order_asked(
    model: TransformerModel, bench: TransformerBench
) -> None:
    assert bench.backends == ("onnx", "torch")
    one_by_one = np.concatenate([model.predict([ids]) for ids in model.encode(TEXTS)])
    for backend in bench.backends:
        for rows in (1, 7, 64):
            assert np.allclose(bench.rerun(TEXTS, backend=backend, rows=rows), one_by_one, atol=1e-5)


def test_batches_are_what_was_asked(model: TransformerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    plain = model.predict
    monkeypatch.setattr(model, "predict", lambda batch: sizes.append(len(batch)) or plain(batch))
    TransformerBench(model, tmp_path, "torch").rerun(TEXTS, backend="torch", rows=16)
    assert sizes == [16, 16, 8]


def test_without_onnx_there_is_torch(model: TransformerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(target: Path) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(model, "export", fails)
    assert TransformerBench(model, tmp_path, "torch").backends == ("torch",)


def test_the_int8_copy_is_smaller_and_nearly_agrees(bench: TransformerBench) -> None:
    before = bench.rerun(TEXTS, backend="torch", rows=32)
    copy = bench.variant("int8")
    after = copy.run(TEXTS, 32)
    assert copy.file_bytes < bench.file_bytes
    assert copy.parameters == bench.parameters
    assert 0 < np.abs(after - before).max() < 0.2
    assert np.allclose(after.sum(axis=1), 1)
    assert np.array_equal(bench.rerun(TEXTS, backend="torch", rows=32), before), "the model itself was changed"


def test_the_pruned_copy_lacks_the_smallest_weights(model: TransformerModel, bench: TransformerBench) -> None:
    import torch

    linear = [m.weight for m in model.network.base_model.modules() if isinstance(m, torch.nn.Linear)]
    copy = bench.variant("pruned")
    zero_before = sum(int((w == 0).sum()) for w in model.network.parameters())
    removed = bench.parameters - zero_before - copy.parameters
    assert removed == pytest.approx(PRUNED * sum(w.numel() for w in linear), abs=2)
    assert copy.file_bytes == pytest.approx(bench.file_bytes, rel=0.01)
    assert "only where it is stored sparse" in copy.how
    assert np.abs(copy.run(TEXTS, 32) - bench.rerun(TEXTS, backend="torch", rows=32)).max() > 0


def test_a_copy_that_cannot_be_made_tells_why(bench: TransformerBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_engine(network: object) -> None:
        raise RuntimeError("Didn't find engine for operation quantized::linear_prepack NoQEngine")

    monkeypatch.setitem(workbench.SMALLER, "int8", no_engine)
    with pytest.raises(SubjectError, match=r"int8 copy cannot be made here.*NoQEngine"):
        bench.variant("int8")
    with pytest.raises(SubjectError, match="Did you mean 'pruned'"):
        bench.variant("prune")


def package(root: Path, name: str, what: str, microjoules: int) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    for file, content in (("name", what), ("max_energy_range_uj", "10000000"), ("energy_uj", str(microjoules))):
        (folder / file).write_text(f"{content}\n", "ascii")
    return folder / "energy_uj"


def test_the_energy_counter_adds_packages_and_survives_an_overflow(tmp_path: Path) -> None:
    first = package(tmp_path, "intel-rapl:0", "package-0", 9_000_000)
    package(tmp_path, "intel-rapl:1", "package-1", 500_000)
    package(tmp_path, "intel-rapl:0:0", "core", 7_000_000)
    package(tmp_path, "intel-rapl:2", "psys", 7_000_000)
    counter = EnergyCounter(tmp_path)
    assert counter.joules() == 9.5
    first.write_text("1000000\n", "ascii")
    assert counter.joules() == 11.5


@pytest.mark.parametrize("case", ["nothing there", "not readable"])
def test_without_a_counter_there_is_no_energy(tmp_path: Path, case: str) -> None:
    if case == "not readable":
        package(tmp_path, "intel-rapl:0", "package-0", 1).write_text("", "ascii")
    assert EnergyCounter(tmp_path / ("" if case == "not readable" else "powercap")).joules() is None


@pytest.mark.parametrize("forgets", [True, False])
def test_the_peak_of_memory_holds_what_the_work_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgets: bool
) -> None:
    if not forgets:
        monkeypatch.setattr(meters, "PROCESS", tmp_path / "elsewhere")
    elif not sys.platform.startswith("linux"):
        pytest.skip("only Linux can forget the peak")
    size = 64 * 2**20
    used, what = peak_of_process(lambda: np.ones(size // 8))
    assert used is not None
    assert used > size
    assert what.startswith("the whole process")
