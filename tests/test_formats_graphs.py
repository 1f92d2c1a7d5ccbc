"""Formats over mazes and graphs: genuine corpora, generated traces, mutants, and faults that the public scorers miss."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import rows_of
from tracecourt.check import check
from tracecourt.formats import open_format
from tracecourt.generate import Generator
from tracecourt.lint import different
from tracecourt.mutate import Mutator

# format, parameters of the random problems, rules that no trace can break before another
SMALL: dict[str, tuple[dict[str, Any], set[str]]] = {
    "beyond-semantics-maze": ({"width": 4, "height": 4}, {"create/not-start"}),
    "graph-astar": ({"nodes": 5}, {"close/tie-break"}),
    "graph-dijkstra": ({"nodes": 5}, set()),
    "graph-greedy": ({"nodes": 5}, {"close/tie-break"}),
    "graph-breadth-first": ({"nodes": 5}, set()),
    "graph-depth-first": ({"nodes": 5}, set()),
    "graph-uniform-cost": ({"nodes": 5}, set()),
    "graph-iterative-deepening": ({"nodes": 5}, set()),
    "graph-beam": ({"nodes": 5}, set()),
    "graph-dfs": ({"nodes": 7}, {"end/no-goal"}),
    "system-1x-maze-bfs": ({"rows": 3, "columns": 3}, {"end/no-goal"}),
    "system-1x-maze-dfs": ({"rows": 3, "columns": 3}, {"end/no-goal"}),
    "system-1x-maze-astar": ({"rows": 3, "columns": 3}, {"end/no-goal"}),
    "system-1x-blocksworld": ({"number": 3}, {"end/no-goal"}),
}


@pytest.mark.parametrize("name", SMALL)
def test_generated_traces_are_sound(name: str) -> None:
    form = open_format(name)
    for row in Generator(form, SMALL[name][0]).rows(25, 7):
        assert different(check(form, row["prompt"], row["trace"], row["params"]), row["expected"]) == "", row["id"]


@pytest.mark.parametrize("name", SMALL)
def test_declared_runs_keep_the_declared_order(name: str) -> None:
    form = open_format(name)
    for row in Generator(form, SMALL[name][0]).rows(10, 8, declared=True):
        report = check(form, row["prompt"], row["trace"], row["params"])
        assert (report.verdict, report.level) == ("sound", None), row["id"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_every_rule_is_broken_by_labelled_mutants(name: str) -> None:
    form = open_format(name)
    params, unbreakable = SMALL[name]
    broken: Counter[str] = Counter()
    for row in Mutator(Generator(form, params)).rows(500, 3):
        assert different(check(form, row["prompt"], row["trace"], row["params"]), row["expected"]) == "", row["id"]
        broken[row["mutation"]["breaks"]] += 1
    assert {rule.name for rule in form.system.rules if broken[rule.name] < 3} == unbreakable


# ---------------------------------------------------------------- Beyond Semantics
def test_genuine_traces_of_beyond_semantics_keep_their_programs_order(shared: Path) -> None:
    form = open_format("beyond-semantics-maze")
    rows = rows_of(shared / "beyond-semantics/generated.jsonl")
    assert len(rows) == 30
    for row in rows:
        for prompt, trace in ((row["prompt"], row["trace"]), ("", row["prompt"] + " " + row["trace"])):
            report = check(form, prompt, trace, row["params"])
            assert (report.verdict, report.level, report.plan, report.plan_follows_trace) == ("sound", None, "optimal", True)


FAULTS = [
    ("g wrong everywhere", r"(create|close) (\d+) (\d+) c\d+", r"\1 \2 \3 c7", {"close/wrong-g", "create/wrong-g"}),
    ("h wrong everywhere", r"(c\d+) c\d+ ", r"\1 c99 ", {"close/wrong-h"}),
    (
        "a successor left out",
        r"(reasoning close \S+ \S+ c0 c\d+) create \S+ \S+ \S+ \S+",
        r"\1",
        {"close/not-created", "close/not-open"},
    ),
    ("closed twice", r"( close (?:\S+ ){4})(create \S+ \S+ c2 )", r"\1\1\2", {"close/not-open", "close/not-created"}),
    ("after the goal", r" solution", " close 0 0 c0 c0 solution", {"close/after-goal"}),
]


@pytest.mark.parametrize(("fault", "pattern", "replacement", "rules"), FAULTS, ids=[f[0] for f in FAULTS])
def test_faults_that_the_public_validator_accepts_are_named(
    shared: Path, fault: str, pattern: str, replacement: str, rules: set[str]
) -> None:
    form = open_format("beyond-semantics-maze")
    for row in rows_of(shared / "beyond-semantics/generated.jsonl")[:10]:
        edited = re.sub(pattern, replacement, row["trace"], count=0 if "everywhere" in fault else 1)
        report = check(form, row["prompt"], edited, row["params"])
        assert edited != row["trace"]
        assert (report.verdict, report.rule in rules) == ("unsound", True), (row["id"], report.rule, report.message)


# ---------------------------------------------------------------- weighted graphs
GRAPH = "start 0 goal 3 edge 0 1 1 edge 0 2 4 edge 1 3 9 edge 2 3 1/2 h 1 2 h 2 0.5 "
BEGINNING = "create 0 0 0 close 0 0 0 create 1 1 2 create 2 4 0.5 "
RUNS = {
    "graph-astar": "close 1 1 2 create 3 10 0 close 2 4 0.5 create 3 4.5 0 close 3 9/2 0",
    "graph-greedy": "close 2 4 0.5 create 3 4.5 0 close 3 4.5 0",
    "graph-breadth-first": "close 1 1 2 create 3 10 0 close 2 4 0.5 close 3 10 0",
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_sound_as_the_procedure_that_it_is_only(name: str) -> None:
    for run, trace in RUNS.items():
        report = check(open_format(name), GRAPH, BEGINNING + trace, {})
        agrees = run == name or {run, name} == {"graph-astar", "graph-dijkstra"}
        assert (report.verdict == "sound") == agrees, (name, run, report.message)


# ---------------------------------------------------------------- System-1.x
MAZES = {"bfs": {"optimal": 20}, "dfs": {"optimal": 13, "suboptimal": 7}, "astar": {"optimal": 20}}


@pytest.mark.parametrize("search", MAZES)
def test_genuine_mazes_of_system_1x_keep_their_programs_order(shared: Path, search: str) -> None:
    form = open_format(f"system-1x-maze-{search}")
    rows = [row for row in rows_of(shared / "system-1x/maze.jsonl") if row["procedure"] == search]
    assert len(rows) == 20
    reports = [check(form, row["prompt"], row["trace"]) for row in rows]
    assert {(r.verdict, r.level, r.plan_follows_trace) for r in reports} == {("sound", None, True)}
    assert Counter(str(r.plan) for r in reports) == MAZES[search]


@pytest.mark.parametrize("search", MAZES)
def test_a_genuine_maze_trace_is_no_run_of_another_search(shared: Path, search: str) -> None:
    rows = [row for row in rows_of(shared / "system-1x/maze.jsonl") if row["procedure"] == search]
    for other in set(MAZES) - {search}:
        form = open_format(f"system-1x-maze-{other}")
        refuted = sum(check(form, row["prompt"], row["trace"]).verdict == "unsound" for row in rows)
        assert refuted >= 14, (search, other, refuted)


def test_genuine_blocksworld_traces_of_system_1x_are_sound(shared: Path) -> None:
    form = open_format("system-1x-blocksworld")
    rows = rows_of(shared / "system-1x/blocksworld.jsonl")
    assert len(rows) == 20
    for row in rows:
        report = check(form, row["prompt"], row["trace"])
        assert (report.verdict, report.plan, report.plan_follows_trace) == ("sound", "optimal", True), row["id"]


TOLD = [
    ("a wall is called valid", "bfs", r"invalid", "valid", {"explore/blocked", "explore/visited"}),
    ("a valid step is denied", "bfs", r"is valid", "is invalid", {"explore/denied"}),
    ("a judgement of another cell", "astar", r"State \[\d", "State [7", {"explore/other-state"}),
    ("an action left out", "astar", r"Exploring action 'up' [^|]*\| [^|]*\| ", "", {"take/not-explored", "take/not-open"}),
    ("another plan", "dfs", r"Plan so far \['\w+'", "Plan so far ['left', 'left'", {"take/wrong-plan"}),
]


@pytest.mark.parametrize(("fault", "search", "pattern", "replacement", "rules"), TOLD, ids=[f[0] for f in TOLD])
def test_faults_that_the_evaluation_of_system_1x_does_not_look_at_are_named(
    shared: Path, fault: str, search: str, pattern: str, replacement: str, rules: set[str]
) -> None:
    form = open_format(f"system-1x-maze-{search}")
    for row in [row for row in rows_of(shared / "system-1x/maze.jsonl") if row["procedure"] == search][:10]:
        edited = re.sub(pattern, replacement, row["trace"], count=1)
        report = check(form, row["prompt"], edited)
        assert edited != row["trace"]
        assert (report.verdict, report.rule in rules) == ("unsound", True), (row["id"], report.rule, report.message)
