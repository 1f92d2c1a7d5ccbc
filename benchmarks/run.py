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
from typing import Any

import expert

import tracecourt as tc

REPEATS = 7
FORMAT = "searchformer-maze"
PARTIAL_FORMATS = tuple(f"dualformer-maze-l{level}" for level in (1, 2, 3, 4))
SIZES = (5, 10, 15, 20)
FULL = ((10, 100), (20, 40), (30, 20))  # sizes of mazes, and how many
PARTIAL = 10  # mazes of each size


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


def starts(rows: list[dict[str, Any]]) -> None:
    """What a cold start costs."""
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.jsonl"
        small.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        print(f"cold start, tracecourt --help            {cold('--help'):.2f} s")
        print(f"cold start, check of three small traces  {cold('check', str(small), '--format', FORMAT):.2f} s")


def throughput(court: tc.Court, size: int, number: int) -> None:
    """How fast full traces are tried, beside what an expert wrote by hand, in turns; the two must say the same."""
    rows = list(court.generate(number, 1, {"width": size, "height": size}))
    reports = list(court.check_many(rows))
    ours, by_hand = [], []
    for _ in range(REPEATS):
        before = time.perf_counter()
        reports = list(court.check_many(rows))
        between = time.perf_counter()
        answers = [expert.check(row["prompt"], row["trace"], **row["params"]) for row in rows]
        ours.append(between - before)
        by_hand.append(time.perf_counter() - between)
        assert answers == [(str(r.verdict), r.rule, r.event) for r in reports]
    spent, ratio = statistics.median(ours), statistics.median(a / b for a, b in zip(ours, by_hand, strict=True))
    characters, events = sum(len(row["prompt"]) + len(row["trace"]) for row in rows), sum(r.events for r in reports)
    print(f"check through the API, {number} traces {size}x{size}".ljust(41), end="")
    print(f"{spent / number * 1e3:.2f} ms a trace, {characters / spent / 1e6:.2f} MB/s, {events / spent:,.0f} events/s")
    print(f"an expert's checker written by hand      {statistics.median(by_hand) / number * 1e3:.2f} ms a trace: ", end="")
    print(f"check takes {ratio:.2f} times as long")


def hidden_runs() -> None:
    """How long it takes to find the run behind a text that shows a part of it, by what is left out and the size of the maze."""
    print(f"\nthe run behind a partial trace: median and longest of {PARTIAL} random mazes, in seconds")
    print("left out                      " + "".join(f"{size}x{size}".rjust(14) for size in SIZES))
    for name in PARTIAL_FORMATS:
        court, cells = tc.load_format(name), []
        for size in SIZES:
            times = []
            for row in court.generate(PARTIAL, 1, {"width": size, "height": size}):
                before = time.perf_counter()
                report = court.check(row["prompt"], row["trace"], row["params"])
                times.append(time.perf_counter() - before)
                assert report.verdict != "unsound", row
            cells.append(f"{statistics.median(times):.3f} {max(times):.2f}".rjust(14))
        print(name.ljust(30) + "".join(cells), flush=True)


def main() -> None:
    print(f"Python {platform.python_version()} on {platform.machine()}, {tc.__name__}; medians of {REPEATS} runs\n")
    court = tc.load_format(FORMAT)
    starts(list(court.generate(3, 1, {"width": 10, "height": 10})))
    for size, number in FULL:
        throughput(court, size, number)
    hidden_runs()


if __name__ == "__main__":
    main()
