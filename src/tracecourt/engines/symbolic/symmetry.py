"""Sorts whose values nothing tells apart, so that one run stands for all that differ in their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import inside, limits

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
    for e in (*system.measures, *bodies, *clauses, *initial, *(e for u in changes for e in _updates(u))):
        yield from inside(e)


def _updates(update: ir.Update) -> Iterator[ir.Expr]:
    yield from (e for e in (update.key, update.value) if e is not None)
    for inner in update.block:
        yield from _updates(inner)


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


def plainest(facts: Sequence[ir.Symbol], values: Mapping[str, Any], sort: t.Sort, names: Sequence[Any]) -> dict[Any, Any]:
    """New names for the values of a sort whose values are alike, under which a problem reads best.

    Those that facts with one value name keep their names; the largest collection decides, whose elements are to come early.
    """
    kept = {values[fact.name] for fact in facts if fact.sort is sort}
    free = [name for name in names if name not in kept]
    large = sorted(facts, key=lambda fact: -len(values[fact.name]) if isinstance(values[fact.name], dict) else 1)

    def reads(naming: Mapping[Any, Any]) -> list[Any]:
        return [_in_order(renamed(fact.sort, values[fact.name], sort, naming)) for fact in large]

    namings = ({name: name for name in kept} | dict(zip(free, order, strict=True)) for order in permutations(free))
    return min(namings, key=reads)


def _in_order(value: Any) -> Any:
    return sorted(value.items()) if isinstance(value, dict) else value


def renamed(sort: t.Sort, value: Any, of: t.Sort, naming: Mapping[Any, Any]) -> Any:
    """A value in which the values of one sort have other names; collections in the order of these."""
    if sort is of:
        return naming[value]
    match sort:
        case t.Tuple(fields=fields):
            return tuple(renamed(inner, part, of, naming) for (_, inner), part in zip(fields, value, strict=True))
        case t.Optional(inner=inner):
            return None if value is None else renamed(inner, value, of, naming)
        case t.Map(element=element, value=inner):
            pairs = [(renamed(element, k, of, naming), renamed(inner, v, of, naming)) for k, v in value.items()]
            return type(value)(sorted(pairs))
        case t.Set(element=element):
            return type(value).fromkeys(sorted(renamed(element, part, of, naming) for part in value), True)
        case t.Collection(element=element):
            return [renamed(element, part, of, naming) for part in value]
    return value
