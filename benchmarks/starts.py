"""What a start costs, and what one call costs in a program that runs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import corpora
import expert
from measure import Case, Run, alternate, run, spread, table, tracecourt
from whole import check

import tracecourt as tc


def starts(rows: Sequence[corpora.Row], repeats: int, *, native: bool = True) -> str:
    """Fresh processes: help, and a check of three traces with each engine; machine code is made once, in an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.txt"
        small.write_text("".join(f"{line}\n" for line in corpora.as_lines(rows[:3])), encoding="utf-8")
        fresh = (("XDG_CACHE_HOME", folder),)
        once = {"check of three traces, compiled, the first ever (nothing in the cache)": check("compiled", small)}
        if native:
            once["check of three traces, native, machine code made (the specification in the cache)"] = check("native", small)
        firsts = {name: [run(Case(name, command, env=fresh))] for name, command in once.items()}
        cases = [
            Case("`tracecourt --help`", tracecourt("--help")),
            Case("check of three traces, compiled", check("compiled", small), env=fresh),
            Case("check of three traces, interpreter", check("interpreter", small), env=fresh),
        ]
        if native:
            cases.append(Case("check of three traces, native, machine code in the cache", check("native", small), env=fresh))
        found: dict[str, Sequence[Run]] = {
            **alternate(cases, repeats),
            **firsts,
        }
    lines = [
        [name, spread([r.cpu for r in runs]), spread([r.wall for r in runs]), f"{max(r.peak for r in runs):.0f}"]
        for name, runs in found.items()
    ]
    return table(("start", "s of CPU time", "s by the clock", "peak MB"), lines)


def latencies(rows: Sequence[corpora.Row], repeats: int, *, native: bool = True) -> str:
    """One call for each trace, in turns: medians over all calls, and the medians of the fastest and slowest tenth of traces."""
    court = tc.load_format(corpora.FORMAT)
    calls: dict[str, Callable[[corpora.Row], object]] = {
        "the expert's function": lambda row: expert.check(row["prompt"], row["trace"], **row["params"]),
        "`court.check(…)`, compiled": lambda row: court.check(row["prompt"], row["trace"], row["params"], engine="compiled"),
    }
    if native:
        calls["`court.check(…)`, native"] = lambda row: court.check(row["prompt"], row["trace"], row["params"], engine="native")
    taken: dict[str, list[list[float]]] = {name: [[] for _ in rows] for name in calls}
    for call in calls.values():
        call(rows[0])
    for _ in range(repeats):
        for number, row in enumerate(rows):
            for name, call in calls.items():
                before = time.perf_counter()
                call(row)
                taken[name][number].append(time.perf_counter() - before)
    medians = {name: sorted(statistics.median(times) * 1e6 for times in found) for name, found in taken.items()}
    reference = statistics.median(medians["the expert's function"])
    lines = []
    for name, values in medians.items():
        middle, tenth = statistics.median(values), len(values) // 10
        lines.append([name, f"{middle:.0f} ({values[tenth]:.0f}–{values[-1 - tenth]:.0f})", f"{middle / reference:.2f} ×"])
    return table(("one call", "µs by the clock", "time to the expert's"), lines)
