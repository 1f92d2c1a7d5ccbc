"""The least repair: as many edits as are needed, as few as a plain search over all runs finds, and a sound trace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.command import PROMPT, SOUND, TRUNCATED, UNSOUND, Desk, jsonl, row
from tests.conftest import rows_of
from tests.test_contract import conforms
from tracecourt.api import load_format
from tracecourt.causes import causes
from tracecourt.check import check, conclude, opened
from tracecourt.errors import InputError
from tracecourt.explain import explain
from tracecourt.formats import Format, open_format
from tracecourt.generate import Event, Generator, Problem
from tracecourt.grammar.printing import Unprintable
from tracecourt.repair import Repair, repair

MAZE = ("--format", "searchformer-maze")
LINE = "start 0 0 goal 2 0"
ALONG = [
    "create 0 0 c0 c2",
    "close 0 0 c0 c2",
    "create 1 0 c1 c1",
    "close 1 0 c1 c1",
    "create 2 0 c2 c0",
    "close 2 0 c2 c0",
    "plan 0 0",
    "plan 1 0",
    "plan 2 0",
    "eos",
]


def done(found: Repair) -> list[tuple[str, int, str | None]]:
    """What is done to which event, and what it becomes."""
    return [(edit.op, edit.event, edit.now) for edit in found.edits]


def repaired(form: Format, prompt: str, events: Sequence[str], **options: Any) -> Repair:
    return repair(form, prompt, " ".join(events), **options)


# ---------------------------------------------------------------- mazes
def test_a_sound_trace_needs_nothing(maze: Format) -> None:
    found = repaired(maze, LINE, ALONG)
    assert (found.distance, done(found), found.trace, found.verdict) == (0, [], " ".join(ALONG), "sound")
    assert found.causes is None


def test_a_missing_event_is_inserted(maze: Format) -> None:
    found = repaired(maze, LINE, ALONG[:2] + ALONG[3:])
    assert (found.distance, found.at_least, found.verdict) == (1, 1, "sound")
    assert done(found) == [("insert", 2, "create (1, 0) with g 1, hn 1")]
    assert found.trace == " ".join(ALONG)


def test_an_event_too_many_is_deleted(maze: Format) -> None:
    found = repaired(maze, LINE, [*ALONG[:4], ALONG[3], *ALONG[4:]])
    assert (found.distance, done(found), found.trace) == (1, [("delete", 4, None)], " ".join(ALONG))


def test_exchanged_events_are_two_edits_and_one_cause(maze: Format) -> None:
    found = repaired(maze, LINE, [*ALONG[:2], ALONG[3], ALONG[2], *ALONG[4:]])
    assert (found.distance, found.trace) == (2, " ".join(ALONG))
    assert found.causes is not None
    assert found.causes.events == (2,)


def test_what_follows_the_goal_is_deleted(maze: Format) -> None:
    found = repaired(maze, LINE, [*ALONG[:6], "create 1 0 c3 c1", "close 1 0 c3 c1", *ALONG[6:]])
    assert (found.distance, done(found)) == (2, [("delete", 6, None), ("delete", 7, None)])


def test_a_search_that_stops_early_goes_on_to_its_end(maze: Format) -> None:
    found = repaired(maze, LINE, [*ALONG[:4], *ALONG[6:]])
    assert (found.distance, [op for op, _, _ in done(found)], found.trace) == (2, ["insert", "insert"], " ".join(ALONG))


def test_a_wrong_number_is_one_edit_and_what_was_computed_from_it_follows(maze: Format) -> None:
    events = [*ALONG[:2], "create 1 0 c5 c1", "close 1 0 c5 c1", "create 2 0 c6 c0", "close 2 0 c6 c0", *ALONG[6:]]
    found = repaired(maze, LINE, events)
    assert (found.distance, found.trace) == (1, " ".join(ALONG))
    assert done(found) == [("replace", 2, "create (1, 0) with g 1, hn 1")]
    assert [(change.event, change.now) for change in found.follows] == [
        (3, "close (1, 0) with g 1, hn 1"),
        (4, "create (2, 0) with g 2, hn 0"),
        (5, "close (2, 0) with g 2, hn 0"),
    ]


def test_a_wrong_number_that_was_not_believed_is_one_edit(maze: Format) -> None:
    found = repaired(maze, LINE, [*ALONG[:2], "create 1 0 c5 c1", *ALONG[3:]])
    assert (found.distance, found.follows, found.trace) == (1, (), " ".join(ALONG))


@pytest.mark.parametrize("wrong", ["close 1 0 c1 c2", "close 1 0 c3 c1"])
def test_a_number_that_was_wrong_in_its_own_trace_does_not_follow(maze: Format, wrong: str) -> None:
    events = [*ALONG[:2], "create 1 0 c5 c1", wrong, *ALONG[4:]]
    found = repaired(maze, LINE, events)
    assert (found.distance, found.trace) == (2, " ".join(ALONG))


def test_a_truncated_trace_is_repaired_up_to_its_end(maze: Format) -> None:
    cut = repaired(maze, PROMPT, [TRUNCATED])
    assert (cut.distance, cut.trace, cut.verdict) == (0, TRUNCATED, "truncated")
    faulty = repaired(maze, LINE, [ALONG[0], ALONG[0], *ALONG[1:4]])
    assert (faulty.distance, faulty.trace, faulty.verdict) == (1, " ".join(ALONG[:4]), "truncated")


def test_a_wrong_plan_is_told_apart_and_repaired_if_asked(maze: Format) -> None:
    wrong = [*ALONG[:7], "plan 0 0", *ALONG[8:]]
    apart = repaired(maze, LINE, wrong)
    assert (apart.distance, apart.trace) == (0, " ".join(wrong))
    asked = repaired(maze, LINE, wrong, plan=True)
    assert (asked.distance, asked.answer_counts, asked.trace) == (1, True, " ".join(ALONG))
    assert [(change.op, change.event, change.now) for change in asked.answer] == [("replace", 7, "plan (1, 0)")]


def test_the_plan_is_the_one_that_the_repaired_search_found(maze: Format) -> None:
    found = repaired(maze, LINE, [*ALONG[:2], *ALONG[3:8], "plan 1 0", "eos"])
    assert (found.distance, found.trace, found.answer_counts) == (1, " ".join(ALONG), False)
    assert [(change.op, change.event) for change in found.answer] == [("replace", 7)]
    assert repaired(maze, LINE, [*ALONG[:2], *ALONG[3:8], "plan 1 0", "eos"], plan=True).distance == 2


def test_a_whole_document_gets_its_prompt_back(maze: Format) -> None:
    found = repair(maze, None, " ".join([LINE, *ALONG[:2], *ALONG[3:]]))
    assert found.prompt is not None
    assert check(maze, found.prompt, found.trace).sound


def test_what_cannot_be_read_is_not_repaired(maze: Format) -> None:
    found = repair(maze, LINE, "shut 0 0")
    assert (found.distance, found.trace, found.reason) == (None, None, "a trace that cannot be read has no events to edit")


def test_a_bound_gives_a_lower_bound(maze: Format) -> None:
    events = [*ALONG[:4], *ALONG[6:]]
    few = repaired(maze, LINE, events, most=1)
    assert (few.distance, few.at_least, few.reason) == (None, 2, "up to 1 edits do not suffice")
    spent = repaired(maze, LINE, events, budget=1)
    assert (spent.distance, spent.at_least, spent.reason) == (None, 1, "a budget ran out: 1 edited traces")


def test_a_format_that_hides_events_is_refused() -> None:
    with pytest.raises(InputError, match="hides a part of the run"):
        repair(formats("dualformer-maze-l2"), LINE, "")


# ---------------------------------------------------------------- injected edits
@cache
def formats(name: str) -> Format:
    return open_format(name)


def split(form: Format, events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    answer = form.system.answer
    told = answer.event if answer and answer.apart else None
    return [e for e in events if e[0].event is not told], [e for e in events if e[0].event is told]


def edited(events: Sequence[Event], edits: int, random: Random) -> list[Event]:
    """Events with so many edits: one dropped, one put elsewhere or in the place of another, or a number made greater."""
    found = list(events)
    for _ in range(edits):
        place, kind = random.randrange(len(found)), random.randrange(4)
        action, arguments = found[place]
        numbers = [index for index, value in enumerate(arguments) if isinstance(value, int)]
        if kind == 0 and len(found) > 1:
            del found[place]
        elif kind == 1 and numbers:
            index = random.choice(numbers)
            found[place] = action, (*arguments[:index], arguments[index] + 1, *arguments[index + 1 :])
        else:
            found[place : place + (kind == 2)] = [random.choice(events)]
    return found


def injected(form: Format, generator: Generator, edits: int, random: Random) -> tuple[Repair, str, str, dict[str, Any]] | None:
    """The repair of a trace with so many edits; None where it cannot be printed."""
    problem = generator.problem(random)
    search, answer = split(form, generator.run(problem, random))
    try:
        trace = generator.trace([*edited(search, edits, random), *answer])
    except Unprintable:
        return None
    prompt = generator.prompt(problem)
    return repair(form, prompt, trace, problem.params), prompt, trace, problem.params


def holds(form: Format, made: tuple[Repair, str, str, dict[str, Any]], edits: int) -> None:
    found, prompt, trace, params = made
    before = check(form, prompt, trace, params)
    assert found.distance is not None
    assert found.distance <= edits
    assert (found.distance == 0) == (before.verdict in ("sound", "truncated"))
    after = check(form, found.prompt, found.trace, params)
    assert after.verdict == found.verdict
    assert after.verdict in ("sound", "truncated")
    assert repair(form, found.prompt, found.trace, params).distance == 0


def cases(number: int) -> Iterator[tuple[int, int]]:
    return ((index, 1 + index % 3) for index in range(number))


@pytest.mark.parametrize(("index", "edits"), [*cases(30)])
def test_no_more_edits_than_were_made(maze: Format, index: int, edits: int) -> None:
    made = injected(maze, Generator(maze, {"width": 10, "height": 10}), edits, Random(f"small {index}"))
    assert made is not None
    holds(maze, made, edits)


def test_a_court_repairs() -> None:
    found = load_format("searchformer-maze").repair(PROMPT, UNSOUND, id="a")
    assert (found.report.id, found.distance, found.trace) == ("a", 1, SOUND)


@pytest.mark.slow
@pytest.mark.parametrize("size", [10, 20, 30])
def test_no_more_edits_than_were_made_in_large_mazes(maze: Format, size: int) -> None:
    generator = Generator(maze, {"width": size, "height": size})
    for index, edits in cases(100):
        made = injected(maze, generator, edits, Random(f"large {size} {index}"))
        assert made is not None
        if made[0].distance is None:  # many edits of a long trace may be too many to go through
            assert edits == 3
            assert made[0].at_least == 3
        else:
            holds(maze, made, edits)


@pytest.mark.parametrize(
    "name",
    [
        "graph-breadth-first",
        "graph-depth-first",
        "graph-iterative-deepening",
        "graph-dfs",
        "hanoi",
        "system-1x-maze-astar",
        "sat-dpll",
        "blocksworld-moves",
        pytest.param("stream-of-search", marks=pytest.mark.slow),
    ],
)
def test_other_formats_are_repaired_alike(name: str) -> None:
    form = formats(name)
    for index, edits in cases(6):
        if made := injected(form, Generator(form, {}), edits, Random(f"{name} {index}")):
            holds(form, made, edits)


# ---------------------------------------------------------------- a plain search
def runs(generator: Generator, problem: Problem, longest: int) -> Iterator[list[Event]]:
    """The events of all sound runs, up to a length."""
    interpreter, legal = generator.form.interpreter, generator.form.legal

    def onward(r: Any, events: list[Event]) -> Iterator[list[Event]]:
        if not interpreter.unfinished(r):
            yield events
        for action, arguments in list(legal.legal(r)) if len(events) < longest else ():
            after = interpreter.saved(r)
            interpreter.apply(action, after, arguments)
            yield from onward(after, [*events, (action, arguments)])

    yield from onward(generator.start(problem), [])


def plain_distance(generator: Generator, problem: Problem, events: Sequence[Event], longest: int) -> int:
    """The fewest edits, by comparing with every sound run: a number agrees if it is the run's, or was right when believed."""
    interpreter, r = generator.form.interpreter, generator.start(problem)
    right: list[tuple[bool, bool]] = []
    for action, arguments in events:
        broken = {rule.name.split("/")[1] for rule in interpreter.broken(action, r, arguments)}
        right.append(("wrong-g" not in broken, "wrong-h" not in broken))
        interpreter.apply(action, r, arguments)

    def agrees(place: int, other: Event) -> bool:
        (action, (node, *numbers)), (name, (there, *others)) = events[place], other
        same = (one == two or ok for one, two, ok in zip(numbers, others, right[place], strict=True))
        return action is name and node == there and all(same)

    best = len(events) + longest
    for run in runs(generator, problem, longest):
        least = list(range(len(events) + 1))
        for j, event in enumerate(run, 1):
            before, least[0] = least[0], j
            for i in range(1, len(events) + 1):
                before, least[i] = least[i], min(before + (not agrees(i - 1, event)), least[i] + 1, least[i - 1] + 1)
        best = min(best, least[-1])
    return best


