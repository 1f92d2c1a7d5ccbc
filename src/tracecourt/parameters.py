"""Parameters of a problem as users give them: JSON values in rows, `name=value` on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tracecourt.engines.values import whole
from tracecourt.errors import InputError, SpecError, raise_all, suggestion
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.expressions import Checker, Scope
from tracecourt.spec.library import constant
from tracecourt.spec.parser import parse_expression
from tracecourt.text import Source, Span


def from_row(system: ir.System, given: Mapping[str, Any]) -> dict[str, Any]:
    """A row's parameters, typed; names that the system does not know are passed over.

    Raises:
        InputError: when a value does not fit its sort.
    """
    known = {p.symbol.name: p.symbol.sort for p in system.params}
    return {name: _from_json(name, known[name], value) for name, value in given.items() if name in known}


def from_options(system: ir.System, options: Sequence[str]) -> dict[str, Any]:
    """Parameters given as `name=value`, the value written as in a specification.

    Raises:
        InputError: for a name that the system does not have, or a value that does not fit.
    """
    known = {p.symbol.name: p.symbol.sort for p in system.params}
    found = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals:
            raise InputError(f"--param {option}: write NAME=VALUE")
        if name not in known:
            raise InputError(f"{system.name} has no parameter {name}{suggestion(name, known)}")
        found[name] = _from_json(name, known[name], _parsed(name, known[name], text))
    return found


def _parsed(name: str, sort: t.Sort, text: str) -> Any:
    source = Source(f"--param {name}", text)
    checker = Checker(source, [])
    try:
        typed = checker.check(parse_expression(source, Span(0, len(text))), sort, Scope())
        value = constant(typed, checker)
        raise_all(checker.diagnostics)
    except SpecError:
        raise InputError(f"--param {name}={text}: this is not {_expected(sort)}") from None
    return value


def _from_json(name: str, sort: t.Sort, value: Any) -> Any:
    """A JSON value as a value of a sort."""
    bad = InputError(f"parameter {name} = {value!r}: this is not {_expected(sort)}")
    match sort, value:
        case t.Optional(inner=inner), _:
            return None if value is None else _from_json(name, inner, value)
        case t.Bool(), bool():
            return value
        case (t.Int() | t.Rational(), bool()):
            raise bad
        case t.Range(low=ir.Const(value=int() as low), high=ir.Const(value=int() as high)), int():
            if not low <= value <= high:
                raise bad
            return value
        case t.Int(), int():
            return value
        case t.Rational(), int() | Fraction():
            return whole(Fraction(value))
        case t.Rational(), float() | str():
            try:
                return whole(Fraction(str(value)))
            except (ValueError, ZeroDivisionError):
                raise bad from None
        case t.Text(), str():
            return value
        case t.Enum(members=members), str() if value in members:
            return value
        case t.Tuple(fields=fields), list() | tuple() if len(value) == len(fields):
            return tuple(_from_json(name, inner, part) for (_, inner), part in zip(fields, value, strict=True))
        case t.Set(element=element), list() | tuple() | frozenset():
            return {_from_json(name, element, part): True for part in value}
        case t.List(element=element), list() | tuple():
            return [_from_json(name, element, part) for part in value]
    raise bad


def _expected(sort: t.Sort) -> str:
    match sort:
        case t.Optional(inner=inner):
            return f"{_expected(inner)} or none"
        case t.Range(low=ir.Const(value=low), high=ir.Const(value=high)):
            return f"a number from {low} to {high}"
        case t.Int():
            return "a whole number"
        case t.Rational():
            return "a number"
        case t.Bool():
            return "true or false"
        case t.Enum(members=members):
            return f"one of {', '.join(members)}"
    return f"a value of the sort {sort}"
