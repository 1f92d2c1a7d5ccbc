"""Sorts: the types of the specification language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracecourt.spec.ir import Expr


@dataclass(frozen=True)
class Sort:
    """Base of all sorts."""


@dataclass(frozen=True)
class Anything(Sort):
    """The sort of an expression that was already reported as faulty; compatible with all."""

    def __str__(self) -> str:
        return "?"


@dataclass(frozen=True)
class Nothing(Sort):
    """The sort of `none`."""

    def __str__(self) -> str:
        return "none"


@dataclass(frozen=True)
class Bool(Sort):
    """Truth values."""

    def __str__(self) -> str:
        return "bool"


@dataclass(frozen=True)
class Int(Sort):
    """Integers; in a text at most 18 digits."""

    def __str__(self) -> str:
        return "int"


@dataclass(frozen=True)
class Range(Int):
    """Integers from low to high, both included; the bounds may use parameters and facts."""

    low: Expr
    high: Expr
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Rational(Sort):
    """Exact fractions; an `int` is one."""

    def __str__(self) -> str:
        return "rational"


@dataclass(frozen=True)
class Text(Sort):
    """Texts, compared only for equality."""

    def __str__(self) -> str:
        return "text"


@dataclass(frozen=True)
class Formula(Sort):
    """A number, or two formulas joined by one of the signs `+ - * /`."""

    def __str__(self) -> str:
        return "arithmetic"


@dataclass(frozen=True)
class Enum(Sort):
    """One of the named members."""

    members: tuple[str, ...]

    def __str__(self) -> str:
        return f"enum {{{', '.join(self.members)}}}"


@dataclass(frozen=True)
class Abstract(Sort):
    """A sort that a procedure needs and a format supplies."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Tuple(Sort):
    """A fixed number of fields, perhaps named."""

    fields: tuple[tuple[str, Sort], ...]

    def __str__(self) -> str:
        return "(" + ", ".join(f"{n}: {s}" if n else str(s) for n, s in self.fields) + ")"


@dataclass(frozen=True)
class Optional(Sort):
    """A value or `none`."""

    inner: Sort

    def __str__(self) -> str:
        return f"{self.inner}?"


@dataclass(frozen=True)
class Collection(Sort):
    """Base of the sorts that hold elements; `element` is what a single name bound to it stands for."""

    element: Sort


@dataclass(frozen=True)
class Empty(Collection):
    """The sort of `{}` and `[]` before it is known what they are empty of."""

    def __str__(self) -> str:
        return "{}"


@dataclass(frozen=True)
class Set(Collection):
    """A finite set."""

    def __str__(self) -> str:
        return f"set {self.element}"


@dataclass(frozen=True)
class List(Collection):
    """A sequence."""

    def __str__(self) -> str:
        return f"list {self.element}"


@dataclass(frozen=True)
class Stack(List):
    """A sequence whose last element is its top."""

    def __str__(self) -> str:
        return f"stack {self.element}"


@dataclass(frozen=True)
class Fifo(List):
    """A sequence whose first element is its front."""

    def __str__(self) -> str:
        return f"fifo {self.element}"


@dataclass(frozen=True)
class Map(Collection):
    """A finite map that remembers the order of insertion."""

    value: Sort

    def __str__(self) -> str:
        return f"map {self.element} -> {self.value}"


@dataclass(frozen=True)
class Queue(Map):
    """A map whose entries are ordered by a key: an open list."""

    def __str__(self) -> str:
        return f"queue of {self.element}"


ANYTHING, NOTHING, BOOL, INT, RATIONAL, TEXT, FORMULA = Anything(), Nothing(), Bool(), Int(), Rational(), Text(), Formula()
SIGNS = ("+", "-", "*", "/")


def numeric(sort: Sort) -> bool:
    """Whether values of the sort are numbers."""
    return isinstance(sort, (Int, Rational, Anything))


