"""What events do to the state: updates one after the other, every kind of collection, queues, parameters, messages."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.packs import Lab, Pack
from tracecourt.engines.interpreter import Undetermined
from tracecourt.engines.queues import KeyedQueue
from tracecourt.engines.values import show


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


STATE = """\
state
  n: int = 1
  s: set int = {1, 2}
  l: list int = [1, 2, 1]
  t: stack int = [1, 2, 1, 3]
  f: fifo int = [1, 2, 1]
  m: map int -> int = {1: 10}
  o: int?
  p: (x: int, y: int) = (1, 2)
  lists: map int -> list int
"""


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        pytest.param("n := n + 1", {"n": 2}, id="assign"),
        pytest.param("n := n + 1\nn := n * 10", {"n": 20}, id="one-after-the-other"),
        pytest.param("m[1] := n\nn := m[1] + 5\nm[n] := n", {"n": 6, "m": {1: 1, 6: 6}}, id="each-sees-those-above-it"),
        pytest.param("s := {7}\nl := [7, 8]\nm := {7: 8}", {"s": {7}, "l": [7, 8], "m": {7: 8}}, id="assign-collections"),
        pytest.param("s := {}\nl := []\nm := {}", {"s": set(), "l": [], "m": {}}, id="assign-nothing"),
        pytest.param("s += 3\ns += 1", {"s": {1, 2, 3}}, id="insert-into-a-set"),
        pytest.param("s -= 2\ns -= 9", {"s": {1}}, id="remove-from-a-set"),
        pytest.param("l += 5", {"l": [1, 2, 1, 5]}, id="insert-at-the-end-of-a-list"),
        pytest.param("l -= 1\nl -= 9", {"l": [2, 1]}, id="remove-the-first-from-a-list"),
        pytest.param("t += 5\nn := top(t)", {"t": [1, 2, 1, 3, 5], "n": 5}, id="push"),
        pytest.param("t -= 1", {"t": [1, 2, 3]}, id="remove-the-topmost-from-a-stack"),
        pytest.param("n := top(t)\nt -= top(t)", {"t": [1, 2, 1], "n": 3}, id="pop"),
        pytest.param("f += 5\nn := front(f)", {"f": [1, 2, 1, 5], "n": 1}, id="enqueue"),
        pytest.param("f -= front(f)\nn := front(f)", {"f": [2, 1], "n": 2}, id="dequeue"),
        pytest.param("f -= 2", {"f": [1, 1]}, id="remove-from-the-middle-of-a-fifo"),
        pytest.param("m[2] := 20\nm[1] := 11", {"m": {1: 11, 2: 20}}, id="put"),
        pytest.param("m -= 1\nm -= 9", {"m": {}}, id="remove-a-key"),
        pytest.param("o := 4\nn := o + 1", {"o": 4, "n": 5}, id="optional"),
        pytest.param("o := 4\no := none", {"o": None}, id="none"),
        pytest.param("p := (p.y, p.x)", {"p": (2, 1)}, id="tuple"),
        pytest.param("when n = 1\n  n := 5\n  s += 5", {"n": 5, "s": {1, 2, 5}}, id="when"),
        pytest.param("when n = 2\n  n := 5", {}, id="when-not"),
        pytest.param("when n = 1\n  n := 2\n  when n = 2\n    n := 3", {"n": 3}, id="when-inside-when"),
        pytest.param("n := 1 div 0 + n", {}, id="no-value-no-change"),
        pytest.param("n := m[9]\ns += m[9]\nl -= m[9]\nm[m[9]] := 1\nm[1] := m[9]", {}, id="no-value-no-change-anywhere"),
        pytest.param("when m[9] = 1\n  n := 5", {}, id="a-condition-without-value-does-not-hold"),
        pytest.param("o := m[9]\nn := n + 1", {"n": 2}, id="the-updates-below-are-made-all-the-same"),
        pytest.param("lists[1] := l\nl += 9\nlists[2] := l", {"l": [1, 2, 1, 9], "lists": {1: (1, 2, 1), 2: (1, 2, 1, 9)}},
                     id="what-is-stored-does-not-change-with-its-origin"),
    ],
)  # fmt: skip
def test_updates(pack: Pack, updates: str, expected: dict[str, Any]) -> None:
    lab = pack.lab(procedure=f"{STATE}\nevent go()\n{indented(updates)}\n")
    before = {name: lab.value(name) for name in ("n", "s", "l", "t", "f", "m", "o", "p", "lists")}
    lab.do("go")
    assert {name: lab.value(name) for name in before} == before | expected


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def test_the_initial_state(pack: Pack) -> None:
    items = "state\n  a: int = 2\n  b: int = a * a\n  s: set int\n  m: map int -> int\n  l: list int = [b]\n  o: int?\n"
    items += "  q: queue (n: int, g: int) by g\ninitially\n  s += b\n  q[1] := a\n  when b = 4\n    o := b\n"
    lab = pack.lab(procedure=items)
    assert [lab.value(name) for name in "absmloq"] == [2, 4, {4}, {}, [4], 4, {1: 2}]


def test_a_trial_does_not_touch_the_next(pack: Pack) -> None:
    lab = pack.lab(procedure=f"{STATE}\nevent go()\n  l += 9\n  s += 9\n  m[9] := 9\n")
    lab.do("go")
    lab.interpreter.restart(lab.r)
    assert (lab.value("l"), lab.value("s"), lab.value("m")) == ([1, 2, 1], {1, 2}, {1: 10})


def test_facts_and_functions_of_the_problem_do_not_change_with_the_state(pack: Pack) -> None:
    items = "needs given: list int\nneeds twice: list int\nstate\n  l: list int\nevent go()\n  l := given\n  l += 9\n"
    items += "event again()\n  l := twice\n  l += 9\ndef seen: list int = given + twice\n"
    lab = pack.lab("fact given: list int\ndef twice: list int = given + given", items, {"given": [1]})
    for name in ("go", "again", "go", "again"):
        lab.do(name)
    assert lab.value("seen") == [1, 1, 1]


# ---------------------------------------------------------------- rules
RULES = """\
state
  seen: set int
