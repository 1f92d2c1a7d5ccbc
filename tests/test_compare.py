"""Where two procedures part: the shortest trace that one accepts and the other refuses, each way, or that there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from tests.command import Desk, open_once, orderly
from tests.packs import Pack
from tracecourt.check import check
from tracecourt.compare import Comparison, Direction, compare, refusal
from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.legal import LegalEvents
from tracecourt.engines.symbolic.run import Event
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.engines.symbolic.symmetry import interchangeable
from tracecourt.engines.symbolic.terms import Choice, both, neg
from tracecourt.engines.symbolic.values import Row, Slot, merged
from tracecourt.engines.symbolic.world import World
from tracecourt.errors import InputError
from tracecourt.generate import Problem, start
from tracecourt.resources import Library
from tracecourt.spec import ir
from tracecourt.verdict import Verdict

PILE = """\
domain pile
  "Things that weigh something."
  param things: 1..6 = 2
  sort Thing = 0..things-1
  fact weight: map Thing -> rational
  require negative: all n in weight: weight[n] >= 0
    else "a thing weighs less than nothing"
  def heavy(n: Thing): rational = weight[n] ?? 0
  given equal-weights: all n in Thing: all m in Thing: heavy(n) = heavy(m)
  small
    things
    size(weight)
    sum(values(weight))
"""

TAKE = """\
procedure {name}
  "Things are taken, one after the other."
  needs sort Thing
  needs heavy(n: Thing): rational
  param most: int = 9
  state
    taken: {taken} Thing
  event take(n: Thing, w: {number})
    require disciplined again: n not in taken
      else "{{n}} was taken before"
    require disciplined enough: size(taken) < most
      else "{{size(taken)}} are enough"
    require grounded weight: w = heavy(n)
      else "{{n}} weighs {{heavy(n)}}, not {{w}}"
    require ordered order: {order}
      else "{{n}} is not next"
    taken += n
  end
    require complete rest: {end}
      else "{{size(taken)}} are taken"

  trace truncated over pile
    weight = {{}}
