"""The legs of a scanner: a way between two stops of an automaton, as a pattern and as what is read from its match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from tracecourt.grammar.assembly import Assembly, Code, Emission, Expression
from tracecourt.grammar.automaton import Automaton, Edge, NotRegular, Reduction, paths
from tracecourt.grammar.terminals import Terminal
from tracecourt.grammar.trace_grammar import TraceGrammar

Lines: TypeAlias = "tuple[str | Emission, ...]"

PLACEHOLDER = re.compile(r"\b([VSE])([0-9]+)\b")  # value, start and end of a word, in lines that were put together


@dataclass(frozen=True)
class Leg:
    """A way to the next stop.

    A plain one is an item or a mark that belongs to none, and leaves nothing behind; `place` is the group of the item. In all
    others, lines say what to do. A word is known by the group of its value.
    """

    target: int
    plain: bool
    lines: Lines
    place: int = 0

    @property
    def emission(self) -> Emission | None:
        """The item of a plain leg."""
        return next((line for line in self.lines if self.plain and isinstance(line, Emission)), None)


@dataclass(frozen=True)
class Table:
    """Moves from one stop, as one pattern, not compiled yet: the last group of a match says which."""

    pattern: str
    legs: tuple[Leg | None, ...]


@dataclass(frozen=True)
class Stop:
    """Where legs end: those that come back here, those that lead away, and how a text may end (None: it may not)."""

    around: Table | None
    away: Table | None
    rest: str
    finish: Lines | None


def compiled(grammar: TraceGrammar, start: str) -> dict[int, Stop]:
    """The stops of a start rule; the first is 0.

    Raises:
        NotRegular: when it has no scanner.
    """
    automaton = Automaton.of(grammar, start)
    for terminal in grammar.terminals.values():
        _refuse(terminal)
    return {stop: _stop(grammar, automaton, stop, ways) for stop, ways in paths(automaton).items()}


def _refuse(terminal: Terminal) -> None:
    if terminal.literal is None and (re.compile(terminal.pattern).groupindex or re.search(r"\\[1-9]", terminal.pattern)):
        raise NotRegular(f"the terminal {terminal.name} has a named group, or refers back to one")


def _stop(grammar: TraceGrammar, automaton: Automaton, stop: int, ways: Sequence[Sequence[Edge]]) -> Stop:
    state = automaton.states[stop]
    around = [way for way in ways if way[-1].target == stop]
    away = [way for way in ways if way[-1].target != stop]
    return Stop(
        around=_table(grammar, automaton, state.ignored, around),
        away=_table(grammar, automaton, state.ignored, away),
        rest=state.ignored,
        finish=None if state.finish is None else finished(state.finish),
    )


def finished(actions: Sequence[Reduction]) -> Lines:
    """What to do at the end of a text, up to its last item."""
    assembly = Assembly()
    for action in actions:
        assembly.reduce(action)
    last = max((i + 1 for i, line in enumerate(assembly.lines) if isinstance(line, Emission)), default=0)
    return tuple(assembly.lines[:last])


def _table(grammar: TraceGrammar, automaton: Automaton, ignored: str, ways: Sequence[Sequence[Edge]]) -> Table | None:
    if not ways:
        return None
    legs: dict[int, Leg] = {}
    patterns: list[str] = []
    groups = 0
    for way in ways:
        written = _Written(grammar, automaton, way, groups + 1)
        legs[groups + 1] = written.leg
        patterns.append(f"({written.pattern})")
        groups = written.groups
    return Table(f"{ignored}(?:{'|'.join(patterns)})", tuple(legs.get(group) for group in range(groups + 1)))


class _Written:
    """A way as a pattern, inside a group whose number is given, and what its match is read as."""

    def __init__(self, grammar: TraceGrammar, automaton: Automaton, way: Sequence[Edge], group: int) -> None:
        self.grammar, self.way, self.groups = grammar, way, group
        self._value: dict[int, int] = {}  # the groups of words: of their value, and of all of them
        self._all: dict[int, int] = {}
        assembly = assembled(way)
        used = set(_used(assembly.lines, places=not assembly.plain))
        first, last = _ends(assembly)
        inner = (first, last) != (0, len(way) - 1)
        gaps = ["", *(automaton.states[edge.target].ignored for edge in way)]
        pattern = ""
        place = group
        for index in range(len(way)):
            pattern += gaps[index]
            if inner and index == first:
                self.groups += 1
                place = self.groups
                pattern += "("
            pattern += self._word(index, used) + (")" if inner and index == last else "")
        self.pattern = pattern
        self.leg = Leg(way[-1].target, assembly.plain, tuple(map(self._renamed, assembly.lines)), place)

    def _word(self, index: int, used: set[tuple[str, int]]) -> str:
        """The pattern of a word, in a group of its own where its value or place is used."""
        edge = self.way[index]
        valued = self.grammar.terminals[edge.terminal].valued
        wrapped = bool({("S", index), ("E", index)} & used) or (("V", index) in used and not valued)
        if wrapped:
            self.groups += 1
            self._all[index] = self.groups
        self.groups += re.compile(edge.pattern).groups
        self._value[index] = self.groups if valued else self._all.get(index, 0)  # its own group is the last one
        return f"({edge.pattern})" if wrapped else edge.pattern

    def _renamed(self, line: str | Emission) -> str | Emission:
        """A line with groups for numbers of words."""
        if isinstance(line, str):
            return PLACEHOLDER.sub(self._group, line)
        bounds = line.bounds
        if bounds is not None:
            bounds = replace(
                bounds, start=PLACEHOLDER.sub(self._group, bounds.start), end=PLACEHOLDER.sub(self._group, bounds.end)
            )
        return replace(line, arguments=self._grouped(line.arguments), bounds=bounds)

    def _group(self, found: re.Match[str]) -> str:
        kind, index = found[1], int(found[2])
        if kind == "V":
            return f"m[{self._value[index]}]"
        # A plain leg has a group for the place of its item instead.
        return f"m.{'start' if kind == 'S' else 'end'}({self._all.get(index, 0)})"

    def _grouped(self, raw: Expression) -> Expression:
        match raw:
            case Code(text=text):
                return Code(PLACEHOLDER.sub(self._group, text))
            case int():
                return self._value[raw]
        return tuple(map(self._grouped, raw))


def assembled(way: Sequence[Edge]) -> Assembly:
    """What is put together from the words of a way."""
    assembly = Assembly()
    for index, edge in enumerate(way):
        for action in edge.actions:
            if action is None:
                assembly.word(index)
            else:
                assembly.reduce(action)
    assembly.leave()
    return assembly


def _ends(assembly: Assembly) -> tuple[int, int]:
    """The first and last word of the item of a plain way; nothing for others."""
    line = assembly.lines[0] if assembly.plain and assembly.lines else None
    if not isinstance(line, Emission) or line.bounds is None:
        return (-1, -1)
    return int(line.bounds.start[1:]), int(line.bounds.end[1:])


def _used(lines: Sequence[str | Emission], *, places: bool) -> Iterator[tuple[str, int]]:
    """What of which words is used in lines: `V` its value, `S` and `E` its beginning and end."""
    for line in lines:
        if isinstance(line, Emission):
            yield from _used_in(line.arguments)
            if places and line.bounds is not None:
                yield from _used([line.bounds.start, line.bounds.end], places=True)
        else:
            yield from ((kind, int(number)) for kind, number in PLACEHOLDER.findall(line))


def _used_in(raw: Expression) -> Iterator[tuple[str, int]]:
    match raw:
        case Code(text=text):
            yield from _used([text], places=True)
        case int():
            yield ("V", raw)
        case _:
            for part in raw:
                yield from _used_in(part)
