"""Assets: the file that was pinned, or a sentence; never half a folder."""

import subprocess
import tarfile
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from audit.assets import Asset, asset_folder, assets, fetch, find_asset, resolve
from audit.errors import AssetError


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toy/data/a.txt", "kept")
        archive.writestr("toy/code.py", "left out")
    return path


@pytest.fixture
def index(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    return stand_in(wheel, monkeypatch)


def stand_in(package: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stand in for pip: puts the package where ``--dest`` says."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        target = Path(command[command.index("--dest") + 1]) / package.name
        target.write_bytes(package.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return calls


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "toy-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for name, text in (("a1", "first"), ("a2", "second"), ("../out", "bad")):
            member = tarfile.TarInfo(f"toy-1.0/data/{name}")
            member.size = len(text)
            packed.addfile(member, BytesIO(text.encode()))
    return path


def toy(digest: str) -> Asset:
    return Asset("toy", "a toy", "toy", "1.0", digest, 1, "MIT", "toy/data/")


def test_fetch_keeps_what_was_asked_for_and_only_once(tmp_path: Path, wheel: Path, index: list[list[str]]) -> None:
    asset = toy(sha256(wheel.read_bytes()).hexdigest())
    folder = fetch(asset, tmp_path / "cache")
    assert [path.name for path in folder.iterdir()] == ["a.txt"]
    assert fetch(asset, tmp_path / "cache") == folder
    assert len(index) == 1
    assert "--no-deps" in index[0]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_source_archive_is_put_together(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = stand_in(archive, monkeypatch)
    digest = sha256(archive.read_bytes()).hexdigest()
    toy = Asset("t", "a", "toy", "1.0", digest, 1, "-", "toy-1.0/data/", "x/y", {"a": ("a1", "a2")}, True)
    folder = fetch(toy, tmp_path / "cache")
    found = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"x/y/a": "first\nsecond"}
    assert "--require-hashes" in calls[0]


def test_another_file_is_refused_and_leaves_nothing(tmp_path: Path, index: list[list[str]]) -> None:
    with pytest.raises(AssetError, match="not the file that was expected"):
        fetch(toy("0" * 64), tmp_path / "cache")
    assert list((tmp_path / "cache" / "assets").iterdir()) == []


def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    asset = Asset("none", "nothing", "renben-no-such-package", "9", "0", 1, "-", "x/")
    with pytest.raises(AssetError, match="could not be downloaded"):
        fetch(asset, tmp_path)


def test_unknown_and_absent_assets_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="Did you mean 'minilm'"):
        find_asset("minilmm")
    with pytest.raises(AssetError, match="renben fetch minilm"):
        resolve("asset:minilm", tmp_path, tmp_path)
    asset_folder(find_asset("minilm"), tmp_path).mkdir(parents=True)
    assert resolve("asset:minilm/x", tmp_path, tmp_path) == asset_folder(find_asset("minilm"), tmp_path) / "x"
    assert resolve("my/model", tmp_path, tmp_path) == tmp_path / "my/model"
    assert all(asset.licence and asset.bytes for asset in assets().values())
