"""Whole processes, in turns: wall time, CPU time and peak memory of each."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.py")
PYTHON = sys.executable


@dataclass(frozen=True)
class Run:
    """What one process took: seconds, seconds of CPU time (its own and the system's for it), and MB at the most."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Case:
    """A command under the name of its row; `size` is how many bytes it goes through, `env` is added to the environment."""

    name: str
    command: tuple[str, ...]
    size: int = 0
    env: tuple[tuple[str, str], ...] = ()


def run(case: Case) -> Run:
    """Run a command once.

    Raises:
        RuntimeError: when it could not do its work: exit codes other than those of verdicts.
    """
    command = [PYTHON, "-S", str(LAUNCH), *case.command]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # modules are compiled once
    done = subprocess.run(command, env=kept | dict(case.env), capture_output=True, text=True, check=True)
    wall, cpu, peak, code = json.loads(done.stdout)
    if code not in (0, 1):
        raise RuntimeError(f"{case.name}: exit code {code}")
    return Run(wall, cpu, peak)


def alternate(cases: Sequence[Case], repeats: int, once: Callable[[Case], Run] = run) -> dict[str, list[Run]]:
    """Run all cases in turns, as often as is asked for."""
    found: dict[str, list[Run]] = {case.name: [] for case in cases}
    for _ in range(repeats):
        for case in cases:
            found[case.name].append(once(case))
    return found


def tracecourt(*arguments: str) -> tuple[str, ...]:
    """The command line of the project, by the Python that runs this."""
    return PYTHON, "-m", "tracecourt", *arguments


def script(name: str, *arguments: str) -> tuple[str, ...]:
    """A script of this folder, by the Python that runs this."""
    return PYTHON, str(Path(__file__).with_name(name)), *arguments


# ---------------------------------------------------------------- numbers as text
def spread(values: Sequence[float], digits: int = 2) -> str:
    """A median, with the least and the greatest value behind it."""
    middle, low, high = (f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({low}–{high})"


def rates(case: Case, runs: Sequence[Run]) -> dict[str, list[float]]:
    """MB a second, by the clock and by CPU time."""
    return {"wall": [case.size / r.wall / 1e6 for r in runs], "cpu": [case.size / r.cpu / 1e6 for r in runs]}


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The exponent k of y ~ x^k, by least squares of the logarithms."""
    import numpy as np

    return float(np.polyfit(np.log(xs), np.log(ys), 1)[0])


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right."""
    bars = ["|".join(f" {cell} " for cell in line) for line in (head, *lines)]
    return "\n".join([f"|{bars[0]}|", "|" + " :-- |" + " --: |" * (len(head) - 1), *(f"|{bar}|" for bar in bars[1:])]) + "\n"


Timings = Mapping[str, Sequence[Run]]
