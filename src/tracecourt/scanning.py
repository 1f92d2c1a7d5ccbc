"""The scanners of a format: for each start rule of its grammar the fast way to its items, typed; or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from sys import intern
from typing import Any

from tracecourt.engines.values import Reader, reader
from tracecourt.grammar.bytecells import Fields, Layout, Member, Number, Several
from tracecourt.grammar.bytepattern import NoByteScanner
from tracecourt.grammar.scanner import Convert, NotRegular, Scanner, compile_scanner
from tracecourt.grammar.trace_grammar import Part, Shape, TraceGrammar, Word
from tracecourt.spec import sorts as t
from tracecourt.spec.declarations import END

Sorts = Callable[[str, int], Sequence[t.Sort]]  # of the arguments of an item that is printed with so many


class Scanners:
    """Scanners by start rule, made when they are first asked for.

    All have the same `names` of items; `facts` are those of facts by id, and `gathered` has what makes a fact of its
    statements; `end` is the id of the end marker, or -1.
    """

    def __init__(self, grammar: TraceGrammar, facts: Mapping[str, t.Sort], sorts: Sorts) -> None:
        self._grammar, self._sorts = grammar, sorts
        self.names = tuple(map(intern, sorted(grammar.items)))
        ids = {name: id for id, name in enumerate(self.names)}
        self.facts = {ids[name]: name for name in facts if name in ids}
        self.gathered = {id: (name, _gathering(facts[name], single=self._single(name))) for id, name in self.facts.items()}
        self.end = self.names.index(END) if END in self.names else -1
        self._made: dict[str, Scanner | str] = {}

    def _single(self, item: str) -> bool:
        return all(len(way) == 1 for way in self._grammar.shapes(item))

    def get(self, start: str) -> Scanner | None:
        """The scanner of a start rule, or None."""
        found = self._get(start)
        return None if isinstance(found, str) else found

    def why_not(self, start: str) -> str:
        """Why a start rule has no scanner; empty where it has one."""
        found = self._get(start)
        return found if isinstance(found, str) else ""

    def _get(self, start: str) -> Scanner | str:
        if start not in self._made:
            self._made[start] = self._compiled(start)
        return self._made[start]

    def _compiled(self, start: str) -> Scanner | str:
        for item in sorted(self._grammar.items):
            if len({len(shapes) for shapes in self._grammar.shapes(item)}) > 1:
                return f"{item} is printed with different numbers of arguments"
        try:
            return compile_scanner(self._grammar, start).typed(self._converters)
        except NotRegular as error:
            return str(error)

    @cached_property
    def _converters(self) -> dict[str, tuple[Convert, ...]]:
        return {item: self._converted(item) for item in self.names if item != END}

    def _converted(self, item: str) -> tuple[Convert, ...]:
        shapes = self._grammar.shapes(item)
        sorts = self._sorts(item, len(shapes[0]))
        return tuple(converter(sort, [way[i] for way in shapes]) for i, sort in enumerate(sorts))


def _gathering(sort: t.Sort, *, single: bool) -> Callable[[list[tuple[Any, ...]]], Any]:
    """What makes a fact of all that was stated of it; it raises ValueError where one that is stated once was not.

    A statement of a single part is that part.
    """
    match sort:
        case t.Map(element=key):
            whole = isinstance(key, t.Tuple)
            return lambda stated: {(p[:-1] if whole and len(p) > 2 else p[0]): p[-1] for p in stated}
        case t.Set():
            return lambda stated: dict.fromkeys(chain.from_iterable(stated) if single else stated, True)
        case t.List():
            return lambda stated: [p for (p,) in stated] if single else stated

    def once(stated: list[tuple[Any, ...]]) -> Any:
        (parts,) = stated
        return parts[0] if single else parts

    return once


def converter(sort: t.Sort, shapes: Sequence[Shape]) -> Convert:
    """What gives the value that `reader` reads, from words of these shapes: an argument left as it is, an integer, a tuple."""
    match sort:
        case t.Text():
            return None
        case t.Int():
            return int
        case t.Rational():
            return int if all(map(_whole, shapes)) else _Remembered(reader(sort)).__getitem__
        case t.Tuple(fields=fields) if all(isinstance(shape, Part) for shape in shapes):
            ways = [way for shape in shapes if isinstance(shape, Part) for way in shape.ways]
            return tuple(converter(inner, [way[i] for way in ways]) for i, (_, inner) in enumerate(fields))
    return reader(sort)


def _whole(shape: Shape) -> bool:
    """Whether all numerals of a shape are those of integers."""
    match shape:
        case Word(terminal=terminal):
            return terminal.alphabet is not None and not terminal.alphabet & {"/", "."}
        case Part(ways=ways):
            return all(len(way) == 1 and _whole(way[0]) for way in ways)
    return False


class _Remembered(dict[str, object]):
    """The values of words that were read before."""

    def __init__(self, read: Reader, most: int = 10_000) -> None:
        super().__init__()
        self._read, self._most = read, most

    def __missing__(self, word: str) -> object:
        value = self._read(word)
        if len(self) < self._most:
            self[word] = value
        return value


# ---------------------------------------------------------------- for byte scanners
def layout(sort: t.Sort, *, sets: bool = False) -> Layout:
    """How a value of a sort is laid out; with `sets`, a set as the list of its elements as they are printed.

    Raises:
        NoByteScanner: for a sort whose values are not numbers, members, or tuples and lists of them.
    """
    match sort:
        case t.Int() | t.Rational():
            return Number()
        case t.Bool():
            return Member(("false", "true"), 0)
        case t.Enum(members=members):
            return Member(members)
        case t.Tuple(fields=fields):
            return Fields(tuple(layout(inner, sets=sets) for _, inner in fields))
        case t.List(element=element):
            return Several(layout(element, sets=sets))
        case t.Set(element=element) if sets:
            return Several(layout(element, sets=sets))
    raise NoByteScanner(f"a value of the sort {sort} is not written as numbers")