@pytest.mark.parametrize("name", ["graph-astar", "graph-breadth-first", "graph-dijkstra", "graph-depth-first"])
def test_no_sound_run_is_nearer(name: str) -> None:
    form = formats(name)
    generator = Generator(form, {"nodes": 3})
    for index, edits in cases(25):
        random = Random(f"{name} {index}")
        problem = generator.problem(random)
        search, answer = split(form, generator.run(problem, random))
        events = edited(search, edits, random)
        trace = generator.trace([*events, *answer])
        found = repair(form, generator.prompt(problem), trace, problem.params)
        assert found.distance == (plain_distance(generator, problem, events, 12) if answer or not found.report.sound else 0)


# ---------------------------------------------------------------- causes
def twice(generator: Generator, random: Random) -> tuple[Problem, list[Event]]:
    """A trace with two faults far from each other: an event dropped, one repeated, or a number made greater."""
    form = generator.form
    while True:
        problem = generator.problem(random)
        search, answer = split(form, generator.run(problem, random))
        if len(search) >= 40:
            break
    half = len(search) // 2
    for place in (random.randrange(half + 6, len(search) - 2), random.randrange(2, half - 6)):
        (action, (node, g, h)), kind = search[place], random.randrange(3)
        search[place : place + 1] = [[], [search[place - 1], search[place]], [(action, (node, g, h + 1))]][kind]
    return problem, [*search, *answer]


