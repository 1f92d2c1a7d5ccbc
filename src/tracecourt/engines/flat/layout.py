"""How values are laid out as integers: a value is a row of cells, one behind the other.

A truth value, a number, a member of an enumeration take one cell; a tuple takes those of its fields; an optional value takes
one that says whether there is a value, and those of the value; a list takes one, its handle. A rational number is a whole one
over a denominator that is known when the code is written; in a system that divides, it takes two cells, its numerator and
denominator. A set of few members takes one cell, a bit for each.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracecourt.engines.flat.walk import expressions
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

    @property
    def sure(self) -> Val:
        """The same where it is known to have a value."""
        return Val(self.cells, None, self.den)


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


def same_layout(given: t.Sort, wanted: t.Sort, *, exact: bool) -> None:
    """Make sure that the cells of a value of one sort are those of the same value of another that takes it.

    Raises:
        NotFlat: when they are not.
    """
    if not _alike(given, wanted, exact):
        raise NotFlat("a collection of elements that are laid out otherwise")


def _alike(a: t.Sort, b: t.Sort, exact: bool) -> bool:
    match a, b:
        case (t.Anything(), _) | (_, t.Anything()):
            return True
        case (t.Int(), t.Rational()) | (t.Rational(), t.Int()):
            return not exact
        case t.Enum(members=x), t.Enum(members=y):
            return x == y
        case t.Tuple(fields=x), t.Tuple(fields=y):
            return all(_alike(v, w, exact) for (_, v), (_, w) in zip(x, y, strict=True))
        case t.Optional(inner=x), t.Optional(inner=y):
            return _alike(x, y, exact)
        case (t.Optional(), _) | (_, t.Optional()):
            return False
        case t.Map(element=x, value=v), t.Map(element=y, value=w):
            return _alike(x, y, exact) and _alike(v, w, exact)
        case t.Collection(element=x), t.Collection(element=y):
            return _alike(x, y, exact)
    return True


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
    return any(isinstance(e, ir.Prim) and e.op == "/" for e in expressions(system))
