"""Texts that show less than the run: the run that is found behind them is itself a sound trace."""

from __future__ import annotations

import re
from collections import Counter
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.command import Desk
from tests.conftest import ROOT, rows_of
from tracecourt.check import check
from tracecourt.documents import read_document
from tracecourt.explain import explain
from tracecourt.formats import Format, open_format
from tracecourt.generate import Generator
from tracecourt.mutate import Mutator
from tracecourt.verdict import Report, Verdict

LEVELS = ("l1", "l2", "l3", "l4")


def full_text(report: Report) -> str:
    """The run behind a text, written as a full Searchformer trace."""
    words = []
    for event in report.run:
        name, x, y, *costs = re.findall(r"[a-z]+|\d+", re.sub(r"with g|, hn", "", event))
        words += [name, x, y, *(f"c{cost}" for cost in costs)]
    return " ".join(words) + " eos"


def projections(shared: Path, level: str) -> list[dict[str, Any]]:
    rows = rows_of(shared / "dualformer-maze" / "projections.jsonl.gz")
    return [row for row in rows if row["level"] == level.upper()]


@pytest.mark.parametrize("level", [pytest.param(level, marks=pytest.mark.slow if level == "l3" else ()) for level in LEVELS])
def test_every_projection_of_a_genuine_trace_is_explained_by_a_sound_run(shared: Path, level: str) -> None:
    form, whole = open_format(f"dualformer-maze-{level}"), open_format("searchformer-maze")
    rows = projections(shared, level)
    assert len(rows) == 20
    for row in rows:
        report = check(form, row["prompt"], row["trace"], row["params"], row["id"])
        assert (report.verdict, report.plan) == ("sound", "optimal"), row["id"]
        full = check(whole, row["prompt"], full_text(report), row["params"])
        assert full.verdict == "sound", row["id"]
        assert full.plan_follows_trace or report.plan_follows_trace is not True


@pytest.mark.parametrize("level", ["l1", "l2", pytest.param("l3", marks=pytest.mark.slow)])
def test_a_projection_with_two_events_exchanged_is_refuted_or_explained(shared: Path, level: str) -> None:
    form, whole = open_format(f"dualformer-maze-{level}"), open_format("searchformer-maze")
    random, verdicts = Random(1), Counter[str]()
    size = 3 if level == "l2" else 5
    for row in projections(shared, level)[:10]:
        words = [w for w in row["trace"] if w not in ("bos", "eos")] if isinstance(row["trace"], list) else row["trace"].split()
        words = [w for w in words if w not in ("bos", "eos")]
        events = words[: words.index("plan")]
        steps = [events[i : i + size] for i in range(0, len(events), size)]
        place = random.randrange(len(steps) - 1)
        steps[place], steps[place + 1] = steps[place + 1], steps[place]
        text = " ".join(w for step in steps for w in step) + " " + " ".join(words[words.index("plan") :]) + " eos"
        report = check(form, row["prompt"], text, row["params"], row["id"])
        verdicts[report.verdict] += 1
        if report.verdict is Verdict.SOUND:
            assert check(whole, row["prompt"], full_text(report), row["params"]).verdict == "sound"
    assert set(verdicts) <= {"sound", "unsound", "unknown"}
    assert verdicts["unsound"] > 0


@pytest.mark.parametrize("level", LEVELS)
def test_what_a_format_hides_of_generated_runs_is_found_again(level: str) -> None:
    form, whole = open_format(f"dualformer-maze-{level}"), open_format("searchformer-maze")
    for row in Generator(form, {"width": 5, "height": 5}).rows(12, 2):
        report = check(form, row["prompt"], row["trace"], row["params"])
        assert report.verdict == "sound"
        assert check(whole, row["prompt"], full_text(report), row["params"]).verdict == "sound"