def two_causes(maze: Format, size: int, number: int) -> int:
    """Of how many traces with two faults the causes are two."""
    generator = Generator(maze, {"width": size, "height": size})
    found = 0
    for index in range(number):
        problem, events = twice(generator, Random(f"twice {size} {index}"))
        report = conclude(opened(maze, generator.document(problem, events), problem.params), "")
        told = causes(maze, generator.document(problem, events), generator.start(problem), report.violations)
        assert told is not None
        assert not {*told.events} & {*told.consequences}
        assert {*told.events, *told.consequences} >= {v.event for v in report.violations}
        found += len(told.events) == 2
    return found


def test_two_faults_are_two_causes(maze: Format) -> None:
    assert two_causes(maze, 10, 30) >= 29


@pytest.mark.slow
@pytest.mark.parametrize("size", [10, 20, 30])
def test_two_faults_are_two_causes_in_large_mazes(maze: Format, size: int) -> None:
    assert two_causes(maze, size, 100) >= 95


def test_a_consequence_is_no_cause(maze: Format) -> None:
    found = explain(maze, LINE, " ".join([*ALONG[:2], *ALONG[3:]]))
    assert found.causes is not None
    assert (found.causes.events, found.causes.edits, found.causes.unsoundness) == ((2,), 1, 0.125)
    assert found.to_dict()["causes"] == [2]
    assert explain(maze, LINE, " ".join(ALONG)).to_dict()["causes"] is None


