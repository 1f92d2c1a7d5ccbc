"""Values of which not all is known: truth values and numbers are Z3 terms, everything else is a choice among known values.

| a value | is |
|---|---|
| known | as at run time: a number, a text, `None`, a tuple |
| truth value | a `bool`, or a Z3 term |
| number | an `int` or `Fraction`, or a Z3 term |
| one of several | a `Choice`: values and when each is meant |
| tuple | a tuple of such values |
| collection | see `collections` |

A choice keeps nodes and the like apart as values that can be keys, so that a map stays a table of known keys.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, TypeAlias

import z3

from tracecourt.engines.values import Frozen

Truth: TypeAlias = "bool | z3.BoolRef"
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
WIDEST = 4096  # alternatives that one value may have


class NotSymbolic(Exception):
    """Something has no formula; the words say what."""


class Absent:
    """What stands for the value of a term that has none."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True, eq=False)
class Choice:
    """One of several values; exactly one guard holds."""

    ways: tuple[tuple[Truth, Any], ...]


# ---------------------------------------------------------------- truth
def neg(a: Truth) -> Truth:
    """Not."""
    if isinstance(a, bool):
        return not a
    return a.arg(0) if z3.is_not(a) else z3.BoolRef(z3.Z3_mk_not(a.ctx.ref(), a.ast), a.ctx)


def conj(parts: Iterable[Truth]) -> Truth:
    """And."""
    kept: dict[int, z3.BoolRef] = {}
    for part in parts:
        if isinstance(part, bool):
            if not part:
                return False
        else:
            kept[part.get_id()] = part
    return _joined(z3.Z3_mk_and, kept) if kept else True


def disj(parts: Iterable[Truth]) -> Truth:
    """Or."""
    kept: dict[int, z3.BoolRef] = {}
    for part in parts:
        if isinstance(part, bool):
            if part:
                return True
        else:
            kept[part.get_id()] = part
    return _joined(z3.Z3_mk_or, kept) if kept else False


def _joined(operation: Callable[..., Any], parts: dict[int, z3.BoolRef]) -> z3.BoolRef:
    """And, or or, without the checks of Z3's own functions, which take most of the time there."""
    first, *others = parts.values()
    if not others:
        return first
    asts = (z3.Ast * len(parts))(*(part.ast for part in parts.values()))
    return z3.BoolRef(operation(first.ctx.ref(), len(parts), asts), first.ctx)


def both(a: Truth, b: Truth) -> Truth:
    """And, of two."""
    return conj((a, b))


def either(a: Truth, b: Truth) -> Truth:
    """Or, of two."""
    return disj((a, b))


def implied(a: Truth, b: Truth) -> Truth:
    """If the first, then the second."""
    return disj((neg(a), b))


def iff(a: Truth, b: Truth) -> Truth:
    """Both, or none."""
    if isinstance(a, bool):
        return b if a else neg(b)
    if isinstance(b, bool):
        return a if b else neg(a)
    return True if a.eq(b) else a == b


# ---------------------------------------------------------------- numbers
def is_number(value: Any) -> bool:
    """Whether a value is a number, known or not."""
    return (isinstance(value, (int, Fraction)) and not isinstance(value, bool)) or isinstance(value, z3.ArithRef)


def numeral(value: Any) -> Any:
    """A known number as Z3 takes it beside a term."""
    return z3.Q(value.numerator, value.denominator) if isinstance(value, Fraction) else value


def number(value: Any) -> Any:
    """A value that is a number, or may be one of several, as one number."""
    if not isinstance(value, Choice):
        return value
    ways = value.ways
    found = ways[-1][1]
    for guard, way in reversed(ways[:-1]):
        found = _if(guard, way, found)
    return found


