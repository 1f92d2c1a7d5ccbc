"""Checkers of others, where they can be imported; nothing is downloaded."""

from __future__ import annotations

import importlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import corpora
import expert
from measure import spread, table

SHARED = Path(__file__).resolve().parents[2] / "shared" / "research" / "prototypes"
LIBRARIES = {
    "searchformer.maze": "Searchformer's evaluator (facebookresearch/searchformer) looks at plans only",
    "trace_eval_new": "the validator of traces of Atharva-Gundawar/verl",
}


def peers(rows: Sequence[corpora.Row], repeats: int, shared: Path = SHARED) -> str:
    """A table of those that could be run on one row after the other, and a line for each that could not."""
    lines = corpora.as_lines(rows)
    size = sum(map(len, lines)) + len(lines)
    sizes = [(row["params"]["width"], row["params"]["height"]) for row in rows]
    asked: dict[str, Callable[[str, int, int], Any]] = {"expert's script": expert.check_line}
    left = [f"- skipped: {what}: `{name}` cannot be imported." for name, what in LIBRARIES.items() if _module(name) is None]
    left += [f"- not run: {what}: `{name}` is there, but how to call it is not written yet." for name, what in LIBRARIES.items()
             if _module(name) is not None]  # fmt: skip
    prototypes = _module("checkers", shared)
    if prototypes is None:
        left.append("- skipped: the prototypes of the research before this project: `../shared` is not there.")
    else:
        asked["prototype of the research before this project, same rules, no plan status"] = prototypes.check_expert
    rates: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(repeats):
        for name, call in asked.items():
            before = time.process_time()
            for line, (width, height) in zip(lines, sizes, strict=True):
                call(line, width, height)
            rates[name].append(size / (time.process_time() - before) / 1e6)
    reference = statistics.median(rates["expert's script"])
    cells = [[name, spread(found, 1), f"{statistics.median(found) / reference:.2f} ×"] for name, found in rates.items()]
    return table(("function, sizes given", "MB/s of CPU time", "to the expert"), cells) + "\n" + "\n".join(left) + "\n"


def _module(name: str, folder: Path | None = None) -> ModuleType | None:
    if folder is not None:
        if not (folder / f"{name}.py").is_file():
            return None
        sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
    finally:
        if folder is not None:
            sys.path.remove(str(folder))
