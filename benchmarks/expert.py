"""What an expert would write by hand for one format: a checker of A* traces in mazes, as fast as plain Python goes.

It does the work of `check`: the verdict, the first rule broken and its event, what the plan is worth, and whether it is the one
that the search found. A trace without any fault takes the fast way; at the first sign of one, `careful.py` says what it is. The
heuristic is consistent, so a sound run has found an optimum, and the least f on the open list never falls.

It is here to be raced against, and held against `check` in the tests; nothing in the package uses it. As a program:

    python benchmarks/expert.py FILE [--width W --height H]      each line is one whole document, prompt then trace
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from functools import lru_cache
from operator import add

from careful import Answer, careful

FAR = 1 << 40
Sound = tuple[str, bool | None]  # what the plan is worth, and whether it follows


def check(prompt: str, trace: str, width: int | None = None, height: int | None = None) -> Answer:
    """The verdict on a row; a size that is not given is inferred, as `check` does."""
    words = prompt.split()
    at = len(words)
    words += trace.split()
    sound = _sound(words, at, width, height)
    return careful(prompt, trace, width, height) if sound is None else ("sound", None, None, *sound)


def check_line(line: str, width: int | None = None, height: int | None = None) -> Answer:
    """The verdict on a document."""
    words = line.split()
    sound = _sound(words, words.index("create") if "create" in words else len(words), width, height)
    return careful("", line, width, height) if sound is None else ("sound", None, None, *sound)


class Maze:
    """What mazes of one size have in common. A cell is a number, x * stride + y, in a grid with a border around it."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height, self.stride = width, height, height + 2
        self.xs = {str(x): (x + 1) * self.stride for x in range(width)}
        self.ys = {str(y): y + 1 for y in range(height)}
        column = [-1] + [FAR] * height + [-1]
        self.free = [-1] * self.stride + column * width + [-1] * self.stride
        self.most = width * height + width + height + 2  # greater than any f
        self.costs = [f"c{g}" for g in range(self.most)]
        self.x_of, self.y_of = list(self.xs.items()), list(self.ys.items())

    @lru_cache(maxsize=1024)  # noqa: B019 there are few sizes, and they stay
    def estimates(self, goal: int) -> tuple[list[int], list[str]]:
        """The heuristic of each cell, as a number and as it is printed."""
        gx, gy = divmod(goal, self.stride)
        numbers = [abs(x - gx) + abs(y - gy) for x in range(self.width + 2) for y in range(self.stride)]
        return numbers, [f"c{h}" for h in numbers]


maze_of = lru_cache(maxsize=64)(Maze)


def _sound(words: list[str], at: int, width: int | None, height: int | None) -> Sound | None:
    """What a sound trace's plan comes to, where the trace begins at `at`; None for anything else, which is looked at again."""
    try:
        if words[0] == "bos" or "bos" in words[at - 1 : at + 1] or words[at - 1] == "eos":
            words, at = _unmarked(words, at)
        if words[0] != "start" or words[3] != "goal" or words[6:at:3].count("wall") * 3 != at - 6:
            return None
        if width is None:
            width = 1 + max(
                map(int, set(words[1:at:3]))
            )  # a cell beyond the prompt's is not found below, and then all is asked
        if height is None:
            height = 1 + max(map(int, set(words[2:at:3])))
        return _run(words, at, maze_of(width, height))
    except (LookupError, ValueError, StopIteration):
        return None


def _unmarked(words: list[str], at: int) -> tuple[list[str], int]:
    """Without a mark before the prompt, one behind it, and one before the trace; any other is a fault and is found later."""
    begin, end, trace = int(words[0] == "bos"), at, at
    if words[at - 1] == "bos":
        end -= 1
    elif words[at] == "bos":
        trace += 1
    end -= words[end - 1] == "eos"
    return words[begin:end] + words[trace:], end - begin