@pytest.mark.parametrize("name", ["dualformer-maze-l1", "dualformer-maze-l2"])
def test_mutants_of_partial_texts_keep_their_label_and_some_are_refuted(name: str) -> None:
    form = open_format(name)
    rows = list(Mutator(Generator(form, {"width": 5, "height": 5})).rows(40, 4))
    for row in rows:
        report = check(form, row["prompt"], row["trace"], row["params"])
        assert row["expected"] == {"verdict": report.verdict, "rule": report.rule, "event": report.event}
    assert {"sound", "unsound"} <= {row["expected"]["verdict"] for row in rows}


SOKOBAN = "worker 1 1 box 2 1 box 3 2 dock 3 1 dock 4 2 " + " ".join(
    f"wall {x} {y}" for y in range(4) for x in range(6) if x in (0, 5) or y in (0, 3)
)


def test_a_box_on_a_dock_is_not_printed_and_the_states_are_kept_apart() -> None:
    form = open_format("searchformer-sokoban")
    start = "create worker 1 1 box 2 1 box 3 2 c0 c2 close worker 1 1 box 2 1 box 3 2 c0 c2"
    pushed = check(form, SOKOBAN, f"{start} create worker 2 1 box 3 2 c1 c1")
    assert pushed.verdict == "truncated"
    refused = check(form, SOKOBAN, f"{start} create worker 2 1 box 3 1 c1 c1")
    assert (refused.verdict, refused.event) == ("unsound", 2)
    assert refused.rule == "create/not-successor"


def test_hidden_boxes_make_the_search_keep_several_states(shared: Path) -> None:
    form = open_format("searchformer-sokoban")
    rows = rows_of(shared / "searchformer-sokoban" / "hard.jsonl.gz")
    assert {check(form, r["prompt"], r["trace"], r["params"]).verdict for r in rows[:3]} == {"sound"}


# ---------------------------------------------------------------- what the states behind a text have against an event
TINY = "worker 1 1 box 2 1 dock 3 1 " + " ".join(
    f"wall {x} {y}" for y in range(4) for x in range(5) if (x in (0, 4) or y in (0, 3)) and (x, y) != (4, 1)
)
OPENED = "create worker 1 1 box 2 1 c0 c1 close worker 1 1 box 2 1 c0 c1"


def test_a_state_that_is_open_and_not_best_is_refuted_for_its_order() -> None:
    trace = f"{OPENED} create worker 1 2 box 2 1 c1 c1 create worker 2 1 c1 c0 close worker 1 2 box 2 1 c1 c1"
    report = check(open_format("searchformer-sokoban"), TINY, trace, {"width": 5, "height": 4})
    assert (report.verdict, report.rule, report.event) == ("unsound", "close/not-best", 4)
    assert report.message == "f(((1, 2), (2, 1))) is 2, but the least f on the open list is 1, of ((2, 1), (3, 1))"


def test_a_state_that_no_event_leads_to_is_named_as_it_is_printed() -> None:
    trace = f"{OPENED} create worker 0 1 box 2 1 c1 c1"
    report = check(open_format("searchformer-sokoban"), TINY, trace, {"width": 5, "height": 4})
    assert (report.rule, report.event) == ("create/not-successor", 2)
    assert report.message == "((0, 1), (2, 1)) is not a successor of ((1, 1), (2, 1))"


BASE = ["create 2 0 c0 c2", "create 1 0 c1 c3", "create 3 0 c1 c1", "create 3 1 c2 c0", "plan 2 0 plan 3 0 plan 3 1 eos"]
NEAREST = [
    ("create 3 0 c1 c1", "create 3 0 c1 c0", "create/wrong-h", 2, "h((3, 0)) is 1, not 0"),
    ("create 3 0 c1 c1", "create 3 0 c2 c1", "create/wrong-g", 2, "g((3, 0)) is 1, not 2"),
    ("create 1 0 c1 c3", "create 1 0 c1 c3 create 1 0 c1 c3", "create/no-better-open", 2, "(1, 0) is already on the open list"),
    ("create 2 0 c0 c2", "create 2 0 c1 c2", "create/wrong-g", 0, "g((2, 0)) is"),
]


