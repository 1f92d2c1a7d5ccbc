"""What the symbolic engine leaves out is only what does not matter: sweeps, renaming and induction against all runs there are.

Every problem of two nodes is searched in every way that the rules allow. A claim that some run breaks is to be found broken,
and one that none breaks is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

import pytest

from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.legal import LegalEvents
from tracecourt.engines.primitives import Registers
from tracecourt.engines.symbolic.induction import follows, inductive
from tracecourt.engines.symbolic.run import Event, exchangeable
from tracecourt.engines.symbolic.smallest import Asked, Smallest
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.generate import Problem, start
from tracecourt.resources import Library
from tracecourt.spec import ir
from tracecourt.spec.library import Specifications

CLAIMS = {  # of states in which a run ends; some are true, some false, some true of some procedures
    "few-closed": "size(happened(close)) < 2",
    "not-all-closed": "size(happened(close)) < 2 or not (any n in Node: is_goal(n))",
    "created-first": "size(happened(create)) >= size(happened(close))",
    "few-created": "size(happened(create)) < 3",
    "start-alone": "all n, g, hn in happened(close): n = start",
    "closed-twice": "size(elements(n for n, g, hn in happened(close))) = size(happened(close))",
    "goal-reached": "done",
    "found": "distance(start, successors, is_goal) >= 0 => done",
    "ends-empty": "open = {}",
    "no-parents": "parent = {}",
    "start-is-goal": "done => is_goal(start)",
    "one-goal": "count(n for n in Node if is_goal(n)) < 2",
    "loops": "all n in Node: n not in successors(n)",
}
WEIGHED = {"cheap": "all n in Node: sum(values(successors(n))) < 3", "free": "done => distance(start, successors, is_goal) = 0"}
STATES = {  # of every state: true and false ones
    "nothing-open": "open = {}",
    "never-done": "not done",
    "current-is-start": "current != none => current = start",
    "few-open": "size(open) < 2",  # true of two nodes
    "done-somewhere": "done => current != none",
    "parents-of-others": "start not in parent or current != none",
}
PROCEDURES = ("astar", "dijkstra", "greedy", "breadth-first", "depth-first")
LONGEST = 14  # events of a run


@dataclass(frozen=True)
class Every:
    """What all runs on all problems of a size break: claims where a run ends, conditions in any state."""

    system: ir.System
    broken: dict[str, tuple[Mapping[str, Any], Sequence[Event]]] = field(default_factory=dict)
    untrue: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=lambda: {"problems": 0, "states": 0})


def problems(system: ir.System, size: int) -> Iterator[dict[str, Any]]:
    """All of a size; weights are 0, 1 or 2, and nothing is estimated."""
    nodes = range(size)
    places = list(product(nodes, nodes))
    weighted = system.domain == "graph"
    for weights in product((None, 0, 1, 2) if weighted else (None, True), repeat=len(places)):
        edge = {place: weight for place, weight in zip(places, weights, strict=True) if weight is not None}
        for start_node, goals in product(nodes, product((False, True), repeat=size)):
            facts = {"edge": edge, "start": start_node, "goal": {n: True for n in nodes if goals[n]}}
            yield facts | ({"estimate": {}} if weighted else {})


@cache
def systems(procedure: str, domain: str) -> ir.System:
    claims = CLAIMS | STATES | (WEIGHED if domain == "graph" else {})
    return Specifications(Library.shipped()).over(procedure, domain, claims)


@cache
def every(procedure: str, domain: str, size: int) -> Every:
    system = systems(procedure, domain)
    interpreter = Interpreter(system)
    legal, found = LegalEvents(interpreter), Every(system)
    promises = [p for p in system.promises if not p.under]

    def visit(r: Registers, happened: dict[str, list[Any]], events: list[Event], facts: dict[str, Any]) -> None:
        found.counted["states"] += 1
        ends = bool(events) and not interpreter.unfinished(r)
        for promise in promises:
            name = promise.rule.name
            if (name not in found.untrue or (ends and name not in found.broken)) and not interpreter.promised(
                promise.rule, r, happened
            ):
                found.untrue.setdefault(name, facts)
                if ends:
                    found.broken.setdefault(name, (facts, list(events)))
        assert len(events) <= LONGEST
        for action, arguments in list(legal.legal(r)):
            after, name = interpreter.saved(r), action.event.name
            interpreter.apply(action, after, arguments)
            visit(after, {**happened, name: [*happened.get(name, []), arguments]}, [*events, (name, arguments)], facts)

    for facts in problems(system, size):
        found.counted["problems"] += 1
        visit(start(interpreter, Problem(facts, {"nodes": size})), {}, [], facts)
    return found


def really_broken(system: ir.System, promise: ir.Promise, facts: Mapping[str, Any], events: Sequence[Event], size: int) -> None:
    """The interpreter agrees that a run is sound, ends and breaks a claim."""
    interpreter = Interpreter(system)
    r, happened = start(interpreter, Problem(dict(facts), {"nodes": size})), dict[str, list[Any]]()
    assert not interpreter.demanded(r)
    for name, arguments in events:
        action = interpreter.actions[name]
        assert not [rule for rule in interpreter.broken(action, r, arguments) if rule.level in ir.SOUND_LEVELS]
        interpreter.apply(action, r, arguments)
        happened.setdefault(name, []).append(arguments)
    assert not interpreter.unfinished(r)
    assert not interpreter.promised(promise.rule, r, happened)


def compared(procedure: str, domain: str, size: int, names: Sequence[str]) -> dict[str, str]:
    all_runs = every(procedure, domain, size)
    system, said = all_runs.system, dict[str, str]()
    for promise in system.promises:
        name = promise.rule.name
        if name not in names:
            continue
        search = Smallest(Asked(system, promise), Limits())
        sized, witness = search.at(size)
        said[name] = sized.outcome
        assert sized.outcome != "unknown"
        assert witness is not None or name not in all_runs.broken, (name, all_runs.broken[name])
        if witness is not None:
            really_broken(system, promise, witness.facts, witness.events, size)
            assert name in all_runs.broken or domain == "graph", (name, witness)  # where weights and estimates are any
    return said


def test_a_claim_is_found_broken_if_and_only_if_some_run_breaks_it() -> None:
    assert compared("astar", "digraph", 2, ["few-closed", "found"]) == {"few-closed": "found", "found": "none"}


@pytest.mark.slow
@pytest.mark.parametrize("domain", ["digraph", "graph"])
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_of_every_claim(procedure: str, domain: str) -> None:
    said = compared(procedure, domain, 2, [*CLAIMS, *WEIGHED])
    print(f"\n{procedure} over {domain}: {every(procedure, domain, 2).counted}; {said}")
    assert {"found"} < set(said.values())


def induced(procedure: str, domain: str, size: int) -> list[str]:
    """The conditions that are proved by induction; none of them is broken in any state of any run."""
    all_runs = every(procedure, domain, size)
    system = all_runs.system
    plain = [p.rule for p in system.promises if not p.under and p.rule.name not in CLAIMS.keys() | WEIGHED.keys()]
    plain = [
        rule for rule in plain if rule.name in STATES or any(p.rule is rule and p.kind == "lemma" for p in system.promises)
    ]
    search = Smallest(Asked(system, system.promises[0]), Limits())
    proved = inductive(lambda: search.opened(size), plain, ir.SOUND_LEVELS)
    assert not [rule.name for rule in proved if rule.name in all_runs.untrue]
    for promise in system.promises:
        if promise.rule.name in CLAIMS | STATES and "happened" not in {**CLAIMS, **STATES}[promise.rule.name]:
            proof = follows(lambda: search.opened(size), proved, promise.rule)
            assert not (proof and promise.rule.name in all_runs.broken), promise.rule.name
    return [rule.name for rule in proved]


def test_what_is_proved_by_induction_holds_in_every_state() -> None:
    proved = induced("astar", "digraph", 2)
    assert {"open-or-closed", "done-somewhere"} <= {*proved}
    assert not {"nothing-open", "never-done", "current-is-start"} & {*proved}


@pytest.mark.slow
@pytest.mark.parametrize("domain", ["digraph", "graph"])
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_whatever_is_proved_by_induction_holds_in_every_state(procedure: str, domain: str) -> None:
    print(f"\n{procedure} over {domain}: {induced(procedure, domain, 2)}")


def test_the_runs_that_are_compared_are_swept() -> None:
    swept = exchangeable(systems("astar", "digraph"), {"nodes": 2}, ir.SOUND_LEVELS, Limits())
    assert swept == "create"
    assert exchangeable(systems("depth-first", "digraph"), {"nodes": 2}, ir.SOUND_LEVELS, Limits()) is None
