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
