"""Values at run time: reading them from printed words, asking whether they lie in a sort, showing them.

A tuple is a Python tuple, a list a list, a set a dict to True, a map a dict, an absent optional None, a rational an int
or a Fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from tracecourt.engines.queues import KeyedQueue
from tracecourt.grammar.items import Raw
from tracecourt.grammar.trace_grammar import Again, Many, Part, Shape, Word
from tracecourt.spec import sorts as t

DIGITS = 18


class Frozen(dict[Any, Any]):
    """A set or map inside another value: it does not change any more, and can be an element or a key."""

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:  # type: ignore[override]
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(frozenset(self.items()))
            return self._hash


def freeze(value: Any) -> Any:
    """A value as it is stored inside others: sets and maps frozen, lists as tuples."""
    match value:
        case Frozen():
            return value
        case dict():
            return Frozen((freeze(k), freeze(v)) for k, v in value.items())
        case list() | tuple() | range():
            return tuple(freeze(part) for part in value)
    return value


def snapshot(value: Any) -> Any:
    """What a state variable holds now, as something that can be compared and remembered; the order of entries is none."""
    if isinstance(value, (dict, KeyedQueue)):
        return frozenset((key, freeze(entry)) for key, entry in value.items())
    return freeze(value)


class Unreadable(Exception):
    """A printed word is no value of its sort; the message says why."""


Reader = Callable[[Raw], Any]


def reader(sort: t.Sort) -> Reader:
    """The function that reads the value that printed words stand for, as it is stored inside others.

    The function raises Unreadable for numerals of more than 18 digits and words that are no member of an enumeration.
    """
    match sort:
        case t.Int():
            return _integer
        case t.Rational():
            return _rational
        case t.Text():
            return lambda raw: raw
        case t.Formula():
            return _formula
        case t.Enum(members=members):
            return lambda raw: _member(raw, members)
        case t.Bool():
            return lambda raw: raw == "true"
        case t.Tuple(fields=fields):
            inner = [reader(field) for _, field in fields]
            return lambda raw: tuple([read(part) for read, part in zip(inner, raw, strict=True)])
        case t.Optional(inner=present):
            value = reader(present)
            return lambda raw: None if raw == () else value(raw)
        case t.Set(element=element):
            one = reader(element)
            return lambda raw: Frozen.fromkeys(map(one, _several(raw)), True)
        case t.List(element=element):
            each = reader(element)
            return lambda raw: tuple(map(each, _several(raw)))
    raise AssertionError(sort)


def _formula(raw: Raw) -> Any:
    return _rational(raw) if isinstance(raw, str) else (_formula(raw[0]), raw[1], _formula(raw[2]))


def _member(raw: Raw, members: tuple[str, ...]) -> Raw:
    if raw not in members:
        raise Unreadable(f"{raw} is none of {', '.join(members)}")
    return raw


def _several(raw: Raw) -> tuple[Raw, ...]:
    """The words of a collection; one that holds a single word is read as that word."""
    return (raw,) if isinstance(raw, str) else raw


def _integer(raw: Raw) -> int:
    if not isinstance(raw, str):
        raise AssertionError(raw)
    if len(raw) > DIGITS:
        raise Unreadable(f"{shorten(raw)} has more than {DIGITS} digits")
    return int(raw)


def _rational(raw: Raw) -> int | Fraction:
    if isinstance(raw, str) and len(raw) > 2 * DIGITS:
        raise Unreadable(f"{shorten(raw)} has more than {DIGITS} digits")
    if not isinstance(raw, str) or not ("/" in raw or "." in raw):
        return _integer(raw)
    try:
        return whole(Fraction(raw))
    except (ValueError, ZeroDivisionError):
        raise Unreadable(f"{raw} is no number") from None


def whole(number: Fraction) -> int | Fraction:
    """A rational in its plainest form."""
    return number.numerator if number.denominator == 1 else number


def fits(sort: t.Sort, shape: Shape) -> bool:
    """Whether every text that a grammar allows for an argument can be read as a sort."""
    match sort, shape:
        case (t.Int() | t.Rational(), Word(terminal=terminal)):
            return terminal.numeric
        case (t.Text() | t.Enum() | t.Bool(), Word()):
            return True
        case (t.Int() | t.Rational() | t.Text() | t.Enum() | t.Bool(), Part(ways=ways)):
            return all(len(way) == 1 and fits(sort, way[0]) for way in ways)
        case t.Formula(), _:
            return _joins(shape)
        case t.Tuple(fields=fields), Part(ways=ways):
            return all(
                len(way) == len(fields) and all(fits(f, s) for (_, f), s in zip(fields, way, strict=True)) for way in ways
            )
        case t.Optional(inner=t.Collection() as inner), Part(ways=ways) if () in ways:
            return fits(inner, Part(tuple(way for way in ways if way)))
        case t.Optional(inner=inner), Part(ways=ways) if () in ways:
            return all(fits(inner, way[0]) if len(way) == 1 else way == () for way in ways)
        case t.Optional(inner=inner), _:
            return fits(inner, shape)
        case (t.Set(element=element) | t.List(element=element), Part(ways=ways)):
            return all(_each_fits(element, part) for way in ways for part in way)
    return False


def _joins(shape: Shape) -> bool:
    """Whether all that a shape allows is a number, or two of its kind around a sign."""
    match shape:
        case Word(terminal=terminal):
            return terminal.numeric
        case Part(ways=ways):
            return all(
                (len(way) == 1 and _joins(way[0])) or (len(way) == 3 and _joins(way[0]) and _sign(way[1]) and _joins(way[2]))
                for way in ways
            )
    return isinstance(shape, Again)


def _sign(shape: Shape) -> bool:
    return isinstance(shape, Word) and shape.terminal.alphabet is not None and shape.terminal.alphabet <= set(t.SIGNS)


def _each_fits(element: t.Sort, shape: Shape) -> bool:
    return all(fits(element, s) for s in shape.of) if isinstance(shape, Many) else fits(element, shape)


def spell(sort: t.Sort, value: Any) -> Raw:
    """The words that print a value; the inverse of `reader`."""
    match sort:
        case t.Bool():
            return "true" if value else "false"
        case t.Tuple(fields=fields):
            return tuple(spell(inner, part) for (_, inner), part in zip(fields, value, strict=True))
        case t.Formula() if isinstance(value, tuple):
            return (spell(sort, value[0]), value[1], spell(sort, value[2]))
        case t.Optional(inner=inner):
            return () if value is None else spell(inner, value)
        case t.Set(element=element) | t.List(element=element):
            return tuple(spell(element, part) for part in value)
    return str(value)


def written(sort: t.Sort, value: Any) -> str:
    """A value as a specification writes it, as in a trace block."""
    match sort:
        case t.Optional(inner=inner):
            return "none" if value is None else written(inner, value)
        case t.Bool():
            return "true" if value else "false"
        case t.Text() | t.Enum():
            return f'"{value}"'
        case t.Tuple(fields=fields):
            return f"({', '.join(written(inner, part) for (_, inner), part in zip(fields, value, strict=True))})"
        case t.Formula() if isinstance(value, tuple):
            return f'({written(sort, value[0])}, "{value[1]}", {written(sort, value[2])})'
        case t.Map(element=element, value=inner):
            return f"{{{', '.join(f'{written(element, k)}: {written(inner, v)}' for k, v in value.items())}}}"
        case t.Set(element=element):
            return f"{{{', '.join(written(element, part) for part in value)}}}"
        case t.List(element=element):
            return f"[{', '.join(written(element, part) for part in value)}]"
    return str(value)


def show(value: Any, limit: int = 6) -> str:
    """A value as a person writes it; long collections are cut."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case int() | Fraction():
            return shorten(str(value))
        case (left, "+" | "-" | "*" | "/" as sign, right):
            return f"({show(left)} {sign} {show(right)})"
        case tuple():
            return "(" + ", ".join(show(part) for part in value) + ")"
        case list() | dict() | range() | KeyedQueue():
            shown = [show(part) for part in list(value)[:limit]]
            if len(value) > limit:
                shown.append(f"and {len(value) - limit} more")
            return ", ".join(shown) if shown else "nothing"
    return str(value)


