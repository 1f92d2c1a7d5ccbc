"""The fastest way to read a trace: where blanks separate all words, a text is split at them and its words are looked up.

What is read this way is what the patterns of `scanner.py` read. A word is looked up with its value converted; it is matched
with the pattern of its terminal when it is met for the first time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from re import _constants as op
from re import _parser as patterns
from typing import Any

from tracecourt.grammar.assembly import Code, Emission, Expression
from tracecourt.grammar.automaton import Automaton, Edge, paths
from tracecourt.grammar.legs import Lines, assembled, finished
from tracecourt.grammar.reading import INTEGERS, Arguments, Convert, Converters, Refused
from tracecourt.grammar.terminals import Terminal
from tracecourt.grammar.trace_grammar import TraceGrammar

ODD = "\x0b\x0c\x1c\x1d\x1e\x1f"  # where `split` splits too
LONGEST, MOST = 24, 50_000  # characters of a word that is remembered, and words

Read = Callable[[list[str], list[int], list[Arguments]], bool]


class Unsplit(Exception):
    """The grammar has words that cannot be known from a text that was split."""


@dataclass(frozen=True)
class Way:
    """A number of words behind one another: the terminals that each may be, the items that they are, where they lead."""

    edges: tuple[tuple[Edge, ...], ...]
    emissions: tuple[Emission, ...]
    target: int


@dataclass(frozen=True)
class Place:
    """Where ways begin: those with a keyword in front, one without; what the end of a text completes, if it may end."""

    keyed: Mapping[str, Way]
    other: Way | None
    finish: tuple[Emission, ...] | None


@dataclass(frozen=True)
class Map:
    """All ways of a start rule. `blanks` are the characters that separate words."""

    blanks: frozenset[str]
    places: Mapping[int, Place]
    terminals: Mapping[str, Terminal]


def mapped(grammar: TraceGrammar, start: str) -> Map:
    """The ways of a start rule.

    Raises:
        Unsplit: when its words cannot be known from a text that was split.
        NotRegular: as for a scanner.
    """
    automaton = Automaton.of(grammar, start)
    kinds = {_blanks(state.ignored) for state in automaton.states}
    if len(kinds) > 1:
        raise Unsplit
    blanks = kinds.pop()
    for edge in {edge.pattern: edge for state in automaton.states for edge in state.edges}.values():
        _stays_in_its_word(patterns.parse(edge.pattern), blanks)
    ways = {stop: [_way(way) for way in ways] for stop, ways in paths(automaton).items()}
    return Map(blanks, {s: _place(grammar, automaton.states[s].finish, w) for s, w in ways.items()}, grammar.terminals)


def _blanks(ignored: str) -> frozenset[str]:
    match list(patterns.parse(ignored)):
        case [(op.POSSESSIVE_REPEAT, (0, op.MAXREPEAT, inner))] if len(inner) == 1 and inner[0][0] is op.IN:
            literals = [chr(value) for code, value in inner[0][1] if code is op.LITERAL]
            if len(literals) == len(inner[0][1]) and all(c.isspace() and c.isascii() for c in literals):
                return frozenset(literals)
    raise Unsplit


def _stays_in_its_word(tree: Any, blanks: frozenset[str]) -> None:
    """Refuse a pattern that reads or looks at anything behind the blank after a word."""
    for code, args in tree:
        match code:
            case op.LITERAL | op.IN:
                text = _class(code, args)
                if any(re.fullmatch(text, blank) for blank in blanks):
                    raise Unsplit
            case op.BRANCH:
                for branch in args[1]:
                    _stays_in_its_word(branch, blanks)
            case op.SUBPATTERN | op.MAX_REPEAT | op.MIN_REPEAT | op.POSSESSIVE_REPEAT | op.ASSERT | op.ASSERT_NOT:
                _stays_in_its_word(args[-1], blanks)
            case op.ATOMIC_GROUP:
                _stays_in_its_word(args, blanks)
            case _:
                raise Unsplit


def _class(code: Any, args: Any) -> str:
    """A pattern for one character of a class."""
    if code is op.LITERAL:
        return re.escape(chr(args))
    text = ""
    for kind, value in args:
        if kind is op.LITERAL:
            text += re.escape(chr(value))
        elif kind is op.RANGE:
            text += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        elif kind is op.NEGATE:
            text += "^"
        else:
            raise Unsplit
    return f"[{text}]"


def _emissions(lines: Lines) -> tuple[Emission, ...]:
    """The items among lines; the rest is about their places, if they are made of known words alone."""
    found = tuple(line for line in lines if isinstance(line, Emission))
    if any(_coded(emission.arguments) for emission in found):
        raise Unsplit
    return found


def _coded(raw: Expression) -> bool:
    return isinstance(raw, Code) or (isinstance(raw, tuple) and any(map(_coded, raw)))


def _way(way: Sequence[Edge]) -> Way:
    return Way(tuple((edge,) for edge in way), _emissions(tuple(assembled(way).lines)), way[-1].target)


def _place(grammar: TraceGrammar, finish: Any, ways: Iterable[Way]) -> Place:
    groups: dict[str | None, list[Way]] = {}
    for way in ways:
        word = grammar.terminals[way.edges[0][0].terminal].literal
        if word is not None and not _accepted(way.edges[0][0], word):
            raise Unsplit
        groups.setdefault(word, []).append(way)
    joined = {word: _joined(group) for word, group in groups.items()}
    end = None if finish is None else _emissions(finished(finish))
    return Place({word: way for word, way in joined.items() if word is not None}, joined.get(None), end)


def _joined(ways: Sequence[Way]) -> Way:
    """The way that stands for several which differ only in what some of their words are."""
    first = ways[0]
    if any(len(w.edges) != len(first.edges) or w.target != first.target for w in ways):
        raise Unsplit
    if any([(e.item, e.arguments) for e in w.emissions] != [(e.item, e.arguments) for e in first.emissions] for w in ways):
        raise Unsplit
    kinds = [
        {(edge.terminal, edge.pattern): edge for edge in edges}
        for edges in zip(*[[e for (e,) in w.edges] for w in ways], strict=True)
    ]
    if prod(map(len, kinds)) != len({tuple((e.terminal, e.pattern) for (e,) in way.edges) for way in ways}):
        raise Unsplit  # some words go with some others only
    return Way(tuple(tuple(kind.values()) for kind in kinds), first.emissions, first.target)


def _accepted(edge: Edge, word: str) -> bool:
    """Whether a word is the whole of what a pattern takes.

    No part of a pattern takes or sees a blank, so that the ends of a text and blanks around a word make no difference to it.
    """
    found = re.compile(edge.pattern).match(word)
    return found is not None and found.end() == len(word)


class Words(dict[str, Any]):
    """The values of words at some place, converted."""

    def __init__(self, edges: Sequence[Edge], how: Convert, chart: Map) -> None:
        super().__init__()
        self._edges, self._how, self._chart = edges, how, chart

    def same(self, edges: Sequence[Edge], how: Convert) -> bool:
        """Whether these would be the same values."""
        return how == self._how and [(e.terminal, e.pattern) for e in edges] == [(e.terminal, e.pattern) for e in self._edges]

    def __missing__(self, word: str) -> Any:
        edge = next((edge for edge in self._edges if _accepted(edge, word)), None)
        if edge is None:
            raise Refused
        value: Any = self._chart.terminals[edge.terminal].value(word)
        if self._how is not None:
            value = INTEGERS[value] if self._how is int else self._how(value)  # type: ignore[operator]
        if len(word) <= LONGEST and len(self) < MOST:
            self[word] = value
        return value


class Pairs(dict[str, dict[str, Any]]):
    """The values of two words behind one another: the same words, the same tuple."""

    def __init__(self, first: Words, second: Words) -> None:
        super().__init__()
        self.first, self.second, self.number = first, second, 0

    def __missing__(self, word: str) -> dict[str, Any]:
        value = self.first[word]
        row = _Row(self, value)
        if word in self.first and self.number < MOST:
            self[word] = row
        return row


class _Row(dict[str, Any]):
    def __init__(self, pairs: Pairs, value: Any) -> None:
        super().__init__()
        self._pairs, self._value = pairs, value

    def __missing__(self, word: str) -> Any:
        pairs = self._pairs
        pair = self._value, pairs.second[word]
        if word in pairs.second and pairs.number < MOST:
            self[word] = pair
            pairs.number += 1
        return pair


class Splitter:
    """Reads the words of a start rule."""

    def __init__(self, items: Sequence[str], chart: Map, converters: Converters) -> None:
        self._ids = {name: index for index, name in enumerate(items)}
        self._chart, self._converters = chart, converters
        self._odd = [c for c in ODD if c not in chart.blanks] + [c for c in " \t\n\r" if c not in chart.blanks]
        self._scope: dict[str, Any] = {}
        exec(self._source(), self._scope)
        self._read: Read = self._scope["read"]

    def read(self, text: str) -> tuple[list[int], list[Arguments]] | None:
        """The ids and arguments of a text's items; None where it takes patterns to say."""
        if not text.isascii() or any(c in text for c in self._odd):
            return None
        ids: list[int] = []
        arguments: list[Arguments] = []
        try:
            return (ids, arguments) if self._read(text.split(), ids, arguments) else None
        except (IndexError, Refused, ValueError):
            return None

    # ------------------------------------------------------------ the function
    def _source(self) -> str:
        lines = ["def read(words, ids, arguments):", " i, n, place = 0, len(words), 0", " while True:"]
        for number, (name, place) in enumerate(self._chart.places.items()):
            lines.append(f"  {'elif' if number else 'if'} place == {name}:")
            lines += [f"   {line}" for line in self._place(name, place)]
        return "\n".join(lines)

    def _place(self, name: int, place: Place) -> list[str]:
        lines = ["while i < n:", " word = words[i]"]
        head = "if"
        for word, way in place.keyed.items():
            lines += [f" {head} word == {word!r}:", *(f"  {line}" for line in self._way(name, way, keyed=True))]
            head = "elif"
        if place.other is not None:
            other = self._way(name, place.other, keyed=False)
            lines += [" else:", *(f"  {line}" for line in other)] if place.keyed else [f" {line}" for line in other]
        else:
            lines += [" else:", "  return False"] if place.keyed else [" return False"]
        lines += ["else:"]
        if place.finish is None:
            return [*lines, " return False"]
        return [*lines, *(f" {line}" for emission in place.finish for line in self._emitted(emission, {})), " return True"]

    def _way(self, name: int, way: Way, *, keyed: bool) -> list[str]:
        texts: dict[int, str] = {}
        lines: list[str] = []
        used = [raw for emission in way.emissions for raw in _words(emission.arguments)]
        for index, edges in enumerate(way.edges):
            word = f"words[i + {index}]" if index else "word"
            if index in used:
                texts[index] = word
            elif not (keyed and index == 0):
                lines += self._required(edges, word)
        for emission in way.emissions:
            lines += self._emitted(emission, {i: (text, way.edges[i]) for i, text in texts.items()})
        lines.append(f"i += {len(way.edges)}")
        return lines if way.target == name else [*lines, f"place = {way.target}", "break"]

    def _required(self, edges: Sequence[Edge], word: str) -> list[str]:
        """A word that is no argument."""
        literals = [self._chart.terminals[edge.terminal].literal for edge in edges]
        if len(edges) == 1 and literals[0] is not None and _accepted(edges[0], literals[0]):
            return [f"if {word} != {literals[0]!r}:", " return False"]
        return [f"{self._values(edges, None)}[{word}]"]

    def _emitted(self, emission: Emission, words: Mapping[int, tuple[str, Sequence[Edge]]]) -> list[str]:
        how = self._converters.get(emission.item)
        value = self._expression(None if how is None else tuple(how), emission.arguments, words)
        return [f"ids.append({self._ids[emission.item]})", f"arguments.append({value})"]

    def _expression(self, how: Convert, raw: Expression, words: Mapping[int, tuple[str, Sequence[Edge]]]) -> str:
        if isinstance(raw, int):
            text, edges = words[raw]
            return f"{self._values(edges, how)}[{text}]"
        assert isinstance(raw, tuple)
        if len(raw) == 2 and all(isinstance(part, int) for part in raw) and (how is None or isinstance(how, tuple)):
            return self._pair(how or (None, None), raw, words)
        if how is None or isinstance(how, tuple):
            parts = zip(how or (None,) * len(raw), raw, strict=True)
            return "(" + "".join(f"{self._expression(part, inner, words)}, " for part, inner in parts) + ")"
        name = f"convert{len(self._scope)}"
        self._scope[name] = how
        return f"{name}({self._expression(None, raw, words)})"

    def _pair(self, how: Sequence[Convert], raw: Sequence[Any], words: Mapping[int, tuple[str, Sequence[Edge]]]) -> str:
        """Two words: found in one table of pairs."""
        first, second = (self._values(words[one][1], part) for part, one in zip(how, raw, strict=True))
        wanted = self._scope[first], self._scope[second]
        found = (n for n, p in self._scope.items() if isinstance(p, Pairs) and (p.first is wanted[0] and p.second is wanted[1]))
        name = next(found, f"pairs{len(self._scope)}")
        self._scope.setdefault(name, Pairs(*wanted))
        return f"{name}[{words[raw[0]][0]}][{words[raw[1]][0]}]"

    def _values(self, edges: Sequence[Edge], how: Convert) -> str:
        if isinstance(how, tuple):
            raise Unsplit
        for name, found in self._scope.items():
            if isinstance(found, Words) and found.same(edges, how):
                return name
        name = f"values{len(self._scope)}"
        self._scope[name] = Words(edges, how, self._chart)
        return name


def _words(raw: Expression) -> Iterable[int]:
    """The words of which an argument is made."""
    if isinstance(raw, int):
        yield raw
    elif isinstance(raw, tuple):
        for part in raw:
            yield from _words(part)