# ---------------------------------------------------------------- a published trace
def test_a_model_s_trace_from_a_notebook_needs_one_edit(maze: Format, shared: Path) -> None:
    given = rows_of(shared / "searchformer-maze" / "real.jsonl")
    found = {r["id"]: repair(maze, r["prompt"], r["trace"], r["params"]) for r in given}
    assert {id: one.distance for id, one in found.items()} == {
        "notebook-checkpoint": 1,
        "notebook-rollout": 0,
        "dataset-sample": 0,
        "asu-validator-sample": 3,
    }
    assert done(found["notebook-checkpoint"]) == [("replace", 48, "close (4, 2) with g 11, hn 0")]


# ---------------------------------------------------------------- the command
NULL = type(None)
EDIT = {"op": ("insert", "delete", "replace"), "event": int, "was": (str, NULL), "now": (str, NULL)}
SHAPE = {
    "schema": "tracecourt/repair/1",
    "id": str,
    "format": str,
    "distance": (int, NULL),
    "exact": bool,
    "at_least": int,
    "reason": (str, NULL),
    "edits": [EDIT],
    "follows": [EDIT | {"op": "keep"}],
    "plan_edits": [EDIT],
    "plan_counts": bool,
    "prompt": (str, NULL),
    "trace": (str, NULL),
    "verdict": ("sound", "truncated", NULL),
    "before": str,
    "events": int,
    "causes": ([int], NULL),
    "consequences": ([int], NULL),
    "unsoundness": (float, NULL),
}


