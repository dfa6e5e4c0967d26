"""What a computation costs: the processor's energy counter, and the memory in use."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
PROCESS = Path("/proc/self")
RESET_PEAK = "5"
"""What Linux takes in ``clear_refs`` to forget the peak so far."""


class EnergyCounter:
    """Running average power limit (RAPL) counters of all processor packages, as Linux shows them.

    Parameters
    ----------
    root : Path
        Folder of the counters; most systems let only an administrator read them.
    """

    def __init__(self, root: Path = POWERCAP) -> None:
        folders = root.glob("intel-rapl:*") if root.is_dir() else ()
        # Parts of a package (intel-rapl:0:0) and the whole board (psys) would be counted twice.
        whole = (folder for folder in folders if re.fullmatch(r"intel-rapl:\d+", folder.name))
        self._packages = [package for folder in sorted(whole) if (package := _Package(folder)).readable]

    def joules(self) -> float | None:
        """Energy used since some moment, in joules; None where no counter can be read."""
        return sum(package.joules() for package in self._packages) if self._packages else None


class _Package:
    """The counter of one processor, which starts again from 0 when it is full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._full = self._last = 0
        try:
            name = (folder / "name").read_text("ascii")
            self._size = int((folder / "max_energy_range_uj").read_text("ascii"))
            self._last = self._microjoules()
            self.readable = name.startswith("package")
        except (OSError, ValueError):
            self.readable = False

    def joules(self) -> float:
        now = self._microjoules()
        if now < self._last:
            self._full += self._size
        self._last = now
        return (self._full + now) / 1e6

    def _microjoules(self) -> int:
        return int((self._folder / "energy_uj").read_text("ascii"))


def peak_of_gpu(work: Callable[[], object]) -> tuple[int, str]:
    """Return the most bytes that torch held on the CUDA device while ``work`` ran, and what they are."""
    import torch

    torch.cuda.reset_peak_memory_stats()
    work()
    return torch.cuda.max_memory_allocated(), "memory that torch held on the CUDA device while it answered"


def peak_of_process(work: Callable[[], object]) -> tuple[int | None, str]:
    """Return the most bytes that this process held while ``work`` ran, and what they are.

    Where the system cannot forget the peak so far, it is that since the process began; where it
    tells nothing, None.
    """
    try:
        (PROCESS / "clear_refs").write_text(RESET_PEAK, "ascii")
    except OSError:
        work()
        return _peak_so_far()
    work()
    found = re.search(r"VmHWM:\s*(\d+) kB", (PROCESS / "status").read_text("utf-8"))
    what = "the whole process of the audit while the model answered, libraries and test data included"
    return (int(found[1]) * 1024, what) if found else _peak_so_far()


def _peak_so_far() -> tuple[int | None, str]:
    try:
        import resource
    except ImportError:
        return None, "this system does not tell how much memory was in use"
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return peak, "the whole process since it began, with data, fine-tuning and other probes: an upper bound"
