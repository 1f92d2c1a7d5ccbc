"""Displays, literals and members of enumerations: what they look like, and what their sorts are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.scope import Scope
from tracecourt.text import Span


def literal(value: object, span: Span) -> ir.Expr:
    """The typed form of what is written out."""
    match value:
        case bool():
            return ir.Const(t.BOOL, span, value)
        case int():
            return ir.Const(t.INT, span, value)
        case str():
            return ir.Const(t.TEXT, span, value)
        case (int() as over, int() as under):
            return ir.Const(t.RATIONAL, span, Fraction(over, under))
    return ir.Const(t.NOTHING, span, None)


def numeral(arguments: Sequence[s.Expression]) -> int | None:
    """The number that a single argument writes out, if it is one."""
    match arguments:
        case [s.Literal(value=int() as number)] if not isinstance(number, bool):
            return number
    return None


def displayed(kind: str, wanted: t.Sort) -> bool:
    """Whether a display of this kind may stand for a value of the wanted sort."""
    return isinstance(wanted, t.List if kind == "list" else t.Set)


def perhaps_member(expression: s.Expression, scope: Scope) -> bool:
    """Whether an expression may be the member of an enumeration, which only what it is compared with can tell."""
    match expression:
        case s.Name(name=name):
            return scope.find(name) is None
        case s.Literal(value=str()):
            return True
    return False


def member(name: str, sort: t.Sort) -> bool:
    """Whether a name is a member of an enumeration, or of an optional one."""
    if isinstance(sort, t.Optional):
        return member(name, sort.inner)
    return isinstance(sort, t.Enum) and name in sort.members


def collection(kind: str, sorts: list[t.Sort]) -> t.Sort:
    """The sort of a display of this kind."""
    if kind == "map":
        return t.Map(sorts[0], sorts[1])
    return t.List(sorts[0]) if kind == "list" else t.Set(sorts[0])


def kind(kind: str) -> Literal["list", "set", "map"]:
    """The kind of a display, for the typed form."""
    return "map" if kind == "map" else "set" if kind == "set" else "list"
