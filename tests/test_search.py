"""Least costs: each way to find them gives what the plainest gives, and runs out of budget where it does."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.command import open_once
from tracecourt.check import check
from tracecourt.engines import search, source
from tracecourt.engines.primitives import TooLarge, Undefined

Graph = dict[int, dict[int, Any]]


def graph(random: Random, costs: tuple[int, ...]) -> Graph:
    size = random.randrange(1, 9)
    return {n: {m: random.choice(costs) for m in range(size) if random.random() < 0.3} for n in range(size)}


def plain(edges: Graph, goals: set[int]) -> Any:
    """The least cost from node 0: paths made longer until nothing changes."""
    cost = {0: 0}
    for _ in edges:
        for node, known in list(cost.items()):
            for child, step in edges[node].items():
                cost[child] = min(cost.get(child, known + step), known + step)
    return min((cost[goal] for goal in goals if goal in cost), default="none")


def outcome(find: Any, *given: Any) -> Any:
    try:
        return find(*given)
    except Undefined:
        return "none"
    except TooLarge:
        return "too large"


@pytest.mark.parametrize("costs", [(1,), (1, 1, 1, 2), (0, 1, 3)])
def test_least_costs(costs: tuple[int, ...]) -> None:
    random = Random(str(costs))
    for _ in range(300):
        edges = graph(random, costs)
        goals = {n for n in edges if random.random() < 0.2}
        assert outcome(search.shortest, 0, edges.__getitem__, goals.__contains__, None) == plain(edges, goals)
        costs_of = search.least_costs(0, edges.__getitem__)
        assert {n: costs_of.get(n, "none") for n in edges} == {n: plain(edges, {n}) for n in edges}
        assert list(costs_of.values()) == sorted(costs_of.values())
        if costs == (1,):
            assert outcome(search.steps, 0, edges.__getitem__, goals.__contains__) == plain(edges, goals)
            goal = random.choice([*edges, 99])
            assert outcome(search.steps_to, 0, edges.__getitem__, goal) == plain(edges, {goal})


def test_a_budget_runs_out_for_steps_where_it_does_for_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(1)
    found = set()
    for _ in range(600):
        edges, budget = graph(random, (1,)), random.randrange(1, 8)
        monkeypatch.setattr(search, "SEARCH_LIMIT", budget)
        goals = {n for n in edges if random.random() < 0.15}
        expected = outcome(search.shortest, 0, edges.__getitem__, goals.__contains__, None)
        assert outcome(search.steps, 0, edges.__getitem__, goals.__contains__) == expected
        assert expected == outcome(search.cheapest, 0, edges.__getitem__, goals.__contains__, None)
        found.add(expected)
    assert {"none", "too large", 0, 1, 2} <= found


@pytest.mark.parametrize("limit", range(8))
def test_a_limit_leaves_no_value_where_more_nodes_would_have_to_be_expanded(limit: int) -> None:
    chain: Graph = {n: {n + 1: 1} for n in range(20)}
    for goal in range(10):
        expected = goal if goal <= limit else "none"
        assert outcome(search.shortest, 0, chain.__getitem__, lambda node, goal=goal: node == goal, limit) == expected


PROMPT = "start 0 0 goal 2 0"
TRACE = (
    "create 0 0 c0 c2 close 0 0 c0 c2 create 1 0 c1 c1 close 1 0 c1 c1 create 2 0 c2 c0 close 2 0 c2 c0 "
    "plan 0 0 plan 1 0 plan 2 0 eos"
)


@pytest.mark.parametrize(("tables", "entries"), [(2, 50), (20, 4), (20, 1), (20, 50)])
def test_what_parameters_decide_is_kept_apart_for_each_of_them(
    tables: int, entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "TABLES", tables)
    monkeypatch.setattr(source, "ENTRIES", entries)
    form, seen = open_once("searchformer-maze"), set()
    other = [[1, 0], [-1, 0]]
    for number in range(12):
        params: dict[str, Any] = {"width": 3 + number % 2, "height": 1 + number % 3}
        if number % 4 == 1:
            params["directions"] = other
        expected, found = (check(form, PROMPT, TRACE, params, engine=engine) for engine in ("interpreter", "compiled"))
        assert found.to_dict() == expected.to_dict()
        seen.add((found.verdict, found.rule))
    assert seen == {("sound", None), ("unsound", "close/not-created")}
