"""RESULTS.md: the machine, the versions, the tables, and how to read them. No path of the machine gets into it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("lark", "regex", "numba", "numpy", "matplotlib")

HEAD = """# What `check` costs

Written by `make bench`; do not edit. {mode}

| | |
| :-- | :-- |
{about}

## How to read this

- All go through the same bytes: sound traces of the project's own generator, Searchformer's format, 10×10, 20×20 and 30×30
  mazes, {number} different ones of each size, shuffled and repeated. What is slower reads the beginning of the same file ("MB
  read"). The traces repeat, so a branch predictor may know them better than it would know traces that are all different.
- What is compared runs in turns. A cell is the median, with the least and the greatest value in brackets. CPU time is that of
  the process, the system's share included (`wait4`); on a machine that others use too it says more than the clock, but not all:
  a busy neighbour costs caches and clock rate. Times of whole processes have their start in them.
- "To the expert" compares MB a second of CPU time with those of `benchmarks/expert.py`, a script that an expert would write by
  hand for this one format: the same verdict, rule, event and plan status (a test holds it to that), plain Python, no library.
  It looks at a sound trace once, and at any other twice; here all are sound.
- Peak memory is the child's `ru_maxrss`, no less than the 10 MB of the process that starts it.
- `wc -w` counts words. It bounds nothing, but it is what everyone has, and it reads every byte.
"""


def about() -> dict[str, str]:
    """The machine and the versions."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{_model()}, {os.cpu_count()} cores, {_memory()} of memory, {platform.system()} {platform.machine()}",
        "load before": _load(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    }


def _model() -> str:
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _memory() -> str:
    total = [int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    return f"{total[0] / 1e6:.0f} GB" if total else "unknown size"


def _load() -> str:
    try:
        return f"{os.getloadavg()[0]:.1f} processes in the minute before"
    except OSError:
        return "unknown"


def _lines(name: str) -> list[str]:
    file = Path(name)
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def markdown(number: int, sections: Mapping[str, str], known: Mapping[str, str], *, quick: bool) -> str:
    """The whole page.

    Raises:
        ValueError: when a path of this machine is in it.
    """
    mode = "**A quick run: for trying the benchmark, not for quoting.**" if quick else "A full run."
    rows = "\n".join(f"| {name} | {value} |" for name, value in known.items())
    page = HEAD.format(mode=mode, about=rows, number=number)
    page += "".join(f"\n## {title}\n\n{text.rstrip()}\n" for title, text in sections.items())
    if any(path in page for path in _paths()):
        raise ValueError("the results name a path of this machine")
    return page


def _paths() -> Iterator[str]:
    for path in (Path.home(), Path(__file__).resolve().parents[1], Path(sys.prefix)):
        if len(path.parts) > 1:
            yield str(path)
