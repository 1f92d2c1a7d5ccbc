"""Typed expressions over values of which not all is known.

`value(e)` is a pair: whether the expression has a value, and the value. As in the reference, an atom with a term without a
value is false (docs/spec-language.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from tracecourt.engines.evaluate import CONNECTIVES, Evaluator
from tracecourt.engines.primitives import MEMBERS
from tracecourt.engines.symbolic.operations import OPERATIONS, known_operation, least, minimum_of
from tracecourt.engines.symbolic.paths import Paths
from tracecourt.engines.symbolic.terms import (
    ABSENT,
    Choice,
    NotSymbolic,
    Truth,
    both,
    compare,
    conj,
    disj,
    either,
    implied,
    known,
    neg,
    spread,
    ways,
)
from tracecourt.engines.symbolic.values import Row, Slot, Table, closed, entry, opened, put, row_of, stored, union
from tracecourt.engines.symbolic.world import Found, World
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

UNFOUND: Found = (False, ABSENT)
INHABITANTS = 4096  # values of a sort that are gone through
SPLIT = 64  # combinations of arguments for which a function is asked one by one


class Symbolic:
    """The expressions of one system over one problem. `places` holds the value of each symbol."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.places: dict[ir.Symbol, Any] = {}
        self.unknown: dict[ir.Function, Callable[..., Found]] = {}  # functions whose values are open
        self.reference: Callable[[ir.Function, Sequence[Any]], Found | None] | None = None  # what else knows known values
        self.paths = Paths(self)
        self._judge = Evaluator()
        self._remembered: dict[tuple[Any, ...], Found] = {}

    def pure(self, f: ir.Function) -> bool:
        """Whether a function depends on its arguments and the problem only."""
        return self._judge.pure_function(f)

    # ------------------------------------------------------------ truth
    def holds(self, e: ir.Expr) -> Truth:
        """Whether a condition holds."""
        match e:
            case ir.Prim(op="and", args=args):
                return self._until(args, stop=False)
            case ir.Prim(op="or", args=args):
                return self._until(args, stop=True)
            case ir.Prim(op="not", args=(inner,)):
                return neg(self.holds(inner))
            case ir.Prim(op="=>", args=(premise, consequence)):
                given = self.holds(premise)
                return True if given is False else implied(given, self.holds(consequence))
            case ir.Prim(op="if", args=(condition, then, otherwise)):
                asked = self.holds(condition)
                if isinstance(asked, bool):
                    return self.holds(then if asked else otherwise)
                return either(both(asked, self.holds(then)), both(neg(asked), self.holds(otherwise)))
            case ir.Prim(op="=", args=(ir.Prim(op="key", args=(queue, key)), ir.Prim(op="best", args=(same,)))) if (
                isinstance(queue, ir.Ref) and isinstance(same, ir.Ref) and queue.symbol is same.symbol
            ):
                return self._is_best(queue, key)
        defined, value = self.value(e)
        if defined is False:
            return False
        return both(defined, disj(both(g, v) for g, v in ways(value)))

    def _until(self, parts: Sequence[ir.Expr], *, stop: bool) -> Truth:
        """And, or or, asked from the left until one decides."""
        found: list[Truth] = []
        for part in parts:
            truth = self.holds(part)
            if truth is stop:
                return stop
            found.append(truth)
        return disj(found) if stop else conj(found)

    def _is_best(self, queue: ir.Expr, key: ir.Expr) -> Truth:
        """Whether an entry has the least key: none has a smaller one."""
        there, table = self.value(queue)
        fine, plain = self.value(key)
        if fine is False:
            return False
        assert isinstance(table, Table)
        inside, rank = entry(table, plain, lambda slot: slot.rank)
        if inside is False:
            return False
        return conj((there, fine, inside, *(implied(s.guard, compare("<=", rank, s.rank)) for s in table.slots)))

    # ------------------------------------------------------------ values
    def value(self, e: ir.Expr) -> Found:
        """Whether an expression has a value, and the value."""
        match e:
            case ir.Const(value=value):
                return True, opened(_constant(value))
            case ir.Ref(symbol=symbol):
                if symbol not in self.places:
                    raise NotSymbolic(f"{symbol.name} is not known here")
                return True, self.places[symbol]
            case ir.Prim(op=op) if op in CONNECTIVES:
                return True, self.holds(e)
            case ir.Prim(op="if", args=(condition, then, otherwise)):
                return self._conditional(e.sort, condition, then, otherwise)
            case ir.Prim(op="??", args=(left, right)):
                return self._fallback(left, right)
            case ir.Prim(op="in", args=(one, ir.Prim(op=family, args=limits))) if family in MEMBERS:
                return self._member(family, (one, *limits))
            case ir.Prim():
                return self._primitive(e)
            case ir.Project(base=base, index=index):
                defined, found = self.value(base)
                return defined, ABSENT if defined is False else union((g, opened(v[index])) for g, v in ways(found))
            case ir.Display(kind=kind, items=items):
                return self._display(kind, items)
            case ir.Call(function=function, args=args):
                return self._call(function, args)
            case ir.Each(kind=kind, head=head, binding=binding):
                return self._each(kind, head, binding)
            case ir.Quantifier(kind=kind, binding=binding, body=body):
                return self._quantified(kind, binding, body)
            case ir.Least(binding=binding, key=key):
                return self._least(binding, key)
            case ir.Within(value=inner, of=of):
                defined, found = self.value(inner)
                return True, defined is not False and both(defined, disj(both(g, self.within(of, v)) for g, v in ways(found)))
            case ir.Inhabitants(of=of):
                return True, Row(tuple(Slot(True, v) for v in self.inhabitants(of)))
            case ir.Distance(start=start, successors=successors, goal=goal):
                return self.each_way(start, lambda node: self.paths.to_goal(successors, goal, e.limit, node))
            case ir.Distances(start=start, successors=successors):
                return self.each_way(start, lambda node: (True, self.paths.from_start(successors, node)))
        raise NotSymbolic(f"`{type(e).__name__.lower()}` asks for more than is known")

    def each_way(self, e: ir.Expr, function: Callable[[Any], Found]) -> Found:
        """A function of each value that an expression may have."""
        defined, value = self.value(e)
        if defined is False:
            return UNFOUND
        return _joined(defined, [(guard, function(way)) for guard, way in ways(value)])

    def _conditional(self, sort: t.Sort, condition: ir.Expr, then: ir.Expr, otherwise: ir.Expr) -> Found:
        asked = self.holds(condition)
        if isinstance(asked, bool):
            return self.value(then if asked else otherwise)
        return _joined(True, [(asked, self.value(then)), (neg(asked), self.value(otherwise))])

    def _fallback(self, left: ir.Expr, right: ir.Expr) -> Found:
        defined, value = self.value(left)
        present = () if defined is False else [(g, v) for g, v in ways(value) if v is not None]
        there = both(defined, disj(g for g, _ in present))
        if there is True:
            return True, union(present)
        if there is False:
            return self.value(right)
        return _joined(True, [(there, (True, union(present))), (neg(there), self.value(right))])

    def _values(self, expressions: Sequence[ir.Expr]) -> tuple[Truth, list[Any]]:
        """Whether all of some expressions have a value, and the values."""
        defined: Truth = True
        values = []
        for part in expressions:
            fine, value = self.value(part)
            if fine is False:
                return False, []
            defined = both(defined, fine)
            values.append(value)
        return defined, values

    def _member(self, family: str, expressions: Sequence[ir.Expr]) -> Found:
        """A membership in a family that need not be listed for it."""
        defined, values = self._values(expressions)
        if defined is False:
            return UNFOUND
        with suppress(NotSymbolic):
            return defined, MEMBERS[family](*map(closed, values))
        if family != "numbers":
            raise NotSymbolic(f"there is no formula for what lies in {family}")
        value, low, high = values
        return defined, both(_ordered("<=", low, value), _ordered("<=", value, high))

    def _primitive(self, e: ir.Prim) -> Found:
        defined, values = self._values(e.args)
        if defined is False:
            return UNFOUND
        if e.op == "best":
            there, value = minimum_of(self.world, [(s.guard, s.rank) for s in values[0].slots], "min")
        elif e.op in ("min", "max") and len(values) == 1:
            there, value = minimum_of(self.world, [(s.guard, s.key) for s in row_of(values[0]).slots], e.op)
        elif (done := known_operation(e, values)) is not None:
            there, value = done
        elif e.op in OPERATIONS:
            there, value = OPERATIONS[e.op](e, *values)
        else:
            raise NotSymbolic(f"there is no formula for {e.op}")
        return both(defined, there), value

    def _display(self, kind: str, items: Sequence[ir.Expr]) -> Found:
        defined, values = self._values(items)
        if defined is False:
            return UNFOUND
        values = list(map(stored, values))
        if kind == "tuple":
            return defined, tuple(values)
        if kind == "list":
            return defined, Row(tuple(Slot(True, v) for v in values))
        table = Table()
        pairs = zip(values[::2], values[1::2], strict=True) if kind == "map" else ((v, True) for v in values)
        for key, value in pairs:
            table = put(table, key, value, True)
        return defined, table

    # ------------------------------------------------------------ calls
    def _call(self, f: ir.Function, args: Sequence[ir.Expr]) -> Found:
        defined, values = self._values(args)
        if defined is False:
            return UNFOUND
        fine, value = self.call(f, values)
        return both(defined, fine), value

    def call(self, f: ir.Function, values: Sequence[Any]) -> Found:
        """A function's value for arguments that have one."""
        if any(isinstance(v, Choice) for v in values):
            rows = list(spread(values))
            if len(rows) <= SPLIT:
                return _joined(True, [(guard, self.call(f, row)) for guard, row in rows])
        if f in self.unknown:
            return self.unknown[f](*values)
        remember = all(map(known, values)) and self.pure(f)
        key = (f, *values)
        if remember and key in self._remembered:
            return self._remembered[key]
        found = self.reference(f, values) if remember and self.reference is not None else None
        if found is None:
            self.places.update(zip(f.parameters, values, strict=True))  # functions do not recurse; each has its own symbols
            found = (True, self.holds(f.body)) if f.sort == t.BOOL else self.value(f.body)
        if remember:
            self._remembered[key] = found
        return found

    # ------------------------------------------------------------ going through collections
    def passes(self, binding: ir.Binding) -> tuple[Truth, Iterator[tuple[Truth, bool]]]:
        """Whether the collection has a value; then its elements in turn, bound: when each is there, and whether in order."""
        defined, source = self.value(binding.source)
        return defined, iter(()) if defined is False else self._passes(binding, source)

    def _passes(self, binding: ir.Binding, source: Any) -> Iterator[tuple[Truth, bool]]:
        source = source if isinstance(source, Table) else row_of(source)
        pairs = len(binding.symbols) > 1 and isinstance(binding.source.sort, t.Map)
        for slot in source.slots:
            found = (slot.key, slot.value) if pairs else (slot.key,) if len(binding.symbols) == 1 else None
            for guard, row in [(True, found)] if found else ways(slot.key):
                held = both(slot.guard, guard)
                if held is False:
                    continue
                self.places.update((s, opened(v)) for s, v in zip(binding.symbols, row, strict=True))
                if binding.guard is not None:
                    held = both(held, self.holds(binding.guard))
                if held is not False:
                    yield held, source.ordered

    def _each(self, kind: str, head: Sequence[ir.Expr], binding: ir.Binding) -> Found:
        defined, passes = self.passes(binding)
        if defined is False:
            return UNFOUND
        row: list[Slot] = []
        table, ordered = Table(), True
        for guard, in_order in passes:
            ordered = in_order
            values = []
            for part in head:
                fine, value = self.value(part)
                defined = both(defined, implied(guard, fine))
                if fine is not False:
                    values.append(stored(value))
            if defined is False:
                return UNFOUND
            if len(values) < len(head):  # where there is this element, the whole has no value
                continue
            if kind == "list":
                row.append(Slot(guard, values[0]))
            else:
                table = put(table, values[0], values[1] if kind == "map" else True, guard)
        if kind == "list":
            return defined, Row(tuple(row), ordered)
        return defined, Table(table.slots, table.ordered and ordered)

    def _quantified(self, kind: str, binding: ir.Binding, body: ir.Expr) -> Found:
        defined, passes = self.passes(binding)
        if defined is False:
            return True, False
        if kind == "all":
            return True, both(defined, conj(implied(guard, self.holds(body)) for guard, _ in passes))
        return True, both(defined, disj(both(guard, self.holds(body)) for guard, _ in passes))

    def _least(self, binding: ir.Binding, key: ir.Expr) -> Found:
        defined, passes = self.passes(binding)
        if defined is False:
            return UNFOUND
        found = []
        for guard, ordered in passes:
            fine, value = self.value(key)
            defined = both(defined, implied(guard, fine))
            if defined is False:
                return UNFOUND
            if fine is not False:
                found.append((guard, self.places[binding.symbols[0]], value, ordered))
        there, value = least(found)
        return both(defined, there), value

    # ------------------------------------------------------------ sorts
    def inhabitants(self, sort: t.Sort) -> list[Any]:
        """All values of a sort, in order.

        Raises:
            NotSymbolic: when they are too many, or their bounds are open.
        """
        match sort:
            case t.Range(low=low, high=high):
                (_, least_one), (_, greatest) = self.value(low), self.value(high)
                if isinstance(least_one, int) and isinstance(greatest, int) and greatest - least_one < INHABITANTS:
                    return list(range(least_one, greatest + 1))
            case t.Enum(members=members):
                return list(members)
            case t.Bool():
                return [False, True]
            case t.Optional(inner=inner):
                return [None, *self.inhabitants(inner)]
            case t.Tuple(fields=fields):
                rows: list[tuple[Any, ...]] = [()]
                for _, inner in fields:
                    values = self.inhabitants(inner)
                    if len(rows) * len(values) > INHABITANTS:
                        raise NotSymbolic(f"{sort} has too many values")
                    rows = [(*row, v) for row in rows for v in values]
                return list(rows)
        raise NotSymbolic(f"the values of {sort} cannot be listed")

    def within(self, sort: t.Sort, value: Any) -> Truth:
        """Whether a value that fits a sort lies within its bounds."""
        match sort:
            case t.Range(low=low, high=high):
                (lower_there, lower), (upper_there, upper) = self.value(low), self.value(high)
                if lower_there is False or upper_there is False:
                    return False
                inside = both(_ordered("<=", lower, value), _ordered("<=", value, upper))
                return conj((lower_there, upper_there, inside))
            case t.Tuple(fields=fields):
                return conj(self._inside(inner, part) for (_, inner), part in zip(fields, value, strict=True))
            case t.Optional(inner=inner):
                return True if value is None else self.within(inner, value)
            case t.Map(element=element, value=inner):
                slots = value.slots if isinstance(value, Table) else opened(value).slots
                return conj(implied(s.guard, both(self._inside(element, s.key), self._inside(inner, s.value))) for s in slots)
            case t.Collection(element=element):
                return conj(implied(s.guard, self._inside(element, s.key)) for s in row_of(value).slots)
        return True

    def _inside(self, sort: t.Sort, value: Any) -> Truth:
        return disj(both(guard, self.within(sort, way)) for guard, way in ways(value))


def _ordered(op: str, a: Any, b: Any) -> Truth:
    return disj(both(g, compare(op, *row)) for g, row in spread((a, b)))


def _joined(defined: Truth, found: Sequence[tuple[Truth, Found]]) -> Found:
    """The value of one of several cases."""
    there = both(defined, disj(both(guard, fine) for guard, (fine, _) in found))
    return there, union((both(guard, fine), value) for guard, (fine, value) in found)


def _constant(value: Any) -> Any:
    return dict.fromkeys(sorted(value, key=repr), True) if isinstance(value, frozenset) else value