event go(n: int)
  require ordered small: n < 10
    else "{n} is large"
  require grounded new: n not in seen
    else "{n} is in {seen}"
  require complete even: n mod 2 = 0
    else "{n} is odd, by {n div 0}"
  seen += n
"""


@pytest.mark.parametrize(
    ("argument", "broken", "message"),
    [
        pytest.param(2, [], None, id="none"),
        pytest.param(20, ["go/small"], "20 is large", id="one"),
        pytest.param(4, ["go/new"], "4 is in 4", id="asked-of-the-state-before"),
        pytest.param(3, ["go/even"], "3 is odd, by (no value)", id="a-message-with-no-value"),
        pytest.param(11, ["go/small", "go/even"], "11 is large", id="in-the-order-of-the-text-whatever-their-levels"),
    ],
)
def test_rules(pack: Pack, argument: int, broken: list[str], message: str | None) -> None:
    lab = pack.lab(procedure=RULES)
    lab.do("go", 4)
    assert (lab.message("go", argument) if broken else None) == message
    assert lab.do("go", argument) == broken
    assert lab.value("seen") == {4, argument}, "an event is believed whether it breaks rules or not"


SIZED = "param k: int = 3\nsort Node = 0..k-1\nsort Cell = (x: Node, y: 1..2)"
NEEDS = "needs sort Node\nneeds sort Cell\nstate\n  n: int = 0\n"


@pytest.mark.parametrize(
    ("event", "argument", "message"),
    [
        pytest.param("event go(n: Node)", 2, None, id="inside"),
        pytest.param("event go(n: Node)", 3, "3 does not lie in 0..k-1", id="above"),
        pytest.param("event go(n: Node)", -1, "-1 does not lie in 0..k-1", id="below"),
        pytest.param("event go(c: Cell)", (0, 2), None, id="tuple-inside"),
        pytest.param("event go(c: Cell)", (0, 3), "(0, 3) does not lie in (x: 0..k-1, y: 1..2)", id="tuple-outside"),
        pytest.param("event go(c: Cell?)", None, None, id="none-is-inside"),
        pytest.param("event go(c: set Cell)", {(3, 1): True}, "(3, 1) does not lie in set (x: 0..k-1, y: 1..2)", id="element"),
        pytest.param("event go(c: map Node -> int)", {9: 1}, "9 does not lie in map 0..k-1 -> int", id="key"),
    ],
)
def test_every_event_has_a_rule_that_its_arguments_lie_in_their_sorts(
    pack: Pack, event: str, argument: Any, message: str | None
) -> None:
    lab = pack.lab(SIZED, f'{NEEDS}{event}\n  require complete no: 1 = 1\n    else ""\n')
    assert [rule.name for rule in lab.system.events["go"].rules] == ["go/out-of-range", "go/no"]
    assert lab.system.rules[0].level == "grounded"
    assert (lab.message("go", argument) if message else None) == message
    assert lab.do("go", argument) == (["go/out-of-range"] if message else [])


def test_the_rule_of_ranges_can_be_written_otherwise(pack: Pack) -> None:
    lab = pack.lab(SIZED, NEEDS + 'event go(n: Node)\n  require ordered out-of-range: n in Node\n    else "no {n}"\n')
    assert [(rule.name, rule.level) for rule in lab.system.events["go"].rules] == [("go/out-of-range", "ordered")]
    assert lab.message("go", 7) == "no 7"


# ---------------------------------------------------------------- queues
QUEUE = """\
state
  open: queue (n: int, g: rational, h: rational) by g + weight * h
  alone: queue (n: int) by -n
