"""The tape: a scanned document, item by item, as the cells of their arguments.

An item is its number and the cells of its arguments, laid out by their sorts; a list has its length before its elements, and a
tuple that is printed by its fields has the same cells as one that is printed whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracecourt.engines.flat.core import Body
from tracecourt.engines.flat.draft import Plan
from tracecourt.engines.flat.layout import NotFlat, Val, divides
from tracecourt.engines.flat.outlines import Outlines
from tracecourt.engines.flat.runtime import EMPTY
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import parts


def tape_sorts(system: ir.System, items: Sequence[str], end: str) -> dict[str, tuple[t.Sort, ...]]:
    """The sorts whose cells stand behind each item on the tape; a tuple that is printed by its fields has the same ones."""
    found: dict[str, tuple[t.Sort, ...]] = {end: ()} if end in items else {}
    for fact in system.facts:
        match fact.sort:
            case t.Map(element=key, value=value):
                found[fact.name] = key, value
            case t.Set(element=element) | t.List(element=element):
                found[fact.name] = (element,)
            case _:
                found[fact.name] = (fact.sort,)
    found |= {name: tuple(part.sort for part in system.shown[name]) for name in system.events}
    return {name: sorts for name, sorts in found.items() if name in items}


class Tape(Outlines):
    """Reads the tape of a system's documents, at the place `at`."""

    def __init__(
        self,
        plan: Plan,
        system: ir.System,
        items: Sequence[str],
        printed: Mapping[str, Sequence[t.Sort]],
        settings: Mapping[str, Any],
        *,
        declared: bool,
        end: str,
    ) -> None:
        super().__init__(plan)
        self.system, self.items, self.printed, self.settings = system, list(items), printed, settings
        self.declared, self.end = declared, end
        self.exact = divides(system)
        self.rules = system.rules
        self.variables = {v.symbol: v for v in system.state}
        self.facts = {fact.name: fact for fact in system.facts}
        self.kept: list[Any] = []  # what facts, variables and the answer are kept in
        self._extremes: dict[t.Sort, tuple[str, dict[str, list[str]]]] = {}

    def item(self, item: str) -> int:
        """The number of an item."""
        return self.items.index(item)

    def collected(self) -> list[ir.Symbol]:
        """What collects the answer, if there is one."""
        return [self.system.answer.collected] if self.system.answer else []

    # ------------------------------------------------------------ items
    def decoded(self, sorts: Sequence[t.Sort]) -> tuple[list[str], str]:
        """The cells of an item's arguments at `at`, and the place behind them."""
        place: tuple[str, int] = ("at", 1)
        cells: list[str] = []
        for sort in sorts:
            found, place = self._value(sort, place)
            cells += found
        return cells, f"{place[0]} + {place[1]}"

    def _value(self, sort: t.Sort, place: tuple[str, int]) -> tuple[list[str], tuple[str, int]]:
        base, offset = place
        match sort:
            case t.Rational() if self.exact:
                return [self.named(f"tape[{base} + {offset}]"), "1"], (base, offset + 1)
            case t.Bool() | t.Int() | t.Enum() | t.Rational():
                return [self.named(f"tape[{base} + {offset}]")], (base, offset + 1)
            case t.Tuple(fields=fields):
                cells: list[str] = []
                for _, inner in fields:
                    found, place = self._value(inner, place)
                    cells += found
                return cells, place
            case t.List(element=element):
                count, at = self.named(f"tape[{base} + {offset}]"), self.named(f"{base} + {offset + 1}")
                listed = self.named(str(EMPTY))
                with self.block(f"for _ in range({count}):"):
                    found, (after, more) = self._value(element, (at, 0))
                    self.add(f"{listed} = {self.appended(Val((listed,)), [Val(tuple(found))]).cell}")
                    self.add(f"{at} = {after} + {more}")
                return [listed], (at, 0)
        raise NotFlat(f"a printed {sort}")

    def skipped(self, sorts: Sequence[t.Sort]) -> str:
        """The place behind an item at `at`."""
        if all(fixed(s) for s in sorts):
            return f"at + {1 + sum(fixed(s) for s in sorts)}"
        return self.decoded(sorts)[1]

    def advance(self, item: str) -> None:
        """Go behind an item, whichever it is."""
        others = [name for name, sorts in self.printed.items() if not all(map(fixed, sorts))]
        for name in others:
            with self.block(f"if {item} == {self.item(name)}:"):
                self.add(f"at = {self.decoded(self.printed[name])[1]}")
        sizes = [0 if n in others else 1 + sum(map(fixed, self.printed.get(n, ()))) for n in self.items]
        self.add(f"at += {self.constant_row('size', sizes)}[{item}]")

    # ------------------------------------------------------------ what is mentioned
    def mentioned(self, e: ir.Mentioned, body: Body) -> None:
        """Go through the tape for the cells that stand where a sort is asked for."""
        places = {name: list(_standing(sorts, e.of)) for name, sorts in self.printed.items()}
        self.add("at = 0")
        with self.block("while at < used:"):
            item = self.named("tape[at]")
            for rank in range(max(map(len, places.values()), default=0)):
                offsets = [(places.get(name, []) + [0] * rank + [0])[rank] for name in self.items]
                place = self.named(f"{self.constant_row('place', offsets)}[{item}]")
                with self.block(f"if {place} > 0:"):
                    body(Val(tuple(self.named(f"tape[at + {place} + {i}]") for i in range(self.cells(e.of)))))
            self.advance(item)

    def extreme(self, values: ir.Expr, op: str) -> Val | None:
        """The least or greatest of a cell that stands where a sort is asked for: one pass finds them for all its cells."""
        match values:
            case ir.Each(head=(head,), binding=ir.Binding(symbols=(symbol,), source=ir.Mentioned(of=of), guard=None)):
                pass
            case _:
                return None
        match head:
            case ir.Ref(symbol=which) if which is symbol and isinstance(of, t.Int):
                cell = 0
            case ir.Project(base=ir.Ref(symbol=which), index=index) if which is symbol and isinstance(of, t.Tuple):
                if not all(isinstance(s, t.Int) for _, s in of.fields):
                    return None
                cell = index
            case _:
                return None
        if of not in self._extremes:
            raise NotFlat("what is mentioned is asked for too late")
        some, names = self._extremes[of]
        return Val((names[op][cell],), f"{some} != 0")

    def extremes(self) -> None:
        """Find the least and greatest cells of what is mentioned, for the sorts that parameters ask about."""
        asked: list[ir.Mentioned] = []
        todo = [p.inferred for p in self.system.params if p.inferred is not None]
        while todo:
            e = todo.pop()
            todo += parts(e)
            if isinstance(e, ir.Mentioned) and all(e.of is not known.of for known in asked):
                asked.append(e)
        for e in asked:
            number = len(self._extremes)
            some = f"some{number}_"
            names = {op: [f"{op}{number}_{i}" for i in range(self.cells(e.of))] for op in ("min", "max")}
            self._extremes[e.of] = some, names
            self.add(f"{some} = 0")
            for name in names["min"] + names["max"]:
                self.add(f"{name} = {'1 << 60' if name in names['min'] else '-(1 << 60)'}")

            def widen(val: Val, some: str = some, names: dict[str, list[str]] = names) -> None:
                self.add(f"{some} = 1")
                for op in ("min", "max"):
                    for name, cell in zip(names[op], val.cells, strict=True):
                        self.add(f"{name} = {op}({name}, {cell})")

            self.mentioned(e, widen)


def fixed(sort: t.Sort) -> int:
    """The number of cells on the tape, 0 where it varies."""
    match sort:
        case t.Bool() | t.Int() | t.Enum() | t.Rational():
            return 1
        case t.Tuple(fields=fields):
            sizes = [fixed(inner) for _, inner in fields]
            return sum(sizes) if all(sizes) else 0
    return 0


def _standing(sorts: Sequence[t.Sort], wanted: t.Sort, offset: int = 1) -> Iterable[int]:
    """The offsets on the tape at which a sort is asked for."""
    for sort in sorts:
        if sort is wanted:
            yield offset
        elif isinstance(sort, t.Tuple):
            yield from _standing([inner for _, inner in sort.fields], wanted, offset)
        size = fixed(sort)
        if not size:
            raise NotFlat("what is mentioned behind a list")
        offset += size
