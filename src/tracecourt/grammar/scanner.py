"""The fast way to read a trace: a grammar that is regular, compiled to patterns that read an item at a time.

A scanner reads as Lark does or not at all: what it accepts are the items that `TraceGrammar.read` gives, with the same
arguments at the same places; for anything else it returns None, and Lark decides and words the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

from tracecourt.grammar.automaton import NotRegular
from tracecourt.grammar.moves import Stop, compiled
from tracecourt.grammar.reading import Act, Arguments, Convert, Converters, Match, Place, Reader, Refused, Writer
from tracecourt.grammar.trace_grammar import TraceGrammar

__all__ = ["Convert", "NotRegular", "Refused", "Scan", "Scanner", "compile_scanner"]

Run: TypeAlias = "tuple[Reader, list[Match]]"


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

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.arguments: list[Arguments] = []
        self._places: list[Callable[[], list[Place]]] = []

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def spans(self) -> list[Place]:
        """Where the items begin and end; looked up when it is asked for."""
        return [place for part in self._places for place in part()]

    @property
    def starts(self) -> list[int]:
        """Where the items begin."""
        return [start for start, _ in self.spans]

    @property
    def ends(self) -> list[int]:
        """Where the items end."""
        return [end for _, end in self.spans]

    def _add(self, reader: Reader, matches: list[Match], stack: list[Any]) -> None:
        """The items of matches; `stack` holds what is not complete."""
        if reader.plain:
            self._add_plain(reader, matches)
            return
        places: list[Place] = []
        for match in matches:
            reader.acts[match.lastindex or 0](match, stack, self.ids, self.arguments, places)
        self._places.append(lambda: places)

    def _add_plain(self, reader: Reader, matches: list[Match]) -> None:
        ids, arguments, groups = reader.ids, reader.arguments, reader.places
        if reader.marked:
            matches = [m for m in matches if ids[m.lastindex or 0] >= 0]
        moves: list[Any] = [m.lastindex for m in matches]
        self.ids += [ids[move] for move in moves]
        self.arguments += [arguments[move](m) for move, m in zip(moves, matches, strict=True)]
        self._places.append(lambda: [m.span(groups[move]) for move, m in zip(moves, matches, strict=True)])

    def _close(self, finish: Act, stack: list[Any]) -> None:
        """The items that the end of the text completes."""
        places: list[Place] = []
        finish(None, stack, self.ids, self.arguments, places)
        self._places.append(lambda: places)


class Scanner:
    """A compiled grammar; `items` are the names that ids stand for."""

    def __init__(self, items: tuple[str, ...], stops: Mapping[int, Stop], converters: Converters) -> None:
        self.items = items
        self._stops = stops
        writer = Writer(items, converters)
        self._around = {name: Reader(stop.around, writer) if stop.around else None for name, stop in stops.items()}
        self._away = {name: Reader(stop.away, writer) if stop.away else None for name, stop in stops.items()}
        self._finish = {name: writer.act(writer.lines(stop.finish)) for name, stop in stops.items() if stop.finish is not None}

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
        scan, stack = Scan(), list[Any]()
        try:
            for reader, matches in runs:
                scan._add(reader, matches, stack)
            scan._close(finish, stack)
        except (Refused, ValueError):
            return None
        return scan

    def _runs(self, text: str) -> tuple[list[Run], Act | None]:
        """The matches that cover a text, and what its end completes: None where they do not, or where it may not end."""
        runs: list[Run] = []
        at = name = 0
        while True:
            around, away = self._around[name], self._away[name]
            if around is not None and (matches := list(iter(around.scanner(text, at).match, None))):
                runs.append((around, matches))
                at = matches[-1].end()
            match = None if away is None else away.match(text, at)
            if away is None or match is None:
                return runs, self._finish.get(name) if self._stops[name].rest.fullmatch(text, at) else None
            runs.append((away, [match]))
            at, name = match.end(), away.targets[match.lastindex or 0]