def _if(guard: Truth, a: Any, b: Any) -> Any:
    if same(a, b):
        return a
    if isinstance(guard, bool):
        return a if guard else b
    if isinstance(a, z3.ArithRef) or isinstance(b, z3.ArithRef):
        return z3.If(guard, _beside(a, b, guard), _beside(b, a, guard))
    exact = any(isinstance(v, Fraction) for v in (a, b))
    return z3.If(guard, *(_constant(v, guard.ctx, exact=exact) for v in (a, b)))


def _constant(value: Any, ctx: z3.Context, *, exact: bool) -> z3.ArithRef:
    if exact:
        return z3.RealVal(f"{value.numerator}/{value.denominator}", ctx)
    return z3.IntVal(value, ctx)


def _beside(value: Any, other: Any, guard: z3.BoolRef) -> z3.ArithRef:
    """A number of the same sort as another one."""
    if isinstance(value, z3.ArithRef):
        return z3.ToReal(value) if value.is_int() and isinstance(other, z3.ArithRef) and other.is_real() else value
    return _constant(
        value, guard.ctx, exact=isinstance(value, Fraction) or (isinstance(other, z3.ArithRef) and other.is_real())
    )


def term(value: Any, ctx: z3.Context) -> z3.ArithRef:
    """A number as a Z3 term."""
    return value if isinstance(value, z3.ArithRef) else _constant(value, ctx, exact=isinstance(value, Fraction))


def compare(op: str, a: Any, b: Any) -> Truth:
    """An order between two numbers."""
    if not isinstance(a, z3.ArithRef) and not isinstance(b, z3.ArithRef):
        return bool(ORDERS[op](a, b))
    if same(a, b):
        return op in ("<=", ">=")
    ctx = a.ctx if isinstance(a, z3.ArithRef) else b.ctx
    ordered: z3.BoolRef = ORDERS[op](term(a, ctx), term(b, ctx))
    return ordered


# ---------------------------------------------------------------- any value
def same(a: Any, b: Any) -> bool:
    """Whether two values are written the same, so that nothing can tell them apart."""
    if a is b:
        return True
    if isinstance(a, z3.ExprRef) and isinstance(b, z3.ExprRef):
        return bool(a.eq(b))
    if isinstance(a, z3.ExprRef) or isinstance(b, z3.ExprRef) or isinstance(a, Choice) or isinstance(b, Choice):
        return False
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return known(a) and known(b) and type(a) is type(b) and a == b


def known(value: Any) -> bool:
    """Whether a value is as at run time: nothing in it is open."""
    if isinstance(value, tuple):
        return all(map(known, value))
    return value is None or isinstance(value, (bool, int, str, Fraction, Frozen))


def ways(value: Any) -> tuple[tuple[Truth, Any], ...]:
    """What a value may be, and when."""
    return value.ways if isinstance(value, Choice) else ((True, value),)


def keys(value: Any) -> Iterator[tuple[Truth, Any]]:
    """The same, tuples with open fields taken apart: known values, and terms of numbers where a number is open."""
    if isinstance(value, tuple) and not known(value):
        parts = [list(keys(part)) for part in value]
        if _size(parts) > WIDEST:
            raise NotSymbolic("a tuple has too many values")
        for row in product(*parts):
            guard = conj(g for g, _ in row)
            if guard is not False:
                yield guard, tuple(v for _, v in row)
    elif isinstance(value, Choice):
        for guard, way in value.ways:
            for inner, key in keys(way):
                if (held := both(guard, inner)) is not False:
                    yield held, key
    else:
        yield True, value


def spread(values: Iterable[Any]) -> Iterator[tuple[Truth, tuple[Any, ...]]]:
    """Each combination that some values may have, and when."""
    parts = [ways(value) for value in values]
    if _size(parts) > WIDEST:
        raise NotSymbolic("an operation has too many combinations of values")
    for row in product(*parts):
        guard = conj(g for g, _ in row)
        if guard is not False:
            yield guard, tuple(v for _, v in row)


def _size(parts: Iterable[Any]) -> int:
    return prod(map(len, parts))
