"""`make bench`: what a cold start costs, and how fast traces are tried."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tracecourt as tc

REPEATS = 7
FORMAT = "searchformer-maze"


def cold(*arguments: str) -> float:
    """The median wall time of a command in a fresh process, in seconds."""
    command = [sys.executable, "-m", "tracecourt", *arguments]
    subprocess.run(command, capture_output=True, check=False)
    times = []
    for _ in range(REPEATS):
        before = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        times.append(time.perf_counter() - before)
    return statistics.median(times)


def main() -> None:
    print(f"Python {platform.python_version()} on {platform.machine()}, {tc.__name__}; medians of {REPEATS} runs\n")
    court = tc.load_format(FORMAT)
    rows = list(court.generate(100, 1, {"width": 10, "height": 10}))
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.jsonl"
        small.write_text("".join(json.dumps(row) + "\n" for row in rows[:3]), encoding="utf-8")
        print(f"cold start, tracecourt --help            {cold('--help'):.2f} s")
        print(f"cold start, check of three small traces  {cold('check', str(small), '--format', FORMAT):.2f} s")
    size = sum(len(row["prompt"]) + len(row["trace"]) for row in rows)
    before = time.perf_counter()
    events = sum(report.events for report in court.check_many(rows))
    spent = time.perf_counter() - before
    rate = f"{size / spent / 1e6:.2f} MB/s, {events / spent:,.0f} events/s"
    print(f"check through the API, 100 traces 10x10  {spent * 10:.2f} ms a trace, {rate}")


if __name__ == "__main__":
    main()
