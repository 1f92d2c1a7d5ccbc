"""Least costs in a graph whose edges are functions: breadth first while every step costs 1, else Dijkstra's way."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tracecourt.engines.primitives import TooLarge, Undefined

SEARCH_LIMIT = 1_000_000
Successors = Callable[[Any], dict[Any, Any]]


def shortest(origin: Any, successors: Successors, goal: Callable[[Any], bool], limit: int | None) -> Any:
    """The least cost from a node to one that is a goal. Nodes are expanded in the order of the reference.

    Raises:
        Undefined: when there is none, or more than `limit` nodes would have to be expanded for it.
        TooLarge: when they are more than anyone waits for.
    """
    most = SEARCH_LIMIT if limit is None else min(limit, SEARCH_LIMIT)
    cost, done, seen, level = 0, 0, {origin}, [origin]
    while level:
        further = []
        for node in level:
            if goal(node):
                return cost
            done += 1
            if done > most:
                raise Undefined if limit is not None and done > limit else TooLarge
            for child, step in successors(node).items():
                if step != 1:
                    return cheapest(origin, successors, goal, limit)
                if child not in seen:
                    seen.add(child)
                    further.append(child)
        level = further
        cost += 1
    raise Undefined


def steps(origin: Any, successors: Callable[[Any], Iterable[Any]], goal: Callable[[Any], bool]) -> int:
    """The least number of steps to a goal, where every step costs 1 and every node has its successors.

    Raises:
        Undefined: when no goal can be reached.
        TooLarge: when too many nodes can.
    """
    return _steps(origin, successors, lambda level: any(map(goal, level)), goal)


def steps_to(origin: Any, successors: Callable[[Any], Iterable[Any]], goal: Any) -> int:
    """The same, for a goal that is a value."""
    return _steps(origin, successors, lambda level: goal in level, lambda node: bool(node == goal))


def _steps(
    origin: Any,
    successors: Callable[[Any], Iterable[Any]],
    reached: Callable[[list[Any]], bool],
    goal: Callable[[Any], bool],
) -> int:
    cost, seen, level = 0, {origin}, [origin]
    while len(seen) < SEARCH_LIMIT:
        if reached(level):
            return cost
        further = []
        for node in level:
            for child in successors(node):
                if child not in seen:
                    seen.add(child)
                    further.append(child)
        if not further:
            raise Undefined
        level = further
        cost += 1
    # Close to the budget it matters in which order nodes are expanded.
    return int(shortest(origin, lambda node: dict.fromkeys(successors(node), 1), goal, None))


def cheapest(origin: Any, successors: Successors, goal: Callable[[Any], bool], limit: int | None) -> Any:
    """The same, Dijkstra's way from the first node on, whatever steps cost: the reference.

    Raises:
        Undefined, TooLarge: as `shortest` does.
    """
    most = SEARCH_LIMIT if limit is None else min(limit, SEARCH_LIMIT)
    for done, (node, cost) in enumerate(_nearest(origin, successors), 1):
        if goal(node):
            return cost
        if done > most:
            raise Undefined if limit is not None and done > limit else TooLarge
    raise Undefined


def least_costs(origin: Any, successors: Successors) -> dict[Any, Any]:
    """The least costs from a node to every node that can be reached, in the order in which the reference expands them.

    Raises:
        TooLarge: when they are more than anyone waits for.
    """
    costs = {}
    for node, cost in _nearest(origin, successors):
        costs[node] = cost
        if len(costs) > SEARCH_LIMIT:
            raise TooLarge
    return costs


def _nearest(origin: Any, successors: Successors) -> Iterator[tuple[Any, Any]]:
    """Nodes with their least costs, the nearest first; each is expanded when the next one is asked for."""
    best, done, count = {origin: 0}, set(), 0
    heap: list[tuple[Any, int, Any]] = [(0, 0, origin)]
    while heap:
        cost, _, node = heapq.heappop(heap)
        if node in done:
            continue
        done.add(node)
        yield node, cost
        for child, step in successors(node).items():
            total = cost + step
            if child not in best or total < best[child]:
                count += 1
                best[child] = total
                heapq.heappush(heap, (total, count, child))