def shorten(text: str, limit: int = 24) -> str:
    """A long word cut in the middle of nowhere, with its length."""
    return text if len(text) <= limit else f"{text[:12]}… ({len(text)} characters)"


def occurrences(sort: t.Sort, wanted: t.Sort, value: Any) -> Iterator[Any]:
    """The parts of a value that stand where a sort is asked for."""
    if sort is wanted:
        yield value
        return
    match sort:
        case t.Tuple(fields=fields):
            for (_, inner), part in zip(fields, value, strict=True):
                yield from occurrences(inner, wanted, part)
        case t.Optional(inner=inner) if value is not None:
            yield from occurrences(inner, wanted, value)
        case t.Map(element=element, value=inner):
            for key, part in value.items():
                yield from occurrences(element, wanted, key)
                yield from occurrences(inner, wanted, part)
        case t.Collection(element=element):
            for part in value:
                yield from occurrences(element, wanted, part)


Check = Callable[[list[Any], Any], str]


def bounds(sort: t.Sort, compiled: Callable[[Any], Callable[[list[Any]], Any]]) -> Check | None:
    """A function of registers and value that says why a value lies outside a sort, or None where nothing can."""
    match sort:
        case t.Range(low=low, high=high):
            lower, upper = compiled(low), compiled(high)

            def ranged(r: list[Any], value: Any) -> str:
                return "" if lower(r) <= value <= upper(r) else f"{show(value)} is not within {lower(r)}..{upper(r)}"

            return ranged
        case t.Tuple(fields=fields):
            checks = [(i, name, c) for i, (name, inner) in enumerate(fields) if (c := bounds(inner, compiled))]
            if not checks:
                return None

            def parts(r: list[Any], value: Any) -> str:
                for index, name, check in checks:
                    if why := check(r, value[index]):
                        return f"in {show(value)}, {name + ' = ' if name else ''}{why}"
                return ""

            return parts
        case t.Optional(inner=inner):
            check = bounds(inner, compiled)
            return None if check is None else lambda r, v: "" if v is None else check(r, v)
        case t.Map(element=element, value=inner):
            keys, values = bounds(element, compiled), bounds(inner, compiled)
            if keys is None and values is None:
                return None

            def entries(r: list[Any], value: Any) -> str:
                for k, v in value.items():
                    if why := (keys(r, k) if keys else "") or (values(r, v) if values else ""):
                        return why
                return ""

            return entries
        case t.Collection(element=element):
            each = bounds(element, compiled)
            return None if each is None else lambda r, v: next((why for e in v if (why := each(r, e))), "")
    return None
