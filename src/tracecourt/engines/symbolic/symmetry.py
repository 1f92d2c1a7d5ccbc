"""Sorts whose values nothing tells apart, so that one run stands for all that differ in their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import limits, parts

# Operations that do not look into the elements they are given, beyond whether two are equal.
BLIND = frozenset(
    {"and", "or", "not", "=>", "if", "=", "!=", "in", "index", "??", "the", "key", "best", "bests", "size", "count", "keys"}
    | {"values", "first", "front", "last", "top", "flat", "pairs", "zip", "chain", "elements", "union", "minus", "without"}
    | {"without_all", "listed", "sum", "min", "max"}
)
ORDINARY = frozenset({"=", "!=", "in", "index", "key", "chain", "without", "without_all", "union", "minus"})
OF_NUMBERS = frozenset({"sum", "min", "max"})


def interchangeable(system: ir.System, asked: Sequence[ir.Rule]) -> Iterator[t.Range]:
    """The ranges of a system whose values are only ever told apart by being equal or not.

    A range is one if no operation that computes or orders takes one of its values, and none of its values is written out.
    """
    expressions = list(_expressions(system, asked))
    for sort in dict.fromkeys(s for s in system.sorts.values() if isinstance(s, t.Range)):
        if not any(_distinguishes(e, sort) for e in expressions):
            yield sort


def _expressions(system: ir.System, asked: Sequence[ir.Rule]) -> Iterator[ir.Expr]:
    """Every expression that decides something of a run: not those that draw problems or word messages."""
    rules = (*asked, *system.demands, *system.ending, *(r for e in system.events.values() for r in e.rules))
    bodies = (*(f.body for f in system.functions), *(r.condition for r in rules if r.level != ir.LEVELS[-1]))
    clauses = system.answer.clauses.values() if system.answer else ()
    initial = (e for v in system.state for e in (v.initial, v.key) if e is not None)
    changes = (u for u in (*system.initially, *(u for e in system.events.values() for u in e.updates)))
    for e in (*bodies, *clauses, *initial, *(e for u in changes for e in _updates(u))):
        yield from _all(e)


def _updates(update: ir.Update) -> Iterator[ir.Expr]:
    yield from (e for e in (update.key, update.value) if e is not None)
    for inner in update.block:
        yield from _updates(inner)


def _all(e: ir.Expr) -> Iterator[ir.Expr]:
    yield e
    for part in parts(e):
        yield from _all(part)


def _distinguishes(e: ir.Expr, sort: t.Range) -> bool:
    match e:
        case ir.Prim(op=op, args=args):
            of_it = [a for a in args if _speaks_of(a.sort, sort)]
            if not of_it:
                return False
            if op in OF_NUMBERS or op not in BLIND:
                return True
            # Beside one of its values stands another, not a number from elsewhere.
            return op in ORDINARY and any(_is_number(a.sort) for a in args if a.sort is not sort)
        case ir.Call(function=function, args=args):
            pairs = zip(function.parameters, args, strict=True)
            return any(a.sort is sort and p.sort is not sort for p, a in pairs)
        case ir.Within(of=of):
            return False
        case ir.Least(key=key):
            return key.sort is sort
        case ir.Inhabitants(of=of) if of is not sort:
            return any(_speaks_of(limit.sort, sort) for limit in limits(of))
    return False


def _speaks_of(given: t.Sort, sort: t.Range) -> bool:
    return any(part is sort for part in _parts(given))


def _is_number(given: t.Sort) -> bool:
    return t.numeric(given)


def _parts(sort: t.Sort) -> Iterable[t.Sort]:
    yield sort
    match sort:
        case t.Map(element=element, value=value):
            yield from (*_parts(element), *_parts(value))
        case t.Collection(element=element):
            yield from _parts(element)
        case t.Optional(inner=inner):
            yield from _parts(inner)
        case t.Tuple(fields=fields):
            for _, inner in fields:
                yield from _parts(inner)
