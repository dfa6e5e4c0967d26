"""Where, when and with what a run was made."""

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from audit import __version__
from audit.types import Provenance

PACKAGES = (
    "torch",
    "transformers",
    "onnxruntime",
    "fairlearn",
    "evaluate",
    "datasets",
    "peft",
    "textattack",
    "nltk",
    "lemminflect",
    "vaderSentiment",
    "opencc-python-reimplemented",
    "scikit-learn",
    "scipy",
    "numpy",
    "pyarrow",
    "pydantic",
    "jinja2",
)
"""Packages whose version can change a number or the card."""


def now() -> datetime:
    """Return the time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def provenance(folder: Path, *, seed: int, device: str, digests: dict[str, str]) -> Provenance:
    """Return the provenance of a run whose configuration stands in ``folder``."""
    revision = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain")
    return Provenance(
        renben=__version__,
        python=platform.python_version(),
        platform=platform.platform(terse=True),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gib=round(_memory_bytes() / 2**30, 1),
        device=device,
        packages={name: v for name in PACKAGES if (v := _version(name))},
        revision=revision,
        dirty=None if revision is None else bool(changes),
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        seed=seed,
        digests=digests,
    )


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0