param weight: rational = 1
event put(n: int, g: rational, h: rational)
  open[n] := (g, h)
  alone += n
event take(n: int)
  open -= n
  alone -= n
def best_key: rational = best(open)
def bests_of: list int = bests(open)
def key_of_one: rational = key(open, 1)
def g_of_one: rational = open[1].g
def highest: list int = bests(alone)
def sums: int = sum(n for n, e in open) + size(open) + sum(keys(alone))
def empty: bool = open = {}
"""


def filled(pack: Pack, *events: tuple[int, Any, Any]) -> Lab:
    lab = pack.lab(procedure=QUEUE)
    for event in events:
        lab.do("put", *event)
    return lab


def test_a_queue_knows_its_least_key_and_who_has_it(pack: Pack) -> None:
    lab = filled(pack, (1, 5, 0), (2, 1, 3), (3, 2, 2), (4, Fraction(7, 2), HALF := Fraction(1, 2)))
    assert (lab.value("best_key"), lab.value("bests_of")) == (4, [2, 3, 4])
    assert (lab.value("key_of_one"), lab.value("g_of_one")) == (5, 5)
    assert lab.value("open") == {1: (5, 0), 2: (1, 3), 3: (2, 2), 4: (Fraction(7, 2), HALF)}
    assert lab.value("highest") == [4]
    assert lab.value("sums") == 10 + 4 + 10


def test_an_empty_queue(pack: Pack) -> None:
    lab = pack.lab(procedure=QUEUE)
    values = {name: lab.value(name) for name in ("best_key", "bests_of", "key_of_one", "g_of_one", "empty")}
    assert values == {"best_key": None, "bests_of": [], "key_of_one": None, "g_of_one": None, "empty": True}


@pytest.mark.parametrize(
    ("events", "best", "bests"),
    [
        pytest.param([(1, 2, 0), (2, 2, 0), (1, 1, 1)], 2, [1, 2], id="a-replaced-entry-keeps-its-place-among-equals"),
        pytest.param([(1, 5, 0), (2, 2, 0), (1, 2, 0)], 2, [1, 2], id="even-where-it-had-another-key"),
        pytest.param([(1, 2, 0), (2, 3, 0), (1, 4, 0)], 3, [2], id="a-replaced-entry-may-become-worse"),
        pytest.param([(1, 2, 0), (2, 2, 0), -1, (1, 2, 0)], 2, [2, 1], id="one-that-left-comes-last"),
        pytest.param([(1, 2, 0), (2, 3, 0), -1], 3, [2], id="the-next-best"),
        pytest.param([(1, 2, 0), (2, 3, 0), -2, -2, -9], 2, [1], id="what-is-not-there-cannot-leave"),
        pytest.param([(1, 2, 0), (2, 3, 0), (1, 4, 0), (1, 2, 0)], 2, [1], id="back-to-its-old-key"),
    ],
)
def test_the_order_of_a_queue(pack: Pack, events: list[Any], best: int, bests: list[int]) -> None:
    lab = pack.lab(procedure=QUEUE)
    for event in events:
        lab.do("put", *event) if isinstance(event, tuple) else lab.do("take", -event)
    assert (lab.value("best_key"), lab.value("bests_of")) == (best, bests)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3) | st.none())))
def test_a_queue_is_what_sorting_says(steps: list[tuple[int, int | None]]) -> None:
    queue, model = KeyedQueue(), dict[int, int]()
    for element, key in steps:
        if key is None:
            queue.remove(element)
            model.pop(element, None)
        else:
            queue.put(element, "value", key)
            model[element] = key
        twin = queue.copy()
        twin.put(99, "other", -1)
        assert list(queue) == list(model)
        assert queue.bests() == [e for e in model if model[e] == min(model.values())]
        assert not model or queue.best() == min(model.values())


# ---------------------------------------------------------------- parameters
PARAMS = """\
param low: 1..100 = 10 inferred 1 + max(n for n in mentioned(Node))
param high: int inferred low + size(mentioned(Node))
param scale: rational = low / 4
sort Node = 0..low-1
fact start: Node
"""


@pytest.mark.parametrize(
    ("params", "mentions", "values", "inferred"),
    [
        pytest.param({"low": 3, "high": 4}, [9], (3, 4, Fraction(3, 4)), (), id="given"),
        pytest.param({}, [2, 7], (8, 10, 2), ("low", "high"), id="inferred-from-what-is-printed"),
        pytest.param({}, [500], (100, 101, 25), ("low", "high"), id="inferred-within-the-bounds-of-the-sort"),
        pytest.param({}, [-5], (1, 2, Fraction(1, 4)), ("low", "high"), id="not-below-the-lower-bound"),
        pytest.param({}, [], (10, 10, Fraction(5, 2)), ("high",), id="the-default-where-nothing-can-be-inferred"),
        pytest.param({"scale": 7}, [0], (1, 2, 7), ("low", "high"), id="each-on-its-own"),
    ],
)
def test_the_values_of_parameters(
    pack: Pack, params: dict[str, Any], mentions: list[int], values: tuple[Any, ...], inferred: tuple[str, ...]
) -> None:
    lab = pack.lab(PARAMS, facts={"start": 0}, params=params, mentions={"Node": mentions})
    assert tuple(lab.params[name] for name in ("low", "high", "scale")) == values
    assert lab.inferred == inferred


def test_a_parameter_that_no_one_determines(pack: Pack) -> None:
    with pytest.raises(Undetermined, match="k"):
        pack.lab("param k: int inferred max(n for n in mentioned(Node))\nsort Node = int\nfact a: Node", facts={"a": 1})


# ---------------------------------------------------------------- samples
SAMPLE = """\
param size: int = 4
sort Node = 0..size-1
fact start: Node
fact goal: set Node
fact order: list Node
fact lucky: bool
require apart: start not in goal else ""
sample
  let k = between(1, 2)
  goal = choose(k, Node)
  start = pick(n for n in Node)
  order = shuffled(Node)
  lucky = chance(1/2)
  require first(order) != start
