"""Minimal problems and traces: known minima, the same rule, no pass that helps, the same outcome each time, and the command."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.command import MALFORMED, PROMPT, SOUND, TRUNCATED, UNSOUND, Desk, jsonl, open_once, orderly, row
from tracecourt import load_format
from tracecourt.cases import Case, Judge, order
from tracecourt.check import check, opened
from tracecourt.documents import read_document
from tracecourt.errors import InputError
from tracecourt.formats import Format
from tracecourt.generate import Generator
from tracecourt.mutate import Mutator
from tracecourt.parameters import from_row
from tracecourt.reductions import Reductions
from tracecourt.reruns import Reruns
from tracecourt.shrink import LONG, STATES, WORK, Shrunk, shrink

MAZE, GRAPH = "searchformer-maze", "graph-astar"
GRID = "start 0 0 goal 2 2 wall 0 2 wall 2 0"
EDGES = "start 0 goal 3 edge 0 1 4 edge 0 2 1 edge 2 1 2 edge 1 3 5 h 1 1"
OPENED = "create 0 0 c0 c4 close 0 0 c0 c4 create 0 1 c1 c3 create 1 0 c1 c3 "
EXPANDED = "create 0 0 0 close 0 0 0 create 1 4 1 create 2 1 0 "


def shrunk(name: str, prompt: str, trace: str, params: dict[str, Any] | None = None) -> Shrunk:
    return shrink(open_once(name), prompt, trace, params, "r")


# ---------------------------------------------------------------- known minima
KNOWN = [
    # a node that was never opened is closed at once; g and h do not matter
    (MAZE, GRID, OPENED + "close 1 1 c2 c2", "close/not-open", "start 0 0 goal 0 0", "close 0 0 c0 c0"),
    # one node is opened, and closed with another g
    (
        GRAPH,
        EDGES,
        EXPANDED + "close 2 1 0 create 1 3 1 close 1 4 1",
        "close/wrong-g",
        "start 0",
        "create 0 0 0 close 0 1 0",
    ),
    # the start is a corner of nothing: two successors, of which the second is missing
    (
        GRAPH,
        EDGES,
        "create 0 0 0 close 0 0 0 create 1 4 1 close 1 4 1",
        "close/not-created",
        "start 0 edge 0 1 0 edge 0 2 0",
        "create 0 0 0 close 0 0 0 create 1 0 0 close 1 0 0",
    ),
    # two successors, of which the one of greater f is closed
    (
        GRAPH,
        EDGES,
        EXPANDED + "close 1 4 1",
        "close/not-best",
        "start 0 edge 0 1 0 edge 0 2 1",
        "create 0 0 0 close 0 0 0 create 1 0 0 create 2 1 0 close 2 1 0",
    ),
    # a node is its own successor
    (
        GRAPH,
        EDGES + " edge 1 0 1",
        EXPANDED + "close 2 1 0 create 1 3 1 close 1 3 1 create 3 8 0 create 0 4 0",
        "create/no-better-closed",
        "start 0 edge 0 0 0",
        "create 0 0 0 close 0 0 0 create 0 0 0",
    ),
    # in a maze no cell is its own successor: there and back
    (
        MAZE,
        GRID,
        OPENED + "close 1 0 c1 c3 create 1 1 c2 c2 create 0 0 c2 c4",
        "create/no-better-closed",
        "start 0 0 goal 2 0",
        "create 0 0 c0 c2 close 0 0 c0 c2 create 1 0 c1 c1 close 1 0 c1 c1 create 0 0 c2 c2",
    ),
    # the text ends before anything happened
    (MAZE, GRID, OPENED + "eos", "end/no-goal", "start 0 0 goal 0 0", "eos"),
    (MAZE, GRID, OPENED + "plan 0 0 eos", "plan/too-early", "start 0 0 goal 0 0", "plan 0 0"),
]


@pytest.mark.parametrize(
    ("name", "prompt", "trace", "rule", "least", "shortest"), KNOWN, ids=[k[3] + " " + k[0] for k in KNOWN]
)
def test_the_least_case_is_found(name: str, prompt: str, trace: str, rule: str, least: str, shortest: str) -> None:
    found = shrunk(name, prompt, trace)
    assert found.row["rule"] == rule
    assert found.complete
    said = read_document(open_once(name), found.row["prompt"], found.row["trace"])
    known = read_document(open_once(name), least, shortest)
    assert len(said.steps) == len(known.steps)
    assert _size(said.facts) == _size(known.facts)
    assert (found.row["trace"], found.row["prompt"]) == (shortest, least) or rule in SEVERAL


SEVERAL = {"close/not-best", "create/no-better-closed", "close/not-created"}  # rules with several cases of the least size


def _size(facts: dict[str, Any]) -> int:
    return sum(len(value) for value in facts.values() if isinstance(value, dict))


# ---------------------------------------------------------------- mutants
def mutants(name: str, number: int, seed: int = 7) -> list[dict[str, Any]]:
    rows = Mutator(Generator(open_once(name), {})).rows(10 * number, seed)
    return [*islice((made for made in rows if made["expected"]["verdict"] == "unsound"), number)]


def confirmed(form: Format, made: dict[str, Any]) -> Shrunk:
    """The shrunk mutant, when its printed row breaks the mutant's rule by the last event and no other before."""
    found = shrink(form, made["prompt"], made["trace"], made["params"], made["id"])
    printed = found.row
    report = check(form, printed["prompt"], printed["trace"], printed["params"], engine="interpreter")
    assert (report.verdict, report.rule) == ("unsound", made["expected"]["rule"])
    at_end = report.rule.startswith("end/")
    assert report.event == printed["event"] == printed["events"] - (not at_end)
    assert report.events == printed["events"] <= made["expected"]["event"] + (not at_end)
    return found


