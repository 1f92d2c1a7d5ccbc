"""Writers of Countdown searches that share no code with tracecourt: depth first, and best first with a beam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from random import Random

Numbers = list[int]
Heuristic = Callable[[Numbers, int], float]
Child = tuple[float, Numbers, str]


def by_sum(numbers: Numbers, target: int) -> float:
    return sum(abs(n - target) for n in numbers) / len(numbers)


def by_mult(numbers: Numbers, target: int) -> float:
    factors = [f for f in range(2, target + 1) if target % f == 0]
    return sum(min(abs(n - f) for f in factors) for n in numbers)


HEURISTICS = {"sum": by_sum, "mult": by_mult}


def children(numbers: Numbers, target: int, h: Heuristic) -> Iterator[Child]:
    """Every child in the programs' order, with its h and the operation that makes it."""
    for i, j in combinations(range(len(numbers)), 2):
        x, y = numbers[i], numbers[j]
        low, high = min(x, y), max(x, y)
        found = [(f"{x}+{y}", x + y), (f"{x}*{y}", x * y), (f"{high}-{low}", high - low)]
        if low > 0 and high % low == 0:
            found.append((f"{high}/{low}", high // low))
        for words, result in found:
            rest = [n for k, n in enumerate(numbers) if k not in (i, j)]
            yield h([*rest, result], target), [*rest, result], f"{words}={result}"


def depth_first(numbers: Numbers, target: int, heuristic: str) -> str:
    """The text of a depth-first search whose threshold is the target."""
    h, lines = HEURISTICS[heuristic], []

    def expand(ns: Numbers, path: list[str], id: str) -> bool:
        here = f"Current State: {target}:{ns}, Operations: {path}"
        lines.append(here)
        kept = sorted((c for c in children(ns, target, h) if c[0] <= target), key=lambda c: c[0])
        for index, (_, child, operation) in enumerate(kept):
            if index > 0:
                lines.extend([f"Moving to Node #{id}", here])
            lines.append(f"Exploring Operation: {operation}, Resulting Numbers: {child}")
            if child == [target]:
                lines.append(f"{target},{target} equal: Goal Reached")
                return True
            if len(child) == 1:
                lines.append(f"{child[0]},{target} unequal: No Solution")
                continue
            name = f"{id},{index}"
            lines.append(f"Generated Node #{name}: {target}:{child} Operation: {operation}")
            lines.append(f"Moving to Node #{name}")
            if expand(child, [*path, operation], name):
                return True
        return False

    expand(numbers, [], "0")
    return "\n".join(lines) + "\n"


def best_first(numbers: Numbers, target: int, heuristic: str, beam: int, random: Random) -> str:
    """The text of a best-first search, with its numbers that failed left on the open list; ties fall at random."""
    h, lines = HEURISTICS[heuristic], []
    waiting: list[tuple[float, float, Numbers, list[str], str]] = [(0, 0, numbers, [], "0")]
    while waiting:
        waiting.sort(key=lambda node: (node[0], node[1]))
        batch, waiting = waiting[:beam], waiting[beam:]
        for _, _, ns, path, id in batch:
            if lines:
                lines.append(f"Moving to Node #{id}")
            lines.append(f"Current State: {target}:{ns}, Operations: {path}")
            kept = sorted(children(ns, target, h), key=lambda c: (c[0], random.random()))[:beam]
            random.shuffle(kept)
            count = 0
            for worth, child, operation in kept:
                lines.append(f"Exploring Operation: {operation}, Resulting Numbers: {child}")
                if child == [target]:
                    lines.append(f"{target},{target} equal: Goal Reached")
                    return "\n".join(lines) + "\n"
                waiting.append((worth, random.random(), child, [*path, operation], f"{id},{count}"))
                if len(child) == 1:
                    lines.append(f"{child[0]},{target} unequal: No Solution")
                else:
                    lines.append(f"Generated Node #{id},{count}: {target}:{child} Operation: {operation}")
                    count += 1
    return "\n".join([*lines, "No solution found."])
