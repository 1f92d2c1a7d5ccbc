"""Lowered systems against the interpreter: what formats use seldom, expression by expression, run by Python."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.packs import Lab, Pack, block
from tracecourt.engines.flat import runtime
from tracecourt.engines.flat.layout import NotFlat
from tracecourt.engines.flat.machine import machine
from tracecourt.engines.flat.outcomes import ELSEWHERE, OUT, SOUND, UNSOUND
from tracecourt.engines.flat.tape import tape_sorts
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.declarations import END

Events = Sequence[tuple[str, tuple[Any, ...]]]
LEFT = "another engine"


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


class Flat:
    """The lowered system of a laboratory, and the interpreter beside it."""

    def __init__(self, lab: Lab) -> None:
        self.lab, system = lab, lab.system
        self.items = sorted([*(f.name for f in system.facts), *system.events, END])
        self.sorts = tape_sorts(system, self.items, END)
        settled = {p.symbol.name for p in system.params if p.inferred is None}
        settings = {name: value for name, value in lab.params.items() if name in settled}
        self.machine = machine(system, self.items, settings, declared=True, end=END)
        self.scope: dict[str, Any] = {**vars(runtime), "table": tuple}
        exec(compile(self.machine.source, "<flat>", "exec"), self.scope)
        self.memory = memoryview(mmap.mmap(-1, 8 * self.machine.memory)).cast("q")

    def judged(self, events: Events) -> Any:
        """The first broken rule and its event; None where none is broken; LEFT where another engine decides."""
        tape = [cell for item, *values in (*self._facts(), *events, (END, ())) for cell in self._stated(item, *values)]
        none = [0] * len(self.machine.params)
        out = [0] * (len(OUT) + len(none))
        outcome = self.scope["judge"]([*tape, *[0] * 16], len(tape), none, none, self.memory, out)
        if outcome == ELSEWHERE:
            return LEFT
        assert outcome in (SOUND, UNSOUND)
        return None if outcome == SOUND else (self.machine.rules[out[0]].name, out[1])

    def expected(self, events: Events) -> Any:
        interpreter = self.lab.interpreter
        r = interpreter.saved(self.lab.r)
        for index, (name, arguments) in enumerate(events):
            action = interpreter.actions[name]
            broken = [rule for rule in interpreter.broken(action, r, arguments) if rule.level in ir.SOUND_LEVELS]
            if broken:
                return broken[0].name, index
            interpreter.apply(action, r, arguments)
        return None

    def agree(self, events: Events, *, left: bool = False) -> Any:
        """Assert that both say the same; or, where that is told, that the lowered one says nothing."""
        found = self.judged(events)
        expected = self.expected(events)
        assert found == (LEFT if left else expected), (events, expected)
        return found

    def _facts(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        for fact in self.lab.system.facts:
            value = self.lab.facts.get(fact.name, ())
            match fact.sort:
                case t.Map():
                    yield from ((fact.name, pair) for pair in dict(value).items())
                case t.Collection():
                    yield from ((fact.name, (element,)) for element in value)
                case _:
                    yield fact.name, (value,)

    def _stated(self, item: str, arguments: tuple[Any, ...]) -> Iterable[int]:
        yield self.items.index(item)
        for sort, value in zip(self.sorts[item], arguments, strict=True):
            yield from cells(sort, value)


def cells(sort: t.Sort, value: Any) -> Iterable[int]:
    """The cells of a value on the tape."""
    match sort:
        case t.Enum(members=members):
            yield members.index(value)
        case t.Tuple(fields=fields):
            for (_, inner), part in zip(fields, value, strict=True):
                yield from cells(inner, part)
        case t.List(element=element):
            yield len(value)
            for part in value:
                yield from cells(element, part)
        case _:
            yield int(value)


DOMAIN = """
sort Node = 0..9
sort Color = enum {red, green, blue}
sort Warm = enum {blue, red}
sort Spot = (x: 0..3, y: 0..3)
param weight: rational = 3/2
param moves: list (int, int) = [(1, 0), (0, 1), (-1, 0)]
fact edge: map (Node, Node) -> int
fact arc: set (Node, Node)
fact tint: map Node -> Color
fact up: map Node -> Node
fact num: list int
fact some: set Node
fact hue: set Color
fact big: int
fact small: Node
"""
FACTS: dict[str, Any] = {
    "edge": {(1, 2): 4, (1, 3): 1, (3, 2): 2, (2, 4): 7, (4, 1): 3, (3, 5): 9},
    "arc": dict.fromkeys([(1, 2), (2, 3), (3, 1), (2, 5)]),
    "tint": {1: "red", 2: "blue", 4: "red", 7: "green"},
    "up": {1: 0, 2: 1, 3: 2, 6: 7, 7: 8, 8: 6, 5: 9},
    "num": [3, 1, 2, 3, 7],
    "some": dict.fromkeys([2, 3, 5]),
    "hue": dict.fromkeys(["red", "green"]),
    "big": 2_000_000_000,
    "small": 4,
}
INTS = range(-3, 30)


def asked(pack: Pack, expressions: Iterable[str], more: str = "", sort: str = "int") -> Flat:
    """Events `ask0`, `ask1`, … that ask whether an expression is equal to their argument."""
    domain, procedure = DOMAIN + more, ""
    for i, e in enumerate(expressions):
        domain += f"def is{i}(v: {sort}): bool = {e} = v\n"
        procedure += f'needs is{i}(v: {sort}): bool\nevent ask{i}(v: {sort})\n  require grounded is: is{i}(v)\n    else ""\n'
    return Flat(pack.lab(domain, procedure, FACTS))
