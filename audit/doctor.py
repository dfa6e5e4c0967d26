"""What this installation has and lacks."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from audit import __version__
from audit.assets import asset_folder, assets
from audit.provenance import PACKAGES


def report(cache: Path) -> Iterator[str]:
    """Yield one line per fact: versions, device, cache and assets."""
    yield f"renben {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores"
    for package in PACKAGES:
        yield f"  {package} {_version(package)}"
    yield f"device: {_device()}"
    yield f"cache: {cache} ({_writable(cache)})"
    for asset in assets().values():
        there = asset_folder(asset, cache).is_dir()
        yield f"asset {asset.name}: {'present' if there else f'absent; get it with: renben fetch {asset.name}'}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent; install it again with: python -m pip install renben"


def _device() -> str:
    try:
        import torch
    except ImportError:
        return "unknown (torch cannot be imported); stored predictions can still be audited"
    if torch.cuda.is_available():
        return f"cuda, {torch.cuda.get_device_name()}"
    if torch.backends.mps.is_available():
        return "mps"
    return f"cpu, {torch.get_num_threads()} threads"


def _writable(cache: Path) -> str:
    nearest = next(folder for folder in (cache, *cache.parents) if folder.exists())
    return "writable" if os.access(nearest, os.W_OK) else "not writable; name another with RENBEN_CACHE"