FEW = ["searchformer-maze", "graph-astar", "hanoi", "river-crossing", "countdown-expressions"]


@pytest.mark.parametrize("name", FEW)
def test_mutants_keep_their_rule(name: str) -> None:
    for made in mutants(name, 3):
        confirmed(open_once(name), made)


def test_a_text_that_hides_a_part_of_the_run_is_shrunk_too() -> None:
    (made,) = mutants("dualformer-maze-l1", 1)
    assert confirmed(open_once("dualformer-maze-l1"), made).row["events"] <= 3


@pytest.mark.slow
def test_mutants_of_mazes_become_tiny() -> None:
    """At most 8 events and 3 by 3 cells."""
    found = [confirmed(open_once(MAZE), made) for made in mutants(MAZE, 500)]
    tiny = [f for f in found if f.row["events"] <= 8 and max(f.row["params"].values()) <= 3]
    assert len(tiny) >= 0.95 * len(found)
    assert all(f.complete for f in found)


SLOW = [
    "blocksworld-moves",
    "graph-dfs",
    "graph-beam",
    "sat-dpll",
    "stream-of-search-strict",
    "strips-moves",
    "system-1x-maze-dfs",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_more_mutants_keep_their_rule(name: str) -> None:
    for made in mutants(name, 15):
        confirmed(open_once(name), made)


# ---------------------------------------------------------------- no pass helps, and it is always the same
def case_of(form: Format, found: Shrunk) -> tuple[Judge, Case]:
    printed = found.row
    trial = opened(form, read_document(form, printed["prompt"], printed["trace"]), printed["params"])
    events = tuple((step.action, tuple(step.arguments)) for step in trial.document.steps)
    rule = next(rule for rule in form.system.rules if rule.name == printed["rule"])
    return Judge(form, rule), Case(trial.document.facts, from_row(form.system, printed["params"]), events)


@pytest.mark.parametrize("name", [MAZE, GRAPH, "river-crossing"])
def test_no_pass_makes_the_outcome_smaller(name: str) -> None:
    form = open_once(name)
    for made in mutants(name, 3, seed=8):
        judge, case = case_of(form, shrink(form, made["prompt"], made["trace"], made["params"]))
        assert judge.breaks(case)
        reruns = Reruns(judge, WORK)
        for label, candidates in Reductions(judge).passes.items():
            for candidate in candidates(case):
                assert not (order(candidate) < order(case) and judge.breaks(candidate) and judge.said(candidate)), label
        shorter = reruns.shortest(case, min(len(case.events) - 1, LONG), STATES)
        assert shorter is None


def test_what_was_shrunk_stays_as_it_is() -> None:
    for name, prompt, trace, *_ in KNOWN[:4]:
        once = shrunk(name, prompt, trace)
        again = shrunk(name, once.row["prompt"], once.row["trace"], dict(once.row["params"]))
        assert again.row == once.row
        assert shrunk(name, prompt, trace).to_dict() == once.to_dict()


def test_what_does_not_matter_is_free() -> None:
    found = shrunk(MAZE, GRID, OPENED + "close 1 1 c2 c2")
    assert found.free == ("argument g", "argument hn")
    assert found.text == ("close (0, 0) with g _, hn _",)
    form, printed = open_once(MAZE), found.row
    for other in ("close 0 0 c5 c0 eos", "close 0 0 c0 c7 eos"):
        assert check(form, printed["prompt"], other, printed["params"]).rule == "close/not-open"


def test_settings_of_the_procedure_are_kept() -> None:
    found = shrunk(GRAPH, EDGES, EXPANDED + "close 1 4 1", {"weight": 2})
    assert found.row["params"]["weight"] == 2


def test_a_budget_that_runs_out_is_told() -> None:
    made = shrink(open_once(MAZE), GRID, OPENED + "close 1 0 c1 c3 create 1 1 c2 c2 create 0 0 c2 c4", work=5)
    assert not made.complete
    assert made.row["rule"] == "create/no-better-closed"


# ---------------------------------------------------------------- malformed texts
@pytest.mark.parametrize(
    ("prompt", "trace", "least"),
    [
        (PROMPT, MALFORMED, 12),
        (PROMPT, SOUND.replace("plan 1 0", "plan 1"), 8),
        ("start 0 0 goal 1 0 start 0 0", SOUND, 9),
    ],
)
def test_a_malformed_text_keeps_its_complaint_and_few_words(prompt: str, trace: str, least: int) -> None:
    form = open_once(MAZE)
    found = shrunk(MAZE, prompt, trace)
    report = check(form, found.row["prompt"], found.row["trace"])
    assert report.verdict == "malformed"
    assert report.message == found.message
    words = f"{found.row['prompt']} {found.row['trace']}".split()
    assert len(words) <= least


def test_a_problem_that_is_none_keeps_the_condition_it_breaks() -> None:
    found = shrunk(MAZE, "start 0 0 goal 1 0 wall 0 0 wall 2 2", SOUND)
    assert found.row["rule"] == "problem/start-in-wall"
    assert len(found.row["prompt"].split()) <= 9


# ---------------------------------------------------------------- Python and the command
@pytest.mark.parametrize(("trace", "verdict"), [(SOUND, "sound"), (TRUNCATED, "truncated")])
def test_there_is_nothing_to_shrink_in_other_traces(trace: str, verdict: str) -> None:
    with pytest.raises(InputError, match=f"nothing to shrink: the trace a is {verdict}"):
        load_format(MAZE).shrink(PROMPT, trace, id="a")


def test_the_command_prints_a_row_that_check_reads(desk: Desk) -> None:
    data = jsonl(row(), row(UNSOUND, "b"), row(MALFORMED, "c"))
    outcome = orderly(desk.run("shrink", "-", "-f", MAZE, "--id", "b", "--output", "json", stdin=data))
    assert (outcome.code, outcome.err) == (0, "")
    (found,) = outcome.objects
    assert {"id", "format", "prompt", "trace", "params", "rule", "event", "events", "schema", "free", "complete"} <= set(found)
    assert (found["id"], found["format"], found["rule"], found["events"]) == ("b", MAZE, "close/not-open", 1)
    Path("small.jsonl").write_text(json.dumps(found) + "\n", encoding="utf-8")
    checked = desk.run("check", "small.jsonl", "-f", MAZE, "--expect", "--output", "jsonl")
    assert checked.code == 0
    assert checked.objects[0]["rule"] == "close/not-open"


def test_the_command_in_words(desk: Desk) -> None:
    outcome = orderly(desk.run("shrink", "-", "-f", MAZE, "--id", "b", stdin=jsonl(row(UNSOUND, "b"))))
    assert outcome.code == 0
    assert outcome.out.startswith("-:1 b: close/not-open: 3 events → 1, 0 elements of the problem → 0\n")
    assert "  event 0  close (0, 0) with g _, hn _\n" in outcome.out
    malformed = orderly(desk.run("shrink", "-", "-f", MAZE, "--id", "c", stdin=jsonl(row(MALFORMED, "c"))))
    assert malformed.out.startswith("-:1 c: malformed: ")


@pytest.mark.parametrize("id", ["a", "d"])
def test_the_command_has_nothing_to_do_for_some_rows(desk: Desk, id: str) -> None:
    outcome = orderly(desk.run("shrink", "-", "-f", MAZE, "--id", id, stdin=jsonl(row(), row(TRUNCATED, "d"))))
    assert (outcome.code, outcome.out) == (2, "")
    assert "nothing to shrink" in outcome.err