@pytest.mark.parametrize(
    ("trace", "code", "distance"), [(SOUND, 0, 0), (UNSOUND, 1, 1), ("shut", 1, None), (TRUNCATED, 0, 0), ("", 0, 0)]
)
def test_a_repair_as_json_has_its_keys(desk: Desk, trace: str, code: int, distance: int | None) -> None:
    outcome = desk.run("repair", "-", *MAZE, "--output", "json", stdin=jsonl(row(trace)))
    (found,) = outcome.objects
    assert outcome.code == code
    assert found.pop("params") is not None
    assert [key for key, wanted in SHAPE.items() if not conforms(found[key], wanted)] == []
    assert list(found) == [*SHAPE]
    assert (found["distance"], found["exact"]) == (distance, distance is not None)


def test_a_repaired_row_is_sound_as_it_is_printed(desk: Desk) -> None:
    (found,) = desk.run("repair", "-", *MAZE, "--id", "a", "--output", "json", stdin=jsonl(row(UNSOUND))).objects
    assert (found["id"], found["trace"], found["edits"][0]["now"]) == ("a", SOUND, "create (1, 0) with g 1, hn 0")
    assert desk.run("check", "-", *MAZE, stdin=json.dumps(found)).code == 0


def test_a_bound_that_is_hit_is_no_verdict(desk: Desk) -> None:
    outcome = desk.run("repair", "-", *MAZE, "--id", "a", "--most", "0", stdin=jsonl(row(UNSOUND)))
    assert outcome.code == 3
    assert "no repair is known: up to 0 edits do not suffice; at least 1 edit\n" in outcome.out
    assert desk.run("repair", "-", *MAZE, "--budget", "1", stdin=jsonl(row(UNSOUND))).code == 3


def test_options_reach_the_repair(desk: Desk) -> None:
    wrong = SOUND.replace("plan 1 0", "plan 0 0")
    assert "nothing to repair" in desk.run("repair", "-", *MAZE, stdin=jsonl(row(wrong))).out
    assert "1 edit of the plan\n" in desk.run("repair", "-", *MAZE, "--plan", stdin=jsonl(row(wrong))).out
    assert desk.run("repair", "-", *MAZE, "--id", "z", stdin=jsonl(row())).code == 2
    hidden = desk.run("repair", "-", "--format", "dualformer-maze-l2", stdin=jsonl(row()))
    assert hidden.code == 2
    assert "hides a part of the run" in hidden.err
