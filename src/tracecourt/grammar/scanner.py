"""The fast way to read a trace: a grammar that is regular, compiled to patterns that read an item at a time.

A scanner reads as Lark does or not at all: what it accepts are the items that `TraceGrammar.read` gives, with the same
arguments at the same places; for anything else it returns None, and Lark decides and words the fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from tracecourt.grammar.assembly import Found, Machine, Place
from tracecourt.grammar.automaton import NotRegular, Reduction
from tracecourt.grammar.items import Raw
from tracecourt.grammar.moves import MARK, Move, Stop, Table, compiled
from tracecourt.grammar.trace_grammar import TraceGrammar

__all__ = ["Convert", "NotRegular", "Refused", "Scan", "Scanner", "compile_scanner"]

DIGITS = 18  # of the longest integer that is read
REMEMBERED = 4  # digits of integers that are not converted anew each time

Convert: TypeAlias = "Callable[[Any], Any] | tuple[Convert, ...] | None"
Converters: TypeAlias = "Mapping[str, Sequence[Convert]]"
Match: TypeAlias = "re.Match[str]"
Arguments: TypeAlias = "tuple[Any, ...]"
Run: TypeAlias = "tuple[_Reader, list[Match]]"


class Refused(Exception):
    """Raised by a converter for printed words that it does not take; the scanner then leaves the text to Lark."""


def compile_scanner(grammar: TraceGrammar, start: str) -> Scanner:
    """The scanner of the rule `document`, `prompt` or `trace`.

    Raises:
        NotRegular: when there is none, with a sentence that says why.
    """
    return Scanner(tuple(sorted(grammar.items)), compiled(grammar, start), {})


class Scan:
    """The items of a text in parallel lists.

    `ids` are indices into the scanner's `items`; `arguments` are raw, or what converters made of them; `starts` and `ends` are
    offsets of characters.
    """

    def __init__(self, ids: list[int], arguments: list[Arguments], places: list[Callable[[], list[Place]]]) -> None:
        self.ids = ids
        self.arguments = arguments
        self._places = places

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def spans(self) -> list[Place]:
        """Where the items begin and end; found when it is asked for."""
        return [place for part in self._places for place in part()]

    @property
    def starts(self) -> list[int]:
        """Where the items begin."""
        return [start for start, _ in self.spans]

    @property
    def ends(self) -> list[int]:
        """Where the items end."""
        return [end for _, end in self.spans]


class Scanner:
    """A compiled grammar; `items` are the names that ids stand for."""

    def __init__(self, items: tuple[str, ...], stops: Mapping[int, Stop], converters: Converters) -> None:
        self.items = items
        self._stops = stops
        self._reading = _Reading(items, converters)
        self._around = {name: self._reading.table(stop.around) for name, stop in stops.items()}
        self._away = {name: self._reading.table(stop.away) for name, stop in stops.items()}

    def typed(self, converters: Converters) -> Scanner:
        """The same scanner with arguments converted: for each item that is named, a function for each of its arguments.

        None leaves an argument raw, a tuple converts the parts of one that has as many. `int` is fast, and takes at most 18
        characters. Where a function raises Refused or ValueError, the scan is None.
        """
        return Scanner(self.items, self._stops, converters)

    def scan(self, text: str) -> Scan | None:
        """The items of a text, or None: then Lark decides. Linear in the length of the text."""
        runs, finish = self._runs(text)
        if finish is None:
            return None
        collected = _Collected(self._reading)
        try:
            for reader, matches in runs:
                collected.add(reader, matches)
            return collected.scan(finish)
        except (Refused, ValueError):
            return None

    def _runs(self, text: str) -> tuple[list[Run], tuple[Reduction, ...] | None]:
        """The matches that cover a text, and what is complete at its end: None where they do not, or it may not end."""
        runs: list[Run] = []
        at = name = 0
        while True:
            around, away = self._around[name], self._away[name]
            if around is not None and (matches := list(iter(around.scanner(text, at).match, None))):
                runs.append((around, matches))
                at = matches[-1].end()
            match = None if away is None else away.match(text, at)
            if away is None or match is None:
                stop = self._stops[name]
                return runs, stop.finish if stop.rest.fullmatch(text, at) else None
            runs.append((away, [match]))
            at, name = match.end(), away.targets[match.lastindex or 0]


class _Reader:
    """A table with what is read from its matches, by their last group."""

    def __init__(self, table: Table, ids: Mapping[str, int], arguments: Sequence[Callable[[Match], Arguments]]) -> None:
        moves = [move or Move(0) for move in table.moves]
        pattern: Any = table.pattern  # a pattern's `scanner` is not in the type
        self.scanner, self.match = pattern.scanner, table.pattern.match
        self.targets = [move.target for move in moves]
        self.ids = [ids.get(move.item, -1) for move in moves]
        self.places = [move.place for move in moves]
        self.programs = [move.program for move in moves]
        self.arguments = arguments
        self.plain = all(program is None for program in self.programs)
        self.marked = any(move is not None and move.item == MARK for move in table.moves)


class _Reading:
    """How the items of a scanner are read."""

    def __init__(self, items: Sequence[str], converters: Converters) -> None:
        self.ids = {name: index for index, name in enumerate(items)}
        self._converters = {name: tuple(how) for name, how in converters.items()}

    def table(self, table: Table | None) -> _Reader | None:
        if table is None:
            return None
        return _Reader(table, self.ids, [self._function(move or Move(0)) for move in table.moves])

    def item(self, found: Found) -> Arguments:
        """The arguments of an item that was put together step by step."""
        how = self._converters.get(found.item)
        return found.arguments if how is None else _converted(how, found.arguments)

    def _function(self, move: Move) -> Callable[[Match], Arguments]:
        """A function that reads the arguments of a plain item, written for it: `lambda m: ((m[2], m[3]), m[4])`."""
        scope: dict[str, Any] = {"integers": _INTEGERS}
        body = _expression(self._converters.get(move.item), move.template, scope)
        function: Callable[[Match], Arguments] = eval(f"lambda m: {body}", scope)
        return function


def _expression(how: Convert, template: Any, scope: dict[str, Any]) -> str:
    if isinstance(template, tuple) and (how is None or isinstance(how, tuple)):
        parts = zip(how or (None,) * len(template), template, strict=True)
        return "(" + "".join(f"{_expression(part, inner, scope)}, " for part, inner in parts) + ")"
    raw = _expression(None, template, scope) if isinstance(template, tuple) else f"m[{template}]"
    if how is None:
        return raw
    if how is int:
        return f"integers[{raw}]"
    name = f"convert{len(scope)}"
    scope[name] = _function(how)
    return f"{name}({raw})"


def _converted(how: Convert, raw: Any) -> Any:
    if how is None:
        return raw
    if how is int:
        return _INTEGERS[raw]
    if isinstance(how, tuple):
        return tuple(_converted(part, inner) for part, inner in zip(how, raw, strict=True))
    return how(raw)


def _function(how: Convert) -> Callable[[Any], Any]:
    return lambda raw: _converted(how, raw)


class _Integers(dict[str, int]):
    """Integers by their words; the short ones are remembered."""

    def __missing__(self, word: Raw) -> int:
        if not isinstance(word, str) or len(word) > DIGITS:
            raise Refused
        number = int(word)
        if len(word) <= REMEMBERED:
            self[word] = number
        return number


_INTEGERS = _Integers()


class _Collected:
    """What is read from matches, in the order of the text."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading
        self._machine = Machine()
        self._ids: list[int] = []
        self._arguments: list[Arguments] = []
        self._places: list[Callable[[], list[Place]]] = []

    def scan(self, finish: tuple[Reduction, ...]) -> Scan:
        """All of it, with what the end of the text completes."""
        for how in finish:
            self._machine.reduce(how)
        self._add_found()
        return Scan(self._ids, self._arguments, self._places)

    def add(self, reader: _Reader, matches: list[Match]) -> None:
        """The items of matches of one table."""
        if reader.plain:
            ids = reader.ids
            self._add_plain(reader, [m for m in matches if ids[m.lastindex or 0] >= 0] if reader.marked else matches)
            return
        for match in matches:
            program = reader.programs[match.lastindex or 0]
            if program is None:
                self.add_one(reader, match)
            else:
                self._run(program, match)
        self._add_found()

    def add_one(self, reader: _Reader, match: Match) -> None:
        """The item of a match of a plain move among others."""
        self._add_found()
        self._add_plain(reader, [match] if reader.ids[match.lastindex or 0] >= 0 else [])

    def _add_plain(self, reader: _Reader, matches: list[Match]) -> None:
        ids, arguments, groups = reader.ids, reader.arguments, reader.places
        self._ids += [ids[m.lastindex] for m in matches]  # type: ignore[index]  # every move is a group
        self._arguments += [arguments[m.lastindex](m) for m in matches]  # type: ignore[index]
        self._places.append(lambda: [m.span(groups[m.lastindex]) for m in matches])  # type: ignore[index]

    def _run(self, program: Sequence[Reduction | tuple[int, int]], match: Match) -> None:
        machine = self._machine
        for step in program:
            if isinstance(step, Reduction):
                machine.reduce(step)
            else:
                machine.push(match[step[0]], match.span(step[1]))

    def _add_found(self) -> None:
        found, self._machine.found = self._machine.found, []
        if found:
            self._ids += [self._reading.ids[one.item] for one in found]
            self._arguments += map(self._reading.item, found)
            self._places.append(lambda: [one.place for one in found])
