"""The moves of a scanner: a way between two stops of an automaton, as a pattern and as what is read from its match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tracecourt.grammar.assembly import Found, Machine, Underflow, Value
from tracecourt.grammar.automaton import Automaton, Edge, NotRegular, Reduction, paths
from tracecourt.grammar.terminals import Terminal
from tracecourt.grammar.trace_grammar import TraceGrammar

Step: TypeAlias = "Reduction | tuple[int, int]"  # or the groups of a word: of its value, and of all of it

MARK = ""  # the item of a move that is none


@dataclass(frozen=True)
class Move:
    """A way to the next stop. A plain one, without program, is a whole item or a mark, and leaves nothing behind.

    `template` has the arguments of the item, with the group of its value for each word; `place` is the group of all of it.
    """

    target: int
    item: str = MARK
    template: tuple[Any, ...] = ()
    place: int = 0
    program: tuple[Step, ...] | None = None


@dataclass(frozen=True)
class Table:
    """Moves from one stop, as one pattern: the last group of a match says which."""

    pattern: re.Pattern[str]
    moves: tuple[Move | None, ...]

    def move(self, match: re.Match[str]) -> Move:
        """The move of a match."""
        found = self.moves[match.lastindex or 0]
        if found is None:
            raise AssertionError(match)
        return found


@dataclass(frozen=True)
class Stop:
    """Where moves end: those that come back here, those that lead away, and how a text may end (None: it may not)."""

    around: Table | None
    away: Table | None
    rest: re.Pattern[str]
    finish: tuple[Reduction, ...] | None


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
        rest=re.compile(state.ignored),
        finish=state.finish,
    )


def _table(grammar: TraceGrammar, automaton: Automaton, ignored: str, ways: Sequence[Sequence[Edge]]) -> Table | None:
    if not ways:
        return None
    moves: dict[int, Move] = {}
    patterns: list[str] = []
    groups = 0
    for way in ways:
        written = _Written(grammar, automaton, way, groups + 1)
        moves[groups + 1] = written.move
        patterns.append(f"({written.pattern})")
        groups = written.groups
    pattern = re.compile(f"{ignored}(?:{'|'.join(patterns)})")
    return Table(pattern, tuple(moves.get(group) for group in range(groups + 1)))


class _Written:
    """A way as a pattern, inside a group whose number is given, and what its match is read as."""

    def __init__(self, grammar: TraceGrammar, automaton: Automaton, way: Sequence[Edge], group: int) -> None:
        self.grammar, self.way, self.groups = grammar, way, group
        self._words: dict[int, tuple[int, int]] = {}
        self._place = group
        plain = _plain(way)
        needed, span = (range(len(way)), None) if plain is None else _needs(plain, len(way))
        gaps = ["", *(automaton.states[edge.target].ignored for edge in way)]
        self.pattern = "".join(gaps[i] + self._written(i, i in needed, span) for i in range(len(way)))
        self.move = self._program() if plain is None else self._item(plain)

    def _written(self, index: int, needed: bool, span: tuple[int, int] | None) -> str:
        """The pattern of a word, in a group of its own where it is needed; the groups of the item's ends around it."""
        edge = self.way[index]
        text = edge.pattern
        opened = span is not None and span[0] == index
        if opened:
            self.groups += 1
            self._place = self.groups
        inner = re.compile(text).groups
        valued = self.grammar.terminals[edge.terminal].valued
        if needed and not (valued and span is not None):
            text = f"({text})"
            self.groups += 1
            inner_at, whole = self.groups, self.groups
            self._words[index] = (inner_at + inner if valued else whole, whole)
        elif needed:
            self._words[index] = (self.groups + inner, self.groups + inner)
        self.groups += inner
        return ("(" if opened else "") + text + (")" if span is not None and span[1] == index else "")

    def _item(self, plain: Sequence[Found]) -> Move:
        target = self.way[-1].target
        if not plain:
            return Move(target)
        template = _renamed(plain[0].arguments, {index: groups[0] for index, groups in self._words.items()})
        return Move(target, plain[0].item, template, self._place)

    def _program(self) -> Move:
        program: list[Step] = []
        for index, edge in enumerate(self.way):
            program += (self._words[index] if action is None else action for action in edge.actions)
        return Move(self.way[-1].target, program=tuple(program))


def _plain(way: Sequence[Edge]) -> list[Found] | None:
    """The item of a way, with the numbers of its words as arguments, if it is one or none and leaves nothing behind."""
    machine = Machine()
    try:
        for index, edge in enumerate(way):
            for action in edge.actions:
                if action is None:
                    machine.stack.append(Value(index, (index, index)))
                else:
                    machine.reduce(action)
    except Underflow:
        return None
    return None if machine.stack or len(machine.found) > 1 else machine.found


def _needs(plain: Sequence[Found], words: int) -> tuple[set[int], tuple[int, int]]:
    """The words of a plain way whose values are wanted, and the item's first and last word if it does not fill the way."""
    if not plain:
        return set(), (-1, -1)
    first, last = plain[0].place
    return set(leaves(plain[0].arguments)), (-1, -1) if (first, last) == (0, words - 1) else (first, last)


def leaves(template: Any) -> Iterable[int]:
    """The numbers in a template, from left to right."""
    if isinstance(template, tuple):
        for part in template:
            yield from leaves(part)
    else:
        yield template


def _renamed(template: Any, names: Mapping[int, int]) -> Any:
    return tuple(_renamed(part, names) for part in template) if isinstance(template, tuple) else names[template]