def finite(sort: Sort) -> bool:
    """Whether the values of the sort can be listed."""
    match sort:
        case Range() | Enum() | Bool() | Abstract() | Anything():
            return True
        case Tuple(fields=fields):
            return all(finite(inner) for _, inner in fields)
    return False


def compound(sort: Sort) -> bool:
    """Whether a value of the sort holds a collection; such a value is frozen when it is stored in another."""
    match sort:
        case Collection():
            return True
        case Tuple(fields=fields):
            return any(compound(inner) for _, inner in fields)
        case Optional(inner=inner):
            return compound(inner)
    return False


def keyable(sort: Sort) -> bool:
    """Whether values of the sort can be elements of a set, keys of a map, nodes of a search: queues cannot."""
    match sort:
        case Queue():
            return False
        case Map(element=element, value=value):
            return keyable(element) and keyable(value)
        case Collection(element=element):
            return keyable(element)
        case Tuple(fields=fields):
            return all(keyable(inner) for _, inner in fields)
        case Optional(inner=inner):
            return keyable(inner)
    return True


def unsettled(sort: Sort) -> bool:
    """Whether it is not yet known of what something in a value of the sort is empty."""
    match sort:
        case Empty():
            return True
        case Tuple(fields=fields):
            return any(unsettled(inner) for _, inner in fields)
        case Optional(inner=inner):
            return unsettled(inner)
        case Map(element=element, value=value):
            return unsettled(element) or unsettled(value)
        case Collection(element=element):
            return unsettled(element)
    return False


def bounded(sort: Sort) -> bool:
    """Whether a value of the right shape may still lie outside the sort."""
    match sort:
        case Range():
            return True
        case Tuple(fields=fields):
            return any(bounded(inner) for _, inner in fields)
        case Optional(inner=inner):
            return bounded(inner)
        case Map(element=element, value=value):
            return bounded(element) or bounded(value)
        case Collection(element=element):
            return bounded(element)
    return False


def accepts(wanted: Sort, given: Sort) -> bool:
    """Whether a value of the given sort may stand where the wanted one is asked for.

    Ranges count as `int` here: membership in a range is asked with `in`, and of what a text says, by the engines.
    """
    match wanted, given:
        case (Anything(), _) | (_, Anything()):
            return True
        case Optional(), Nothing():
            return True
        case Optional(inner=w), Optional(inner=g):
            return accepts(w, g)
        case Optional(inner=w), _:
            return accepts(w, given)
        case Int(), Int():
            return True
        case (Rational(), Rational() | Int()) | (Formula(), Rational() | Int()):
            return True
        case Tuple(fields=w), Tuple(fields=g):
            return len(w) == len(g) and all(accepts(a, b) for (_, a), (_, b) in zip(w, g, strict=True))
        case Enum(members=w), Enum(members=g):
            return set(g) <= set(w)
        case Collection(), Empty():
            return True
        case (Queue(), _) | (_, Queue()):
            return False
        case Map(element=wk, value=wv), Map(element=gk, value=gv):
            return accepts(wk, gk) and accepts(wv, gv)
        case (Set(element=w), Set(element=g)) | (List(element=w), List(element=g)):
            return accepts(w, g)
        case _:
            return wanted == given


def fields(sort: Sort, count: int) -> tuple[Sort, ...]:
    """The sorts of the parts of a value that is written out as a tuple of so many; none when it cannot be."""
    match sort:
        case Tuple(fields=named) if len(named) == count:
            return tuple(inner for _, inner in named)
        case Formula() if count == 3:
            return sort, Enum(SIGNS), sort
    return ()


def join(one: Sort, other: Sort) -> Sort | None:
    """The sort of a value that comes from either side, or None when there is none."""
    if isinstance(one, (Anything, Nothing)):
        return other if isinstance(one, Anything) else _optional(other)
    if isinstance(other, Nothing):
        return _optional(one)
    if accepts(one, other):
        return INT if isinstance(one, Int) else one
    if accepts(other, one):
        return other
    return None


def _optional(sort: Sort) -> Sort:
    return sort if isinstance(sort, (Optional, Nothing)) else Optional(sort)
