"""Byte scanners for typed arguments: how values of a sort are laid out in cells."""

from __future__ import annotations

from tracecourt.grammar.bytecells import Fields, Layout, Member, Number, Several
from tracecourt.grammar.bytepattern import NoByteScanner
from tracecourt.spec import sorts as t


def layout(sort: t.Sort, *, sets: bool = False) -> Layout:
    """How a value of a sort is laid out; with `sets`, a set as the list of its elements as they are printed.

    Raises:
        NoByteScanner: for a sort whose values are not numbers, members, or tuples and lists of them.
    """
    match sort:
        case t.Int() | t.Rational():
            return Number()
        case t.Bool():
            return Member(("false", "true"), 0)
        case t.Enum(members=members):
            return Member(members)
        case t.Tuple(fields=fields):
            return Fields(tuple(layout(inner, sets=sets) for _, inner in fields))
        case t.List(element=element):
            return Several(layout(element, sets=sets))
        case t.Set(element=element) if sets:
            return Several(layout(element, sets=sets))
    raise NoByteScanner(f"a value of the sort {sort} is not written as numbers")
