"""What is measured: mazes drawn by the project's own generator, and long traces of a small A* that is written here.

All is kept in `benchmarks/.cache`; the same numbers give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import tracecourt as tc

FORMAT = "searchformer-maze"
CACHE = Path(__file__).parent / ".cache"
SIZES = (10, 20, 30)
MB = 1_000_000
WALLS = 0.1  # the share of walls in a maze with a long trace
SOME_ARE_PASSED_OVER = 1.14  # cells behind the walls of which f is greater

Row = dict[str, Any]
Cell = tuple[int, int]


# ---------------------------------------------------------------- corpora of generated traces
def rows(number: int, sizes: Sequence[int] = SIZES, folder: Path = CACHE) -> list[Row]:
    """So many sound traces of each size, shuffled."""
    file = folder / f"rows-{'-'.join(map(str, sizes))}-{number}.jsonl"
    if not file.is_file():
        court = tc.load_format(FORMAT)
        found = [row for size in sizes for row in court.generate(number, 1, {"width": size, "height": size})]
        Random(1).shuffle(found)
        _write(file, (json.dumps({name: row[name] for name in ("prompt", "trace", "params")}) for row in found))
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def as_lines(found: Sequence[Row]) -> list[str]:
    """Rows as whole documents: the prompt, a blank, the trace."""
    return [f"{row['prompt']} {row['trace']}" for row in found]


def as_json(found: Sequence[Row]) -> list[str]:
    """Rows as JSON objects with prompt, trace and parameters."""
    return [json.dumps(row) for row in found]


def corpus(texts: Sequence[str], name: str, size: int, folder: Path = CACHE) -> Path:
    """A file of about so many bytes, the texts repeated in turns; a smaller one is the beginning of a larger one."""
    file = folder / f"{name}-{size}.txt"
    if not file.is_file():
        _write(file, _repeated(texts, size))
    return file


def _repeated(texts: Sequence[str], size: int) -> Iterator[str]:
    written = 0
    for text in cycle(texts):
        written += len(text) + 1
        if written > size and written > len(text) + 1:
            return
        yield text


def _write(file: Path, lines: Iterator[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    with new.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)
    new.replace(file)


# ---------------------------------------------------------------- long traces
def long_row(events: int) -> Row:
    """A sound trace of about so many events: from corner to corner of a square maze with few walls, ties first in first out.

    Nearly all cells have the least f, so nearly all are created and closed.
    """
    side = max(3, round((SOME_ARE_PASSED_OVER * events / (2 * (1 - WALLS))) ** 0.5))
    for seed in range(100):
        random = Random(seed)
        walls = {(x, y) for x in range(side) for y in range(side) if random.random() < WALLS}
        walls -= {(0, 0), (side - 1, side - 1)}
        trace = list(_search(side, walls))
        if trace[-1] == "eos":
            facts = ["start 0 0", f"goal {side - 1} {side - 1}", *(f"wall {x} {y}" for x, y in sorted(walls))]
            return {"prompt": " ".join(facts), "trace": " ".join(trace), "params": {"width": side, "height": side}}
    raise AssertionError("a maze without a way, a hundred times")


def _search(side: int, walls: set[Cell]) -> Iterator[str]:
    """The events of A*, and the plan and its end where there is a way."""
    goal, best, parent = (side - 1, side - 1), {(0, 0): 0}, {(0, 0): (0, 0)}
    closed: set[Cell] = set()
    heap = [(2 * side - 2, 0, 0, (0, 0))]
    yield f"create 0 0 c0 c{2 * side - 2}"
    number = 0
    while heap:
        _, _, g, cell = heappop(heap)
        if cell in closed or g != best[cell]:
            continue
        closed.add(cell)
        x, y = cell
        yield f"close {x} {y} c{g} c{abs(x - goal[0]) + abs(y - goal[1])}"
        if cell == goal:
            yield from (f"plan {px} {py}" for px, py in _way(parent, cell))
            yield "eos"
            return
        for near in ((x, y + 1), (x, y - 1), (x - 1, y), (x + 1, y)):
            if min(near) < 0 or max(near) >= side or near in walls or best.get(near, g + 2) <= g + 1:
                continue
            number += 1
            best[near], parent[near] = g + 1, cell
            h = abs(near[0] - goal[0]) + abs(near[1] - goal[1])
            heappush(heap, (g + 1 + h, number, g + 1, near))
            yield f"create {near[0]} {near[1]} c{g + 1} c{h}"


def _way(parent: dict[Cell, Cell], cell: Cell) -> list[Cell]:
    way = [cell]
    while parent[way[-1]] != way[-1]:
        way.append(parent[way[-1]])
    return way[::-1]
