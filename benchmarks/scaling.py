"""How cost grows: with the length of one trace, and with the size of a corpus."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import corpora
import expert
from measure import Case, alternate, script, slope, table
from whole import check

import tracecourt as tc

NAMES = ("interpreter", "compiled", "native", "expert")
LONGEST = {"interpreter": 10_000}  # events of a trace; the other engines take all
REPEATED = 1.0  # seconds after which a call is not repeated


@dataclass
class Curve:
    """Times at sizes: seconds of CPU time, the median of some, beside the least and the greatest."""

    name: str
    sizes: list[float] = field(default_factory=list)
    times: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, size: float, times: Sequence[float]) -> None:
        self.sizes.append(size)
        self.times.append((statistics.median(times), min(times), max(times)))

    @property
    def slope(self) -> float:
        return slope(self.sizes, [time[0] for time in self.times])


def trace_lengths(lengths: Sequence[int], repeats: int, names: Sequence[str] = NAMES) -> list[Curve]:
    """One trace a time, through the API in a program that runs, with each engine and the expert."""
    court = tc.load_format(corpora.FORMAT)
    curves = {name: Curve(name) for name in names}
    for length in lengths:
        row = corpora.long_row(length)
        words = row["trace"].split()
        events = words.count("create") + words.count("close")
        for name, curve in curves.items():
            if length <= LONGEST.get(name, length):
                curve.add(events, _taken(_call(court, name, row), repeats))
    return list(curves.values())


def _call(court: tc.Court, name: str, row: corpora.Row) -> Callable[[], str]:
    if name == "expert":
        return lambda: expert.check(row["prompt"], row["trace"], **row["params"])[0]
    return lambda: str(court.check(row["prompt"], row["trace"], row["params"], engine=name).verdict)


def _taken(call: Callable[[], str], repeats: int) -> list[float]:
    """CPU times of a call, the first of which is thrown away where it is short."""
    times: list[float] = []
    for _ in range(repeats + 1):
        before = time.process_time()
        verdict = call()
        times.append(time.process_time() - before)
        if verdict != "sound":
            raise AssertionError(f"a sound trace is {verdict}")
        if times[-1] > REPEATED:
            return times
    return times[1:]


def corpus_sizes(files: dict[str, Sequence[Path]], repeats: int) -> list[Curve]:
    """Whole processes over corpora that grow; `files` says which for `native`, `compiled` and `expert`."""
    curves = []
    for name, paths in files.items():
        curve = Curve(name)
        for path in paths:
            command = script("expert.py", str(path)) if name == "expert" else check(name, path)
            runs = alternate([Case(name, command)], repeats)[name]
            curve.add(path.stat().st_size, [r.cpu for r in runs])
        curves.append(curve)
    return curves


def line(curve: Curve) -> tuple[float, float]:
    """Seconds that a process takes for nothing, and seconds for each byte: a line through all points, near ones as far ones."""
    import numpy as np

    times = [time[0] for time in curve.times]
    rate, start = np.polyfit(curve.sizes, times, 1, w=[1 / time for time in times])
    return float(start), float(rate)


# ---------------------------------------------------------------- as text
def lengths_markdown(curves: Sequence[Curve]) -> str:
    """A row for each curve, a column for each size: ns for each event."""
    sizes = max((curve.sizes for curve in curves), key=len)
    lines = []
    for curve in curves:
        cells = [f"{time[0] / size * 1e9:,.0f}" for size, time in zip(curve.sizes, curve.times, strict=True)]
        lines.append([curve.name, *cells, *["–"] * (len(sizes) - len(cells)), f"{curve.slope:.3f}"])
    return table(("ns of CPU time an event", *(f"{size:,.0f} events" for size in sizes), "slope"), lines)


def sizes_markdown(curves: Sequence[Curve]) -> str:
    """For each curve what a line through its points says."""
    lines = []
    for curve in curves:
        start, rate = line(curve)
        points = ", ".join(f"{s / 1e6:,.0f} MB {t[0]:.2f} s" for s, t in zip(curve.sizes, curve.times, strict=True))
        net = [time[0] - start for time in curve.times]
        slope_net = f"{slope(curve.sizes, net):.3f}" if min(net) > 0 else "–"
        lines.append([curve.name, points, f"{curve.slope:.3f}", slope_net, f"{start:.2f}", f"{1 / rate / 1e6:.0f}"])
    return table(("process", "CPU time", "slope", "without the start", "start, s", "MB/s after it"), lines)


# ---------------------------------------------------------------- as pictures
def plot(curves: Sequence[Curve], x: str, y: str, file: Path, *, each: bool) -> bool:
    """Draw curves on two logarithmic scales, as time or as time for `each`; say whether matplotlib was there to do it."""
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "tracecourt"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for curve in curves:
        divide = curve.sizes if each else [1.0] * len(curve.sizes)
        middle, low, high = ([t[i] / d for t, d in zip(curve.times, divide, strict=True)] for i in range(3))
        errors = [[m - a for m, a in zip(middle, low, strict=True)], [b - m for m, b in zip(middle, high, strict=True)]]
        axes.errorbar(curve.sizes, middle, errors, marker="o", capsize=3, label=f"{curve.name} (slope {curve.slope:.2f})")
    axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
    return True
