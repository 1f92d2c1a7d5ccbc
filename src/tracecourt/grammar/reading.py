"""From the matches of a scanner to items: functions written for each leg, with the converters that a caller asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from tracecourt.grammar.assembly import Bounds, Code, Emission, Expression, lone, whole
from tracecourt.grammar.legs import Leg, Lines, Table

DIGITS = 18  # of the longest integer that is read
REMEMBERED = 4  # digits of integers that are not converted anew each time

Match: TypeAlias = "re.Match[str]"
Arguments: TypeAlias = "tuple[Any, ...]"
Place: TypeAlias = "tuple[int, int]"
Convert: TypeAlias = "Callable[[Any], Any] | tuple[Convert, ...] | None"
Converters: TypeAlias = "Mapping[str, Sequence[Convert]]"

# Does what a leg does: of a match, with what was left before, to ids, arguments and places.
Perform: TypeAlias = "Callable[[Match | None, list[Any], list[int], list[Arguments], list[Place]], None]"


class Refused(Exception):
    """Raised by a converter for printed words that it does not take; the scanner then leaves the text to Lark."""


class Reader:
    """What is read from the matches of a table, by their last group."""

    def __init__(self, table: Table, writer: Writer) -> None:
        legs = [leg or Leg(0, plain=True, lines=()) for leg in table.legs]
        pattern: Any = re.compile(table.pattern)
        self.scanner, self.match = pattern.scanner, pattern.match  # `scanner` gives matches one behind the other
        self.targets = [leg.target for leg in legs]
        self.performs = [writer.perform(writer.spelled(leg)) for leg in legs]
        self.plain = all(leg is None or leg.emission is not None for leg in table.legs)
        self.ids = [writer.id(leg.emission) for leg in legs]
        self.arguments = [writer.arguments(leg) for leg in legs] if self.plain else []


class Writer:
    """Writes functions that read items as a caller wants them."""

    def __init__(self, items: Sequence[str], converters: Converters) -> None:
        self._ids = {name: index for index, name in enumerate(items)}
        self._converters = {name: tuple(how) for name, how in converters.items()}
        self._scope: dict[str, Any] = {"integers": INTEGERS, "lone": lone, "whole": whole}

    def id(self, emission: Emission | None) -> int:
        """The number of an item, -1 for none."""
        return -1 if emission is None else self._ids[emission.item]

    def arguments(self, leg: Leg) -> Callable[[Match], Arguments]:
        """A function for the arguments of a plain leg, such as `lambda m: ((m[2], m[3]), m[4])`."""
        body = "()" if leg.emission is None else self._arguments(leg.emission)
        function: Callable[[Match], Arguments] = eval(f"lambda m: {body}", self._scope)
        return function

    def perform(self, lines: Sequence[str]) -> Perform:
        """A function of these lines."""
        source = "\n  ".join(["def perform(m, stack, ids, arguments, places):", *lines, "pass"])
        found: dict[str, Perform] = {}
        exec(source, self._scope, found)
        return found["perform"]

    def spelled(self, leg: Leg) -> list[str]:
        """The lines of a leg, its items written out."""
        return self.lines(leg.lines, f"m.span({leg.place})" if leg.plain else "")

    def lines(self, lines: Lines, place: str = "") -> list[str]:
        """Lines with their items written out; `place` is that of an item, if its bounds do not say it."""
        return [part for line in lines for part in ([line] if isinstance(line, str) else self._emitted(line, place))]

    def _emitted(self, emission: Emission, place: str) -> list[str]:
        return [
            f"ids.append({self.id(emission)})",
            f"arguments.append({self._arguments(emission)})",
            f"places.append({place or _place(emission.bounds)})",
        ]

    def _arguments(self, emission: Emission) -> str:
        return self._expression(self._converters.get(emission.item), emission.arguments)

    def _expression(self, how: Convert, raw: Expression) -> str:
        """The expression for a raw argument, converted."""
        if isinstance(raw, tuple) and (how is None or isinstance(how, tuple)):
            parts = zip(how or (None,) * len(raw), raw, strict=True)
            return "(" + "".join(f"{self._expression(part, inner)}, " for part, inner in parts) + ")"
        if how is not None:
            return f"{self._name(how)}({self._expression(None, raw)})" if how is not int else f"integers[{_text(raw)}]"
        return self._expression(None, raw) if isinstance(raw, tuple) else _text(raw)

    def _name(self, how: Convert) -> str:
        name = f"convert{len(self._scope)}"
        self._scope[name] = how if callable(how) else lambda raw: _converted(how, raw)
        return name


def _text(raw: Expression) -> str:
    if isinstance(raw, tuple):
        return "(" + "".join(f"{_text(part)}, " for part in raw) + ")"
    return raw.text if isinstance(raw, Code) else f"m[{raw}]"


def _place(bounds: Bounds | None) -> str:
    """An item without words stands at the beginning, as it does for Lark."""
    if bounds is None:
        return "(0, 0)"
    return f"({bounds.start}, {bounds.end})" if bounds.sure else f"(max({bounds.start}, 0), max({bounds.end}, 0))"


def _converted(how: Convert, raw: Any) -> Any:
    if how is None:
        return raw
    if isinstance(how, tuple):
        return tuple(_converted(part, inner) for part, inner in zip(how, raw, strict=True))
    return INTEGERS[raw] if how is int else how(raw)


class _Integers(dict[Any, int]):
    """Integers by their words; the short ones are remembered."""

    def __missing__(self, word: Any) -> int:
        if not isinstance(word, str) or len(word) > DIGITS:
            raise Refused
        number = int(word)
        if len(word) <= REMEMBERED:
            self[word] = number
        return number


INTEGERS = _Integers()