"""


def test_samples_are_drawn_as_it_is_written(pack: Pack) -> None:
    lab = pack.lab(SAMPLE, facts={"start": 0})
    draws = [lab.interpreter.sampled(Random(seed), {}) for seed in range(300)]
    problems = [draw for draw in draws if draw is not None]
    assert 0 < len(problems) < 300
    for problem in problems:
        assert len(problem["goal"]) in (1, 2)
        assert problem["start"] not in problem["goal"]
        assert problem["order"][0] != problem["start"]
        assert sorted(problem["order"]) == [0, 1, 2, 3]
    assert {problem["lucky"] for problem in problems} == {True, False}
    assert {len(problem["goal"]) for problem in problems} == {1, 2}
    assert lab.interpreter.sampled(Random(1), {}) == draws[1]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("let k = between(2, 1)", id="between-nothing"),
        pytest.param("let k = pick(n for n in Node if n > 9)", id="pick-from-nothing"),
        pytest.param("let k = choose(9, Node)", id="choose-too-many"),
        pytest.param("let k = choose(-1, Node)", id="choose-less-than-none"),
        pytest.param("let k = 1 div 0", id="no-value"),
        pytest.param("require false", id="refused"),
    ],
)
def test_a_draw_that_comes_to_nothing(pack: Pack, step: str) -> None:
    lab = pack.lab(f"sort Node = 0..3\nfact start: Node\nsample\n  start = 0\n  {step}\n", facts={"start": 0})
    assert lab.interpreter.sampled(Random(0), {}) is None


# ---------------------------------------------------------------- values as messages show them
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(None, "none", id="none"),
        pytest.param(True, "true", id="bool"),
        pytest.param(Fraction(3, 4), "3/4", id="fraction"),
        pytest.param(Fraction(4, 2), "2", id="whole-fraction"),
        pytest.param((1, (2, "a")), "(1, (2, a))", id="tuple"),
        pytest.param([], "nothing", id="empty"),
        pytest.param({1: True, 2: True}, "1, 2", id="set"),
        pytest.param(list(range(9)), "0, 1, 2, 3, 4, 5, and 3 more", id="long"),
        pytest.param(range(2), "0, 1", id="range"),
        pytest.param(10**30, "100000000000… (31 characters)", id="long-number"),
    ],
)
def test_values_in_messages(value: Any, shown: str) -> None:
    assert show(value) == shown


def test_a_queue_in_a_message(pack: Pack) -> None:
    lab = filled(pack, (1, 5, 0), (2, 1, 3))
    assert show(lab.r[lab.interpreter.evaluator.slot(lab.system.state[0].symbol)]) == "1, 2"
