"""How long it takes to find the run behind a text that shows a part of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from measure import table

import tracecourt as tc

FORMATS = tuple(f"dualformer-maze-l{level}" for level in (1, 2, 3, 4))


def hidden_runs(sizes: Sequence[int], number: int) -> str:
    """Seconds by format and size of maze: the median and the longest of so many random mazes."""
    lines = []
    for name in FORMATS:
        court, cells = tc.load_format(name), []
        for size in sizes:
            times = []
            for row in court.generate(number, 1, {"width": size, "height": size}):
                before = time.process_time()
                report = court.check(row["prompt"], row["trace"], row["params"])
                times.append(time.process_time() - before)
                assert report.verdict != "unsound", row
            cells.append(f"{statistics.median(times):.3f}, {max(times):.2f}")
        lines.append([name, *cells])
    return table(("median, longest in s of CPU time", *(f"{size}×{size}" for size in sizes)), lines)
