"""Values: constants, from one sort to another, one or another, numbers, calls that are written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from tracecourt.engines.flat.core import Core
from tracecourt.engines.flat.draft import ALWAYS, LEAVE, NEVER, both, conj, numeral, straight
from tracecourt.engines.flat.layout import NotFlat, Val, few, same_layout, whole
from tracecourt.engines.flat.runtime import EMPTY, LIST
from tracecourt.engines.flat.stores import Bits, Local, Row, Store, Table
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import substitute

# Numbers on the tape are below 2^30. What is computed from others is kept below 2^40, so that a million of them have a sum that
# fits; factors are below 2^30, so that some products have.
LARGE = 1 << 30
KEPT = 1 << 40
SUMMED = 1 << 61


class Values(Core):
    """Writes what is made of values that are known by their cells."""

    # ------------------------------------------------------------ constants, tuples, lists
    def constant(self, value: Any, sort: t.Sort) -> Val:
        """A value that is known."""
        match sort, value:
            case t.Optional(inner=inner), None:
                return Val(("0",) * (1 + self.cells(inner)))
            case t.Nothing(), _:
                return Val(("0",))
            case t.Optional(inner=inner), _:
                val = self.constant(value, inner)
                return Val(("1", *val.cells), None, val.den)
            case t.Bool(), _:
                return Val(("1" if value else "0",))
            case t.Enum(members=members), str():
                return Val((str(members.index(value)),))
            case t.Rational(), _:
                number = Fraction(value)
                if self.exact:
                    return Val((str(number.numerator), str(number.denominator)))
                return Val((str(number.numerator),), None, number.denominator)
            case t.Int(), int():
                return Val((str(value),))
            case t.Tuple(fields=fields), tuple():
                parts = [self.constant(v, s) for v, (_, s) in zip(value, fields, strict=True)]
                return self.joined(parts)
            case t.List(element=element), list() | tuple():
                return self.appended(Val((str(EMPTY),)), [self.constant(v, element) for v in value])
            case t.Set(element=element), _ if few(element):
                return Val((str(sum(1 << int(self.constant(v, element).cell) for v in value)),))
        raise NotFlat(f"a constant of the sort {sort}")

    def joined(self, parts: Sequence[Val]) -> Val:
        """A tuple of parts; all rational ones in it are whole."""
        ok: str | None = None
        for part in parts:
            ok = both(ok, whole(part).ok)
        return Val(tuple(cell for part in parts for cell in part.cells), ok)

    def appended(self, listed: Val, elements: Sequence[Val]) -> Val:
        """A list with elements behind it."""
        cell, ok = listed.cell, listed.ok
        for element in elements:
            cell, ok = self.named(f"made(m, {cell}, {self.packed(element)}, {LIST})"), both(ok, element.ok)
        return Val((cell,), ok)

    # ------------------------------------------------------------ from one sort to another
    def fitted(self, val: Val, given: t.Sort, wanted: t.Sort) -> Val:
        """A value of one sort as one of another that takes it."""
        match given, wanted:
            case (t.Nothing(), t.Optional(inner=inner)):
                return Val(("0",) * (1 + self.cells(inner)), val.ok)
            case (t.Optional(inner=a), t.Optional(inner=b)):
                rest = self.fitted(Val(val.cells[1:], val.ok, val.den), a, b)
                return Val((val.cells[0], *rest.cells), rest.ok, rest.den)
            case (_, t.Optional(inner=b)):
                rest = self.fitted(val, given, b)
                return Val(("1", *rest.cells), rest.ok, rest.den)
            case (t.Int(), t.Rational()) if self.exact and len(val.cells) == 1:
                return Val((val.cell, "1"), val.ok)
            case (t.Tuple(fields=a), t.Tuple(fields=b)) if a is not b:
                parts, at = [], 0
                for (_, x), (_, y) in zip(a, b, strict=True):
                    count = self.cells(x)
                    parts.append(self.fitted(Val(val.cells[at : at + count]), x, y))
                    at += count
                made = self.joined(parts)
                return Val(made.cells, val.ok, val.den)
            case (t.Enum(members=a), t.Enum(members=b)) if a != b:
                if not set(a) <= set(b):
                    raise NotFlat("a member of one enumeration that may be none of another")
                chosen = "".join(f"{b.index(m)} if {val.cell} == {i} else " for i, m in enumerate(a[:-1]))
                return Val((self.named(f"{chosen}{b.index(a[-1])}"),), val.ok)
            case (t.Collection(), t.Collection()):
                same_layout(given, wanted, exact=self.exact)
        return val

    def leveled(self, a: Val, b: Val) -> tuple[Val, Val]:
        """Two numbers with one denominator."""
        den = lcm(a.den, b.den)
        return self.scaled(a, den), self.scaled(b, den)

    def scaled(self, val: Val, den: int) -> Val:
        """A number with another denominator."""
        if val.den == den:
            return val
        *flags, cell = val.cells  # the number stands behind what says whether there is one
        return Val((*flags, self.named(f"{den // val.den} * {cell}")), val.ok, den)

    def copy(self, names: Sequence[str], val: Val, den: int) -> None:
        """Give names the cells of a value, over another denominator."""
        *flags, cell = val.cells
        for name, flag in zip(names, flags, strict=False):
            self.add(f"{name} = {flag}")
        self.add(f"{names[-1]} = {cell}" if val.den == den else f"{names[-1]} = {den // val.den} * {cell}")

    def agreed(self, before: int | None, den: int) -> int:
        """The denominator of numbers that share a name.

        Raises:
            NotFlat: when they have different ones.
        """
        if before not in (None, den):
            raise NotFlat("numbers over different denominators, one after the other")
        return den

    # ------------------------------------------------------------ choices
    def chosen(self, condition: str, then: Callable[[], Val], otherwise: Callable[[], Val]) -> Val:
        """One value or another."""
        if condition in (ALWAYS, NEVER):
            return then() if condition == ALWAYS else otherwise()
        (a, lines_a), (b, lines_b) = self.apart(then), self.apart(otherwise)
        den = lcm(a.den, b.den)
        names = tuple(self.fresh() for _ in a.cells)
        ok = self.fresh("ok") if a.ok or b.ok else None
        for head, val, lines in ((f"if {condition}:", a, lines_a), ("else:", b, lines_b)):
            with self.block(head):
                self.lines += lines
                self.copy(names, val, den)
                if ok:
                    self.add(f"{ok} = {conj(val.ok)}")
        return Val(names, ok, den)

    def also(self, condition: str, more: str, lines: list[str]) -> str:
        """Both conditions, the second being what lines find that were written apart."""
        if straight(lines):
            self.lines += [line[4:] for line in lines]  # to find it in vain is quicker than to guess wrong
            return conj(condition, more)
        name = self.named(condition, "ok")
        with self.block(f"if {name}:"):
            self.lines += lines
            self.add(f"{name} = {more}")
        return name

    def truth(self, condition: str) -> str:
        """A cell for a condition."""
        if condition in (ALWAYS, NEVER):
            return "1" if condition == ALWAYS else "0"
        return self.named(f"1 if {condition} else 0")

    # ------------------------------------------------------------ comparisons
    def same(self, a: Val, b: Val) -> str:
        """Whether two values of one sort are equal."""
        if a.den != b.den:
            a, b = self.leveled(a, b)
        tests = []
        for x, y in zip(a.cells, b.cells, strict=True):
            if x != y:
                tests.append(NEVER if numeral(x) and numeral(y) else f"{x} == {y}")
        return conj(a.ok, b.ok, *tests)

    def less(self, a: Val, b: Val, sign: str) -> str:
        """A comparison of two numbers."""
        if len(a.cells) == 2 and len(b.cells) == 2:
            if a.cells[1] == b.cells[1]:
                return f"{a.cells[0]} {sign} {b.cells[0]}"
            return f"{self._product(a.cells[0], b.cells[1])} {sign} {self._product(b.cells[0], a.cells[1])}"
        return f"{a.cell} {sign} {b.cell}"

    def within(self, cells: Sequence[str], sort: t.Sort) -> str:
        """Whether cells lie in the ranges of a sort."""
        match sort:
            case t.Range(low=low, high=high):
                least, most = self.term(low), self.term(high)
                return conj(least.ok, most.ok, f"{least.cell} <= {cells[0]}", f"{cells[0]} <= {most.cell}")
            case t.Tuple(fields=fields):
                tests, at = [], 0
                for _, inner in fields:
                    count = self.cells(inner)
                    tests.append(self.within(cells[at : at + count], inner))
                    at += count
                return conj(*tests)
            case t.Optional(inner=inner):
                test = self.within(cells[1:], inner)
                return ALWAYS if test == ALWAYS else f"(({cells[0]} == 0) | ({test}))"
            case t.Collection() if t.bounded(sort):
                raise NotFlat("a collection whose elements must lie in a range")
        return ALWAYS

    def know_inside(self, val: Val, sort: t.Sort) -> None:
        """From here on a value, and its parts, are known to lie in their ranges."""
        self.learn(("inside", *val.cells), True)
        if isinstance(sort, t.Tuple):
            at = 0
            for _, inner in sort.fields:
                count = self.cells(inner)
                self.know_inside(Val(val.cells[at : at + count]), inner)
                at += count

    # ------------------------------------------------------------ numbers
    def arithmetic(self, e: ir.Prim, a: Val, b: Val) -> Val:
        """A sum, difference or product; another engine decides where a factor is too large for its product to fit."""
        ok = both(a.ok, b.ok)
        if self.exact and not isinstance(e.sort, t.Int):
            (n, d), (p, q) = ((*v.cells, "1")[:2] for v in (a, b))
            if e.op == "*":
                return self._ratio(self._product(n, p), self._product(d, q), ok)
            if d == q == "1":
                return Val((self.named(f"{n} {e.op} {p}"), "1"), ok)
            return self._ratio(self.named(f"{self._product(n, q)} {e.op} {self._product(p, d)}"), self._product(d, q), ok)
        if e.op == "*":
            return Val((self._product(a.cell, b.cell),), ok, a.den * b.den)
        a, b = self.leveled(a, b)
        return Val((self._folded_sum(a.cell, e.op, b.cell),), ok, a.den)

    def _folded_sum(self, a: str, op: str, b: str) -> str:
        if numeral(a) and numeral(b):
            return str(int(a) + int(b) if op == "+" else int(a) - int(b))
        if b == "0":
            return a
        return self.named(f"{a} {op} {b}")

    def below(self, limit: int, cells: Sequence[str]) -> None:
        """Leave numbers to another engine that are not between two limits."""
        for cell in cells:
            if not numeral(cell):
                with self.block(f"if ({cell} <= -{limit}) | ({cell} >= {limit}):"):
                    self.add(LEAVE)

    def _product(self, a: str, b: str) -> str:
        if "1" in (a, b):
            return b if a == "1" else a
        if numeral(a) and numeral(b) and abs(int(a) * int(b)) < LARGE:
            return str(int(a) * int(b))
        self.below(LARGE, (a, b))
        return self.named(f"{a} * {b}")

    def _ratio(self, numerator: str, denominator: str, ok: str | None) -> Val:
        """A fraction in lowest terms; the denominator is above 0."""
        common = self.named(f"divisor({numerator}, {denominator})")
        return Val((self.named(f"{numerator} // {common}"), self.named(f"{denominator} // {common}")), ok)

    def quotient(self, a: Val, b: Val) -> Val:
        """A quotient of two fractions."""
        (n, d), (p, q) = a.cells, b.cells
        top, bottom = self._product(n, q), self._product(d, p)
        sign = self.named(f"-1 if {bottom} < 0 else 1")
        below = self.named(f"{sign} * {bottom} if {bottom} != 0 else 1")
        return self._ratio(self.named(f"{sign} * {top}"), below, conj(a.ok, b.ok, f"{bottom} != 0"))

    # ------------------------------------------------------------ calls
    def called(self, e: ir.Call, write: Callable[[ir.Expr], Any]) -> Any:
        """A function's body with the arguments in place of its parameters."""
        values: dict[ir.Symbol, Any] = {}
        lazily: dict[ir.Symbol, ir.Expr] = {}
        ok: str | None = None
        for parameter, argument in zip(e.function.parameters, e.args, strict=True):
            kept = self.place(argument)
            if isinstance(kept, (Store, Row, Table)):
                same_layout(argument.sort, parameter.sort, exact=self.exact)
                values[parameter] = kept
            elif isinstance(parameter.sort, (t.Map, t.Set)) and not isinstance(kept, (Val, Local, Bits)):
                lazily[parameter] = argument
            else:
                val = self.fitted(self.term(argument), argument.sort, parameter.sort)
                ok = both(ok, val.ok)
                values[parameter] = val.sure
        body = substitute(e.function.body, lazily) if lazily else e.function.body
        with self.bound(values):
            result = write(body)
        if isinstance(result, Val):
            val = self.fitted(result, body.sort, e.sort)
            return Val(val.cells, both(ok, val.ok), val.den)
        return conj(ok, result) if isinstance(result, str) else both(ok, result)
