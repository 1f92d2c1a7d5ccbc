"""Parameters of a problem as users give them: JSON values in rows, `name=value` on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tracecourt.engines.values import DIGITS, freeze, shorten, show, whole
from tracecourt.errors import InputError, SpecError, raise_all, suggestion
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.expressions import Checker, Scope
from tracecourt.spec.library import constant
from tracecourt.spec.parser import parse_expression
from tracecourt.text import Source, Span

LONGER: int = 10**DIGITS  # the least number that is longer than those that a text may print
NUMERAL = re.compile(rf"[+-]?[0-9]{{1,{DIGITS}}}(?:[./][0-9]{{1,{DIGITS}}})?")


class _Unfit(Exception):
    """A value, perhaps inside another, that is none of its sort."""

    def __init__(self, sort: t.Sort, value: Any) -> None:
        super().__init__()
        self.sort, self.value = sort, value


def from_row(system: ir.System, given: Mapping[str, Any]) -> dict[str, Any]:
    """A row's parameters, typed; names that the system does not know are passed over.

    Raises:
        InputError: when a value does not fit its sort.
    """
    known = {p.symbol.name: p.symbol.sort for p in system.params}
    return {name: _fitting(name, known[name], value) for name, value in given.items() if name in known}


def from_options(system: ir.System, options: Sequence[str]) -> dict[str, Any]:
    """Parameters given as `name=value`, the value written as in a specification.

    Raises:
        InputError: for a name that the system does not have, or a value that does not fit.
    """
    known = {p.symbol.name: p.symbol.sort for p in system.params}
    found = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals or not name:
            raise InputError(f"--param {option}: write NAME=VALUE")
        if name not in known:
            raise InputError(f"{system.name} has no parameter {name}{suggestion(name, known)}")
        found[name] = _fitting(name, known[name], _parsed(name, known[name], text))
    return found


def _parsed(name: str, sort: t.Sort, text: str) -> Any:
    source = Source(f"--param {name}", text)
    checker = Checker(source, [])
    try:
        typed = checker.check(parse_expression(source, Span(0, len(text))), sort, Scope())
        value = constant(typed, checker)
        raise_all(checker.diagnostics)
    except SpecError:
        raise InputError(f"--param {name}={shorten(text)}: this is not {_expected(sort)}") from None
    return value


def _fitting(name: str, sort: t.Sort, value: Any) -> Any:
    try:
        return _typed(sort, value)
    except _Unfit as unfit:
        message = f"parameter {name}: {_written(unfit.value)} is not {_expected(unfit.sort)}"
        raise InputError(message) from None


def _typed(sort: t.Sort, value: Any) -> Any:
    """A JSON value, or one that was typed before, as a value of a sort.

    Raises:
        _Unfit: when it is none.
    """
    match sort, value:
        case t.Range(low=ir.Const(value=int() as low), high=ir.Const(value=int() as high)), int() if (
            value.__class__ is not bool
        ):
            if low <= value <= high:
                return value
        case t.Optional(), None:
            return None
        case t.Optional(inner=inner), _:
            return _typed(inner, value)
        case t.Bool(), bool():
            return value
        case (t.Int() | t.Rational(), bool()):
            pass
        case t.Int(), int():
            if _short(value):
                return value
        case t.Rational(), int() | Fraction() | float() | str():
            number = _number(value)
            if number is not None and _short(number.numerator) and _short(number.denominator):
                return whole(number)
        case t.Text(), str():
            return value
        case t.Enum(members=members), str() if value in members:
            return value
        case t.Tuple(fields=fields), list() | tuple() if len(value) == len(fields):
            return tuple(freeze(_typed(inner, part)) for (_, inner), part in zip(fields, value, strict=True))
        case t.Set(element=element), list() | tuple() | frozenset() | dict():
            return {freeze(_typed(element, part)): True for part in value}
        case t.List(element=element), list() | tuple():
            return [freeze(_typed(element, part)) for part in value]
        case t.Map(element=element, value=inner), list() | tuple() | dict():
            pairs = list(value.items()) if isinstance(value, dict) else value
            if all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs):
                return {freeze(_typed(element, key)): freeze(_typed(inner, part)) for key, part in pairs}
    raise _Unfit(sort, value)


def _number(value: int | Fraction | float | str) -> Fraction | None:
    if isinstance(value, str) and not NUMERAL.fullmatch(value):
        return None
    try:
        return Fraction(str(value) if isinstance(value, float) else value)
    except (ValueError, ZeroDivisionError):
        return None


def _short(number: int) -> bool:
    return abs(number) < LONGER


def _written(value: Any) -> str:
    try:
        return shorten(json.dumps(value, default=show))
    except (ValueError, TypeError, RecursionError):
        return "what is given"


def _expected(sort: t.Sort) -> str:
    match sort:
        case t.Optional(inner=inner):
            return f"{_expected(inner)}, or none"
        case t.Range(low=ir.Const(value=low), high=ir.Const(value=high)):
            return f"a number from {low} to {high}"
        case t.Int():
            return f"a whole number of at most {DIGITS} digits"
        case t.Rational():
            return f"a number of at most {DIGITS} digits"
        case t.Bool():
            return "true or false"
        case t.Text():
            return "a text in quotes"
        case t.Enum(members=members):
            return f"one of {', '.join(members)}"
    return f"a value of the sort {sort}"