"""
EACH = "all m in Thing: m in taken"
ORDERS = {
    "lightest": "all m in Thing: m in taken or heavy(n) <= heavy(m)",
    "heaviest": "all m in Thing: m in taken or heavy(n) >= heavy(m)",
    "anyone": "true",
}


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    pack = Pack(tmp_path)
    pack.write(PILE)
    for name, order in ORDERS.items():
        pack.write(take(name, order))
    return pack


def take(name: str, order: str = "true", *, number: str = "rational", end: str = EACH, taken: str = "set") -> str:
    return TAKE.format(name=name, order=order, number=number, end=end, taken=taken)


def last(one: str, other: str, pack: Pack | None = None, **more: Any) -> Comparison:
    library = Library.shipped() if pack is None else pack.specifications.library
    *_, found = compare(one, other, library, **more)
    return found


def outcomes(found: Comparison) -> list[list[tuple[int, str, int | None]]]:
    return [[(s.size, s.outcome, s.rounds) for s in direction.sizes] for direction in found.directions]


def trace(direction: Direction) -> tuple[Mapping[str, Any], list[Event]]:
    assert direction.found is not None
    events = [(action.event.name, arguments) for action, arguments in direction.found.events]
    return direction.found.problem.facts, events


# ---------------------------------------------------------------- every trace, one by one
@cache
def engine(system: ir.System) -> tuple[Interpreter, LegalEvents]:
    interpreter = Interpreter(system)
    return interpreter, LegalEvents(interpreter)


def runs(system: ir.System, problem: Problem, longest: int) -> Iterator[list[Event]]:
    """All sound traces of up to so many events that may end there."""
    interpreter, legal = engine(system)

    def further(events: list[Event]) -> Iterator[list[Event]]:
        r = start(interpreter, problem)
        for name, arguments in events:
            interpreter.apply(interpreter.actions[name], r, arguments)
        if not interpreter.unfinished(r):
            yield events
        if len(events) < longest:
            for action, arguments in list(legal.legal(r, ir.SOUND_LEVELS)):
                yield from further([*events, (action.event.name, arguments)])

    return further([])


def apart(direction: Direction, facts: Mapping[str, Any], size: Mapping[str, int], longest: int) -> int | None:
    """The least number of events, up to the longest, of a trace on this problem that tells the two apart."""
    accepts, refuses = direction.accepts, direction.refuses
    problem, theirs = (Problem(dict(facts), {**party.params, **size}) for party in (accepts, refuses))
    judge, _ = engine(refuses.system)
    return min((len(run) for run in runs(accepts.system, problem, longest) if refusal(judge, theirs, run)), default=None)


def piles(size: int) -> Iterator[dict[str, Any]]:
    for weights in product((None, 0, 1, 2), repeat=size):
        yield {"weight": {n: w for n, w in enumerate(weights) if w is not None}}


def measured(facts: Mapping[str, Any]) -> tuple[int, int]:
    return len(facts["weight"]), sum(facts["weight"].values())


@pytest.mark.parametrize(("one", "other"), list(combinations(ORDERS, 2)))
def test_no_shorter_trace_and_no_smaller_problem_is_there(pack: Pack, one: str, other: str) -> None:
    for direction in last(one, other, pack, largest=2).directions:
        for sized in direction.sizes:
            there = [(apart(direction, facts, {"things": sized.size}, sized.size), facts) for facts in piles(sized.size)]
            told = [(length, measured(facts)) for length, facts in there if length is not None]
            if sized.outcome == "found":
                assert direction.minimal
                facts, events = trace(direction)
                assert (len(events), measured(facts)) == min(told)
            else:
                assert not told


def test_a_trace_each_way(pack: Pack) -> None:
    found = last("lightest", "heaviest", pack)
    assert outcomes(found) == [[(1, "none", None), (2, "found", 2)]] * 2
    facts, events = trace(found.directions[0])
    assert sorted(facts["weight"].values()) == [1]
    assert [w for _, (_, w) in events] == [0, 1]
    assert [w for _, (_, w) in trace(found.directions[1])[1]] == [1, 0]
    assert found.directions[0].minimal
    assert found.found


def test_one_allows_more_than_the_other(pack: Pack) -> None:
    found = last("lightest", "anyone", pack, largest=4)
    assert outcomes(found)[0] == [(size, "none", None) for size in (1, 2, 3, 4)]
    assert [s.outcome for s in found.directions[1].sizes] == ["none", "found"]
    why = found.directions[1].found.refusal  # type: ignore[union-attr]
    assert (why.event, why.rule, why.level) == (0, "take/order", "ordered")
    assert why.message.endswith("is not next")


def test_what_is_assumed(pack: Pack) -> None:
    for given in ("equal-weights", "all n in Thing: heavy(n) = 1"):
        found = last("lightest", "heaviest", pack, givens=[given], largest=3)
        assert not found.found
        assert found.complete
        assert found.givens == (given,)
    assert last("lightest", "heaviest", pack, givens=["size(weight) < 3"]).found


def test_a_procedure_with_itself(pack: Pack) -> None:
    found = last("lightest", "lightest", pack)
    assert outcomes(found) == [[(size, "none", None) for size in (1, 2, 3, 4)]] * 2
    assert found.complete
    assert not found.found


def test_parameters_of_one_side(pack: Pack) -> None:
    found = last("anyone", "anyone", pack, params_other=["most=1"], largest=3)
    assert [direction.accepts.label for direction in found.directions] == ["anyone", "anyone (most=1)"]
    assert [s.outcome for s in found.directions[1].sizes] == ["none"] * 3
    why = found.directions[0].found.refusal  # type: ignore[union-attr]
    assert (why.event, why.rule, why.message) == (1, "take/enough", "1 are enough")
    same = last("anyone", "lightest", pack, params=["most=1"], largest=2)
    assert [d.accepts.params for d in same.directions] == [{"most": 1}] * 2


def test_an_end_that_only_one_may_have(pack: Pack) -> None:
    pack.write(take("lazy", end="size(taken) >= 1"))
    found = last("lazy", "anyone", pack)
    assert len(trace(found.directions[0])[1]) == 1
    why = found.directions[0].found.refusal  # type: ignore[union-attr]
    assert (why.event, why.rule, why.message) == (1, "end/rest", "1 are taken")
    assert [s.outcome for s in found.directions[1].sizes] == ["none"] * 4


def test_states_that_cannot_be_left_open(pack: Pack) -> None:
    pack.write(take("listing", taken="list"))
    assert outcomes(last("listing", "anyone", pack, largest=2))[0] == [(1, "none", 1), (2, "none", 2)]
    bounded = last("listing", "anyone", pack, largest=2, events=1)
    assert outcomes(bounded)[0] == [(1, "none-bounded", 1), (2, "none-bounded", 1)]
    assert bounded.complete


def test_a_queue_whose_order_depends_on_the_state(pack: Pack) -> None:
    for name, order in (("loose", "true"), ("strict", "all m in line: key(line, m) = line[m]")):
        queue = "count: int = 0\n    line: queue (n: Thing, w: rational) by w + count"
        text = take(name, order).replace("taken: set Thing", f"taken: set Thing\n    {queue}")
        pack.write(text.replace("taken += n", "taken += n\n    line[n] := w\n    count := count + 1"))
    found = last("loose", "strict", pack)
    assert reasons(found) == [(3, 2, "take/order"), None]


def test_a_list_does_not_grow_with_what_is_taken_out_of_it() -> None:
    world = World()
    row = Row()
    for number in range(20):
        taken, kind = world.truth("taken"), world.truth("kind")
        longer = Row((*row.slots, Slot(True, Choice(((kind, 0), (neg(kind), 1))))))
        shorter = Row(tuple(replace(slot, guard=both(slot.guard, kind)) for slot in row.slots))
        row = merged(taken, longer, shorter)
        assert len(row.slots) == number + 1


def test_a_measure_that_tells_values_apart(pack: Pack) -> None:
    pack.write(PILE.replace("    size(weight)\n", "    sum(n for n in weight)\n    size(weight)\n"))
    system = pack.specifications.over("lightest", "pile")
    assert not list(interchangeable(system, ()))
    pack.write(PILE)
    assert [str(sort) for sort in interchangeable(pack.specifications.over("lightest", "pile"), ())] == ["0..things-1"]


def test_when_the_time_is_up(pack: Pack) -> None:
    found = last("lightest", "heaviest", pack, limits=Limits(timeout=0))
    assert outcomes(found) == [[(1, "unknown", 0)]] * 2
    assert not found.complete


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (take("odd", number="int"), "has take(0..things-1, rational), and odd has take(0..things-1, int)"),
        (
            take("odd").replace("event take", "event grab"),
            "lightest has take(0..things-1, rational), and odd has no event take",
        ),
    ],
)
def test_only_procedures_with_the_same_events(pack: Pack, text: str, message: str) -> None:
    pack.write(text)
    with pytest.raises(InputError) as caught:
        last("lightest", "odd", pack)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"params": ["least=1"]}, "neither lightest nor anyone has a parameter least"),
        ({"params_one": ["mots=1"]}, "has no parameter mots (did you mean most?)"),
        ({"givens": ["equal-wieghts"]}, "there is no assumption equal-wieghts"),
        ({"domain": "no-such"}, "there is no domain named no-such"),
    ],
)
def test_what_is_not_there(pack: Pack, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        last("lightest", "anyone", pack, **more)
    assert message in str(caught.value)


def test_a_domain_that_does_not_say_how_problems_grow(pack: Pack) -> None:
    pack.write(PILE.partition("  small")[0])
    with pytest.raises(InputError, match="has no `small` block"):
        last("lightest", "anyone", pack)


# ---------------------------------------------------------------- the command
@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(capsys, monkeypatch)


def path(pack: Pack, name: str) -> str:
    return str(pack.root / "specs" / "procedures" / f"{name}.spec")


def test_the_command_in_words(pack: Pack, desk: Desk) -> None:
    done = orderly(desk.run("compare", path(pack, "lightest"), "heaviest", "--nodes", "2"))
    assert done.code == 1
    assert (
        "lightest accepts, heaviest refuses: a trace of 2 events, the least there is\n  things 2 · size(weight) 1" in done.out
    )
    assert "heaviest refuses event 0, take/order: " in done.out


def test_the_command_as_json(pack: Pack, desk: Desk) -> None:
    done = orderly(desk.run("compare", path(pack, "lightest"), path(pack, "anyone"), "--nodes", "2", "--output", "json"))
    found = done.objects[0]
    assert done.code == 1
    assert (found["schema"], found["found"], found["complete"]) == ("tracecourt/compare/1", True, True)
    assert [side["procedure"] for side in found["sides"]] == ["lightest", "anyone"]
    none, there = found["directions"]
    assert (none["found"], none["problem"], none["broken"], none["row"]) == (False, None, None, None)
    assert (there["found"], there["minimal"], there["nodes"], there["edges"]) == (True, True, 2, 1)
    assert there["broken"].keys() == {"event", "rule", "level", "message"}
    assert len(there["events"]) == 2


def test_what_the_command_ends_with(pack: Pack, desk: Desk) -> None:
    one = path(pack, "lightest")
    assert orderly(desk.run("compare", one, one, "--nodes", "2")).code == 0
    assert orderly(desk.run("compare", one, "heaviest", "--timeout", "0.000001")).code == 3
    assert orderly(desk.run("compare", one, "no-such")).code == 2
    assert orderly(desk.run("compare", one, "anyone", "--param", "least=1")).code == 2


def test_the_same_name_in_two_packs(pack: Pack, desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Pack(tmp_path_factory.mktemp("other"))
    other.write(PILE)
    other.write(take("lightest", ORDERS["heaviest"]))
    done = orderly(desk.run("compare", path(pack, "lightest"), path(other, "lightest"), "--nodes", "2", "--output", "json"))
    assert done.code == 1
    assert len({side["label"] for side in done.objects[0]["sides"]}) == 2
    other.write(PILE.replace("things - 1", "things").replace("0..things-1", "0..things"))
    assert "their own domain" in orderly(desk.run("compare", path(pack, "lightest"), path(other, "lightest"))).err


# ---------------------------------------------------------------- the procedures that come with the package
def graphs(size: int, edges: int, most: int) -> Iterator[dict[str, Any]]:
    """Every problem with so many edges, no number greater than the most, and the start at 0."""
    pairs = list(product(range(size), repeat=2))
    numbers = range(most + 1)
    for chosen, estimates in product(combinations(pairs, edges), product((None, *numbers), repeat=size)):
        for weights, goals in product(product(numbers, repeat=edges), product((False, True), repeat=size)):
            yield {
                "start": 0,
                "goal": {n: True for n in range(size) if goals[n]},
                "edge": dict(zip(chosen, weights, strict=True)),
                "estimate": {n: e for n, e in enumerate(estimates) if e is not None},
            }


def of_graph(facts: Mapping[str, Any]) -> tuple[int, ...]:
    edge, estimate = facts["edge"], facts["estimate"]
    return len(edge), sum(edge.values()), sum(estimate.values()), len(estimate), len(facts["goal"])


def judged_by_check(direction: Direction) -> None:
    """The row is sound with the format of the one, and unsound with that of the other, for the same reason."""
    found = direction.found
    assert found is not None
    assert found.row is not None
    for name, party in zip(found.formats, (direction.accepts, direction.refuses), strict=True):
        assert name is not None
        params = found.row["params"] if party is direction.accepts else found.theirs
        report = check(open_once(name), found.row["prompt"], found.row["trace"], params)
        if party is direction.accepts:
            assert report.verdict is Verdict.SOUND
        else:
            assert (report.verdict, report.event) == (Verdict.UNSOUND, found.refusal.event)
            if found.refusal.event < len(found.events):
                assert (report.rule, report.message) == (found.refusal.rule, found.refusal.message)


def reasons(found: Comparison) -> list[tuple[int, int, str] | None]:
    """For each way the number of events, the one that is refused, and the rule."""
    return [d.found and (len(d.found.events), d.found.refusal.event, d.found.refusal.rule) for d in found.directions]


def test_goals_that_are_looked_for_early() -> None:
    found = last("breadth-first", "breadth-first", params_other=["early=true"])
    assert reasons(found) == [(2, 1, "close/after-goal"), (1, 1, "end/no-goal")]
    for direction in found.directions:
        assert direction.minimal
        judged_by_check(direction)


@pytest.mark.slow
def test_h_sets_two_searches_apart() -> None:
    found = last("astar", "dijkstra", largest=3)
    assert reasons(found) == [(5, 4, "close/not-nearest"), (5, 4, "close/not-best")]
    for direction in found.directions:
        judged_by_check(direction)
        assert direction.minimal
        facts, events = trace(direction)
        for size, edges in ((1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1)):
            assert not any(apart(direction, one, {"nodes": size}, len(events)) for one in graphs(size, edges, 1))
        same = [one for one in graphs(3, 2, 1) if of_graph(one) < of_graph(facts)]
        assert len(same) > 1000
        assert not any(apart(direction, one, {"nodes": 3}, len(events)) for one in same)


@pytest.mark.slow
def test_without_h_the_two_are_the_same() -> None:
    found = last("astar", "dijkstra", givens=["all n in Node: h(n) = 0"], largest=3)
    assert outcomes(found) == [[(size, "none", None) for size in (1, 2, 3)]] * 2


@pytest.mark.slow
def test_reopening_matters_where_h_is_not_consistent() -> None:
    found = last("astar", "astar", params_other=["reopen=false"], largest=3)
    assert reasons(found) == [(8, 6, "create/no-better-closed"), (6, 6, "end/no-goal")]
    for direction in found.directions:
        judged_by_check(direction)
        facts, _ = trace(direction)
        assert of_graph(facts) == (3, 1, 1, 1, 0)
    same = last("astar", "astar", params_other=["reopen=false"], givens=["consistent"], largest=3)
    assert outcomes(same) == [[(size, "none", None) for size in (1, 2, 3)]] * 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other", "givens", "expected"),
    [
        ("greedy", "astar", (), [(5, 4, "close/not-best"), (5, 4, "close/not-best")]),
        ("breadth-first", "dijkstra", ("unit",), [None, (5, 4, "close/not-first")]),
        ("greedy", "greedy", (), [None, None]),
    ],
)
def test_pairs(one: str, other: str, givens: tuple[str, ...], expected: list[Any]) -> None:
    found = last(one, other, givens=givens, largest=3)
    assert reasons(found) == expected
    assert found.complete
    for direction in found.directions:
        if direction.found:
            judged_by_check(direction)
