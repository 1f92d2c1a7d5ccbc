"""What a scanner makes of the words of an item: the same as Lark's tree builder, and ours behind it, make of a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from tracecourt.grammar.automaton import Reduction

Place: TypeAlias = "tuple[int, int]"

NOWHERE = (-1, -1)


class Value(NamedTuple):
    """What a word or a complete rule stands for, and its place.

    `raw` is a leaf (the printed value; while a scanner is compiled, what stands for it), a tuple of raws, or a list of values
    that belong to the rule around it.
    """

    raw: Any
    place: Place


class Found(NamedTuple):
    """An item that is complete."""

    item: str
    arguments: tuple[Any, ...]
    place: Place


class Underflow(Exception):
    """A reduction needs values that were read before."""


@dataclass
class Machine:
    """The values of Lark's stack, those of rules that hold items left out, and the items that were completed."""

    stack: list[Value] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)

    def push(self, raw: Any, place: Place) -> None:
        """A word was read."""
        self.stack.append(Value(raw, place))

    def reduce(self, how: Reduction) -> None:
        """Make a value of the topmost ones, or an item.

        Raises:
            Underflow: when there are too few.
        """
        at = len(self.stack) - how.size
        if at < 0:
            raise Underflow
        parts = self.stack[at:]
        del self.stack[at:]
        kept: list[Value] = []
        for index, inlined in how.kept:
            kept += parts[index].raw if inlined else (parts[index],)
        if how.item:
            place = _place(parts)
            self.found.append(Found(how.item, _raws(kept), (0, 0) if place == NOWHERE else place))
        elif not how.hollow:
            self.stack.append(_value(how, parts, kept))


def _value(how: Reduction, parts: list[Value], kept: list[Value]) -> Value:
    if how.inlined:
        return Value(kept, _place(parts))
    if len(kept) == 1 and (how.lone or not isinstance(kept[0].raw, tuple)):
        return kept[0]
    return Value(_raws(kept), _place(kept))


def _raws(values: Sequence[Value]) -> tuple[Any, ...]:
    return tuple(value.raw for value in values)


def _place(values: Sequence[Value]) -> Place:
    """From the beginning of the first to the end of the last; what has no words is nowhere."""
    placed = [value.place for value in values if value.place != NOWHERE]
    return (placed[0][0], placed[-1][1]) if placed else NOWHERE
