"""The fast way to read a trace: a grammar that is regular, compiled to patterns that read an item at a time.

A scanner reads as Lark does or not at all: what it accepts are the items that `TraceGrammar.read` gives, with the same
arguments at the same places; for anything else it returns None, and Lark decides and words the fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from tracecourt.grammar.automaton import NotRegular
from tracecourt.grammar.legs import Stop, compiled
from tracecourt.grammar.reading import Arguments, Convert, Converters, Match, Perform, Place, Reader, Refused, Writer
from tracecourt.grammar.trace_grammar import TraceGrammar
from tracecourt.grammar.words import Map, Splitter, Unsplit, mapped

__all__ = ["Convert", "NotRegular", "Refused", "Scan", "Scanner", "compile_scanner"]

MANY = 4  # matches of items alone, from which on they are read all at once

Run: TypeAlias = "tuple[Reader, list[Match]]"


def compile_scanner(grammar: TraceGrammar, start: str) -> Scanner:
    """The scanner of the rule `document`, `prompt` or `trace`, made once for each grammar that is loaded.

    Raises:
        NotRegular: when there is none, with a sentence that says why.
    """
    if start not in grammar.made:
        try:
            chart = mapped(grammar, start)
        except Unsplit:
            chart = None
        grammar.made[start] = Scanner(tuple(sorted(grammar.items)), compiled(grammar, start), chart, {})
    made: Scanner = grammar.made[start]
    return made


class Scan:
    """The items of a text in parallel lists.

    `ids` are indices into the scanner's `items`, `kinds` are those that occur; `arguments` are raw, or what
    converters made of them.
    """

    def __init__(self, ids: list[int], arguments: list[Arguments], spans: Callable[[], list[Place]]) -> None:
        self.ids, self.arguments, self._find = ids, arguments, spans
        self.kinds = set(ids)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def spans(self) -> list[Place]:
        """Where the items begin and end, as offsets of characters; most who ask for the items do not ask for this."""
        return self._find()

    @property
    def starts(self) -> list[int]:
        """Where the items begin."""
        return [start for start, _ in self.spans]

    @property
    def ends(self) -> list[int]:
        """Where the items end."""
        return [end for _, end in self.spans]


def _read(runs: list[Run], finish: Perform) -> Scan:
    """The items of matches; `finish` does what the end of the text completes."""
    ids: list[int] = []
    arguments: list[Arguments] = []
    places: list[Place] = []
    stack: list[Any] = []
    for reader, matches in runs:
        if reader.plain and len(matches) >= MANY:
            legs: list[Any] = [m.lastindex for m in matches]
            ids += map(reader.ids.__getitem__, legs)
            arguments += [reader.arguments[leg](m) for leg, m in zip(legs, matches, strict=True)]
        else:
            _perform(reader, matches, stack, ids, arguments, places)
    finish(None, stack, ids, arguments, places)
    return Scan(ids, arguments, lambda: _places(runs, finish))


def _places(runs: list[Run], finish: Perform) -> list[Place]:
    places: list[Place] = []
    stack: list[Any] = []
    for reader, matches in runs:
        _perform(reader, matches, stack, [], [], places)
    finish(None, stack, [], [], places)
    return places


def _perform(
    reader: Reader, matches: list[Match], stack: list[Any], ids: list[int], arguments: list[Arguments], places: list[Place]
) -> None:
    performs = reader.performs
    for match in matches:
        performs[match.lastindex or 0](match, stack, ids, arguments, places)


class Scanner:
    """A compiled grammar; `items` are the names that ids stand for."""

    def __init__(self, items: tuple[str, ...], stops: Mapping[int, Stop], chart: Map | None, converters: Converters) -> None:
        self.items = items
        self._stops, self._chart, self._converters = stops, chart, converters
        self._writer = Writer(items, converters)
        self._ready: dict[int, _Stop] = {}  # those that a text has come to: patterns take their time to compile

    def typed(self, converters: Converters) -> Scanner:
        """The same scanner with arguments converted: for each item that is named, a function for each of its arguments.

        None leaves an argument raw, a tuple converts the parts of one that has as many. `int` is fast, and takes at most 18
        characters. Where a function raises Refused or ValueError, the scan is None.
        """
        return Scanner(self.items, self._stops, self._chart, converters)

    @cached_property
    def _splitter(self) -> Splitter | None:
        try:
            return None if self._chart is None else Splitter(self.items, self._chart, self._converters)
        except Unsplit:
            return None

    def scan(self, text: str) -> Scan | None:
        """The items of a text, or None: then Lark decides. Linear in the length of the text."""
        splitter = self._splitter
        if splitter is not None and (found := splitter.read(text)) is not None:
            return Scan(*found, lambda: self._spans(text))
        runs, finish = self._matched(text)
        try:
            return None if finish is None else _read(runs, finish)
        except (Refused, ValueError):
            return None

    def _spans(self, text: str) -> list[Place]:
        """The places of the items of a text that was split."""
        runs, finish = self._matched(text)
        assert finish is not None, "words make a text that patterns refuse"
        return _places(runs, finish)

    def _matched(self, text: str) -> tuple[list[Run], Perform | None]:
        """The matches that cover a text, and what its end completes: None where they do not, or where it may not end."""
        runs: list[Run] = []
        at = name = 0
        while True:
            here = self._ready.get(name) or self._compiled(name)
            around, away = here.around, here.away
            if around is not None and (matches := list(iter(around.scanner(text, at).match, None))):
                runs.append((around, matches))
                at = matches[-1].end()
            match = None if away is None else away.match(text, at)
            if away is None or match is None:
                return runs, here.finish if here.rest.fullmatch(text, at) else None
            runs.append((away, [match]))
            at, name = match.end(), away.targets[match.lastindex or 0]

    def _compiled(self, name: int) -> _Stop:
        stop, writer = self._stops[name], self._writer
        self._ready[name] = _Stop(
            around=Reader(stop.around, writer) if stop.around else None,
            away=Reader(stop.away, writer) if stop.away else None,
            rest=re.compile(stop.rest),
            finish=None if stop.finish is None else writer.perform(writer.lines(stop.finish)),
        )
        return self._ready[name]


@dataclass(frozen=True)
class _Stop:
    """A stop, ready to be scanned from."""

    around: Reader | None
    away: Reader | None
    rest: re.Pattern[str]
    finish: Perform | None