@pytest.mark.parametrize(("before", "after", "rule", "event", "message"), NEAREST)
def test_the_state_that_comes_nearest_to_allowing_an_event_says_why_not(
    before: str, after: str, rule: str, event: int, message: str
) -> None:
    form, trace = open_format("dualformer-maze-l3"), " ".join(after if step == before else step for step in BASE)
    found = explain(form, "start 2 0 goal 3 1 wall 1 1", trace, {"width": 4, "height": 2})
    assert (found.report.verdict, found.report.rule, found.report.event) == ("unsound", rule, event)
    assert found.report.message.startswith(message)
    assert (found.objections[0].rule, len(found.objections) > 1) == (rule, True)
    assert found.legal


def test_the_run_behind_a_text_is_its_justification(desk: Desk) -> None:
    """The closes are not printed; the explanation shows them, and says how much more there is."""
    path = ROOT / "specs/formats/dualformer-maze-l1.examples.jsonl"
    form = open_format("dualformer-maze-l1")
    given = next(row for row in rows_of(path) if row["expected"]["verdict"] == "sound")
    run = check(form, given["prompt"], given["trace"], given["params"]).run
    shown = desk.run("explain", str(path), "-f", form.name, "--id", given["id"]).out
    assert f"  run      {run[0]} · close" in shown
    assert f" · and {len(run) - 8} more" in shown


# ---------------------------------------------------------------- against every run that there is
MOST_RUNS = 4_000
Full = tuple[str, tuple[Any, ...]]


def runs_of(form: Format, facts: dict[str, Any], params: dict[str, Any]) -> list[list[Full]] | None:
    """Every run on a problem, by trying all that is legal at every step; None where they are too many."""
    interpreter, found = form.interpreter, list[list[Full]]()
    todo = [(interpreter.problem(facts, params, lambda sort: [])[0], list[Full]())]
    while todo:
        r, events = todo.pop()
        if not interpreter.unfinished(r):
            found.append(events)
            continue
        for action, arguments in form.legal.legal(r):
            after = interpreter.saved(r)
            interpreter.apply(action, after, arguments)
            todo.append((after, [*events, (action.event.name, arguments)]))
        if len(todo) + len(found) > MOST_RUNS:
            return None
    return found


def matched(text: list[Any], shown: list[Any], *, gaps: bool) -> int:
    """How many events of a text a run prints one after the other; with gaps, it may leave some of its own out."""
    if not gaps:
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, shown, strict=False)))
    at = 0
    for event in shown:
        at += at < len(text) and text[at] == event
    return at


@pytest.mark.parametrize("level", ["l1", "l2", pytest.param("l3", marks=pytest.mark.slow)])
def test_a_text_is_refuted_just_when_no_run_prints_it_and_where_the_last_one_stops(level: str) -> None:
    form, whole = open_format(f"dualformer-maze-{level}"), open_format("searchformer-maze")
    tally = Counter[str]()
    for row in Mutator(Generator(form, {"width": 3, "height": 2})).rows(150, 9):
        document = read_document(form, row["prompt"], row["trace"])
        runs = runs_of(whole, document.facts, row["params"])
        if runs is None:
            continue
        text = [step.arguments for step in document.steps if step.action.event.name == "create"]
        width = len(form.system.shown["create"])
        shown = [[arguments[:width] for name, arguments in run if name == "create"] for run in runs]
        reach = max(matched(text, creates, gaps=level == "l3") for creates in shown)
        told = reach == len(text) if level == "l3" else text in shown
        report = check(form, row["prompt"], row["trace"], row["params"])
        assert (report.verdict, report.event) == (("sound", None) if told else ("unsound", reach)), row
        tally[report.verdict] += 1
    assert min(tally["sound"], tally["unsound"]) > 20
