"""How values are laid out as integers: a value is a row of cells, one behind the other.

A truth value, a number, a member of an enumeration take one cell; a tuple takes those of its fields; an optional value takes
one that says whether there is a value, and those of the value; a list takes one, its handle. A rational number is a whole one
over a denominator that is known when the code is written; in a system that divides, it takes two cells, its numerator and
denominator. A set of few members takes one cell, a bit for each.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracecourt.spec import ir
from tracecourt.spec import sorts as t

MOST_BITS = 60


class NotFlat(Exception):
    """A system cannot be laid out flat; the message says why, in a few words."""


@dataclass(frozen=True)
class Val:
    """A lowered value: its cells, each a name or a numeral; `ok` holds where it has a value; `den` is its denominator."""

    cells: tuple[str, ...]
    ok: str | None = None
    den: int = 1

    @property
    def cell(self) -> str:
        """The only cell."""
        (cell,) = self.cells
        return cell


def whole(val: Val) -> Val:
    """A value that is to be kept where no denominator is: in a list, as a key, beside others.

    Raises:
        NotFlat: when it is a number over a denominator.
    """
    if val.den != 1:
        raise NotFlat("a fraction in a list, a tuple or a key")
    return val


def width(sort: t.Sort, exact: bool) -> int:
    """The number of cells that a value of a sort takes; `exact` where rational numbers have denominators of their own.

    Raises:
        NotFlat: for a sort without a layout.
    """
    match sort:
        case t.Bool() | t.Int() | t.Enum() | t.List():
            return 1
        case t.Rational():
            return 2 if exact else 1
        case t.Tuple(fields=fields):
            return sum(width(inner, exact) for _, inner in fields)
        case t.Optional(inner=inner):
            return 1 + width(inner, exact)
        case t.Nothing():
            return 1
        case t.Set(element=element) if few(element):
            return 1
    raise NotFlat(f"a value of the sort {shown(sort)} has no layout")


def shown(sort: t.Sort) -> str:
    """A sort in a few words."""
    match sort:
        case t.Text():
            return "text"
        case t.Formula():
            return "arithmetic"
        case t.Collection():
            return type(sort).__name__.lower()
    return str(sort)


def few(sort: t.Sort) -> bool:
    """Whether sets of a sort fit into the bits of a cell."""
    return isinstance(sort, t.Bool) or (isinstance(sort, t.Enum) and len(sort.members) <= MOST_BITS)


def dimensions(sort: t.Sort) -> list[t.Sort] | None:
    """The ranges whose values together number those of a sort without gaps; None where keys are numbered as they come.

    A tuple that names the same range twice is a relation: of its many values few occur.
    """
    match sort:
        case t.Range() | t.Enum() | t.Bool():
            return [sort]
        case t.Tuple(fields=fields):
            found: list[t.Sort] = []
            for _, inner in fields:
                inside = dimensions(inner)
                if inside is None or any(d is e for d in inside for e in found if isinstance(d, t.Range)):
                    return None
                found += inside
            return found
    return None


def element_of(e: ir.Expr) -> t.Sort:
    """The sort of the elements of an expression, which is a collection."""
    assert isinstance(e.sort, t.Collection)
    return e.sort.element


def divides(system: ir.System) -> bool:
    """Whether a system makes numbers with a division."""
    from tracecourt.engines.flat.walk import expressions

    return any(isinstance(e, ir.Prim) and e.op == "/" for e in expressions(system))