def _run(words: list[str], at: int, maze: Maze) -> Sound | None:
    xs, ys, costs, stride = maze.xs, maze.ys, maze.costs, maze.stride
    best = maze.free[:]  # the least g of a cell that was created; FAR where it was not, -1 where it cannot be
    for wall in map(add, map(xs.__getitem__, words[7:at:3]), map(ys.__getitem__, words[8:at:3])):
        best[wall] = -1
    start, goal = xs[words[1]] + ys[words[2]], xs[words[4]] + ys[words[5]]
    if best[start] < 0 or best[goal] < 0:
        return None
    estimates, printed = maze.estimates(goal)
    stop = words.index("plan", at) if "plan" in words else len(words) - (words[-1] == "eos")
    if (stop - at) % 5:
        return None
    each = iter(words[at:stop])
    events = zip(each, each, each, each, each, strict=True)
    if next(events) != ("create", words[1], words[2], "c0", printed[start]):
        return None
    opened = [-1] * len(best)  # g of the cells on the open list
    parent = [0] * len(best)
    best[start] = opened[start] = 0
    due: list[int] = []  # successors of the current cell that are still to be created
    low = estimates[start]  # the least f on the open list
    count = [0] * maze.most  # how many cells on the open list have which f
    count[low] = 1
    current = g1 = 0
    c1 = ""
    for kind, x, y, g, h in events:
        cell = xs[x] + ys[y]
        if h != printed[cell]:
            return None
        if kind == "create":
            if g != c1:
                return None
            due.remove(cell)  # a ValueError, where it is not due
            estimate = estimates[cell]
            if best[cell] != FAR:
                count[best[cell] + estimate] -= 1
            count[g1 + estimate] += 1
            best[cell] = opened[cell] = g1
            parent[cell] = current
        elif kind == "close":
            g0 = opened[cell]
            if due or g0 < 0 or g != costs[g0]:
                return None
            while not count[low]:
                low += 1
            if g0 + estimates[cell] != low:
                return None
            if cell == goal:
                if next(events, None) is not None:
                    return None
                return _plan(words, stop, maze, _chain(parent, cell))
            count[low] -= 1
            opened[cell] = -1
            current, g1 = cell, g0 + 1
            c1 = costs[g1]
            if best[cell + 1] > g1:
                due.append(cell + 1)
            if best[cell - 1] > g1:
                due.append(cell - 1)
            if best[cell - stride] > g1:
                due.append(cell - stride)
            if best[cell + stride] > g1:
                due.append(cell + stride)
        else:
            return None
    return None


def _chain(parent: list[int], cell: int) -> list[int]:
    chain = []
    while cell:
        chain.append(cell)
        cell = parent[cell]
    return chain[::-1]


def _plan(words: list[str], at: int, maze: Maze, found: list[int]) -> Sound | None:
    """The printed plan, if it is the one that a sound search found, which is an optimum."""
    end = len(words) - (words[-1] == "eos")
    if at == end:
        return "none", None
    if words[at:end:3].count("plan") * 3 != end - at:
        return None
    printed = map(add, map(maze.xs.__getitem__, words[at + 1 : end : 3]), map(maze.ys.__getitem__, words[at + 2 : end : 3]))
    return ("optimal", True) if list(printed) == found else None


def main() -> None:
    """Check the lines of a file and print how many have which verdict, rule and plan."""
    parser = argparse.ArgumentParser(description="Check A* traces in mazes, one document a line.")
    parser.add_argument("file")
    parser.add_argument("--width", type=int)
    parser.add_argument("--height", type=int)
    options = parser.parse_args()
    counts: Counter[tuple[str, str | None, str, bool | None]] = Counter()
    with open(options.file, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            verdict, rule, _, plan, follows = check_line(line, options.width, options.height)
            counts[verdict, rule, plan, follows] += 1
    for (verdict, rule, plan, follows), number in counts.most_common():
        what = {None: "", True: ", which follows", False: ", which does not follow"}[follows]
        print(f"{number:>9,}  {verdict}{f' {rule}' if rule else ''}, plan {plan}{what}")
    sys.exit(any(verdict != "sound" for verdict, *_ in counts))


if __name__ == "__main__":
    main()
