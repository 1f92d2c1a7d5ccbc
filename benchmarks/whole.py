"""Whole processes over the same bytes: `check` with each engine, an expert's script, and what stands for a bound."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterable
from pathlib import Path

import corpora
from measure import Case, Run, alternate, rates, script, spread, table, tracecourt

EXPERT = "expert's script"
ENGINES = ("native", "compiled", "interpreter")
SLOW = ("check, interpreter", "Lark alone")
HEAD = ("process", "MB read", "MB/s of CPU time", "MB/s by the clock", "to the expert", "peak MB")


def check(engine: str, file: Path, output: str = "summary", *, lines: bool = True) -> tuple[str, ...]:
    """`tracecourt check` on a file."""
    options = ["--lines"] if lines else []
    return tracecourt("check", str(file), "--format", corpora.FORMAT, *options, "--output", output, "--engine", engine)


def text_cases(files: dict[str, Path]) -> list[Case]:
    """What goes through text lines; `files` are a large one, a small one and a tiny one."""
    large, small, tiny = (files[name] for name in ("large", "small", "tiny"))
    found = [
        _case("check, native", check("native", large), large),
        _case(EXPERT, script("expert.py", str(small)), small),
        _case("check, compiled", check("compiled", small), small),
        _case("check, interpreter", check("interpreter", tiny), tiny),
        _case("Lark alone", script("lark_alone.py", str(tiny)), tiny),
    ]
    if shutil.which("wc"):
        words = "wc", "-w", str(large)
        found += [_case(f"wc -w, {locale}", words, large, (("LC_ALL", locale),)) for locale in ("C", "C.UTF-8")]
    return found


def json_cases(file: Path) -> list[Case]:
    """What goes through rows of JSON."""
    return [
        _case("check, native, JSONL in and out", check("native", file, "jsonl", lines=False), file),
        _case("check, native, JSONL in, summary out", check("native", file, lines=False), file),
        _case("check, compiled, JSONL in and out", check("compiled", file, "jsonl", lines=False), file),
        _case("JSON decoding alone", script("json_alone.py", str(file)), file),
    ]


def _case(name: str, command: tuple[str, ...], file: Path, env: tuple[tuple[str, str], ...] = ()) -> Case:
    return Case(name, command, file.stat().st_size, env)


def measured(cases: Iterable[Case], repeats: int) -> dict[Case, list[Run]]:
    """Run cases in turns; the two that are far slower than all others fewer times."""
    cases = list(cases)
    runs = alternate([case for case in cases if case.name not in SLOW], repeats)
    runs |= alternate([case for case in cases if case.name in SLOW], min(repeats, 2))
    return {case: runs[case.name] for case in cases}


def markdown(found: dict[Case, list[Run]], reference: float) -> str:
    """The rates of processes as a table; `reference` is the expert's, in MB a second of CPU time."""
    lines = []
    for case, runs in found.items():
        rate = rates(case, runs)
        ratio = statistics.median(rate["cpu"]) / reference
        digits = 1 if statistics.median(rate["cpu"]) >= 1 else 3
        times = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"
        peak = max(r.peak for r in runs)
        rest = [spread(rate["cpu"], digits), spread(rate["wall"], digits), f"{times} ×", f"{peak:.0f}"]
        lines.append([case.name, f"{case.size / 1e6:.1f}", *rest])
    return table(HEAD, lines)


def expert_rate(found: dict[Case, list[Run]]) -> float:
    """The expert's MB a second of CPU time."""
    return next(statistics.median(rates(case, runs)["cpu"]) for case, runs in found.items() if case.name == EXPERT)
