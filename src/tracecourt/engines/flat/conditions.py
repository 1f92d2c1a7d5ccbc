"""Typed expressions → lines over integers: conditions. An atom with a term that has no value is false."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tracecourt.engines.flat.draft import ALWAYS, NEVER, both, conj, negated, numeral
from tracecourt.engines.flat.layout import NotFlat, Val, element_of, few
from tracecourt.engines.flat.membership import Membership
from tracecourt.engines.flat.runtime import EMPTY
from tracecourt.engines.flat.stores import Bits, Row, Store
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

COMPARED = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Conditions(Membership):
    """Writes conditions."""

    def cond(self, e: ir.Expr) -> str:
        """A condition; where a term in an atom has no value, the atom is false."""
        with self.inside_loop():
            return self._cond(e)

    def _cond(self, e: ir.Expr) -> str:
        match e:
            case ir.Const(value=value):
                return ALWAYS if value else NEVER
            case ir.Call():
                val = self.outlined(e)
                return str(self.called(e, self.cond)) if val is None else conj(val.ok, f"{val.cell} != 0")
            case ir.Quantifier():
                return self._quantified(e)
            case ir.Within(value=value, of=of):
                val = self.term(value)
                return conj(val.ok, self.within(val.cells, of))
            case ir.Prim(op="and", args=args):
                return self._all(args)
            case ir.Prim(op="or", args=(a, b)):
                return negated(self._all((_not(a), _not(b))))
            case ir.Prim(op="=>", args=(a, b)):
                return negated(self._all((a, _not(b))))
            case ir.Prim(op="not", args=(a,)):
                return negated(self.cond(a))
            case ir.Prim(op="if", args=(condition, then, otherwise)):
                return self._either(self.cond(condition), then, otherwise)
            case ir.Prim(op=op, args=(a, b)) if op in COMPARED:
                return self._compared(op, a, b)
            case ir.Prim(op="in", args=(a, b)):
                return self.member(a, b)
        val = self.term(e)
        if val.cell in ("0", "1"):
            return conj(val.ok, ALWAYS if val.cell == "1" else NEVER)
        return conj(val.ok, f"{val.cell} != 0")

    def _all(self, parts: Sequence[ir.Expr]) -> str:
        """Conditions one after the other; those behind one that does not hold are not evaluated."""
        first, *rest = parts
        condition = self.cond(first)
        for part in rest:
            if condition == NEVER:
                return NEVER
            if condition == ALWAYS:
                condition = self.cond(part)
                continue
            more, lines = self.apart(partial(self.cond, part))
            condition = self.also(condition, more, lines)
        return condition

    def _either(self, condition: str, then: ir.Expr, otherwise: ir.Expr) -> str:
        if condition in (ALWAYS, NEVER):
            return self.cond(then if condition == ALWAYS else otherwise)
        name = self.fresh("ok")
        with self.block(f"if {condition}:"):
            self.add(f"{name} = {self.cond(then)}")
        with self.block("else:"):
            self.add(f"{name} = {self.cond(otherwise)}")
        return name

    def _quantified(self, e: ir.Quantifier) -> str:
        wanted = e.kind == "any"
        name = self.named(NEVER if wanted else ALWAYS, "ok")

        def test(*vals: Val) -> None:
            with self.taken(e.binding, vals):
                holds = self.cond(e.body)
                with self.block(f"if {holds if wanted else negated(holds)}:"):
                    self.add(f"{name} = {wanted}")
                    self.stop()

        pairs = len(e.binding.symbols) > 1
        ok = self.stoppable(lambda: self.through(e.binding, test, pairs=pairs, loose=True))
        return conj(ok, name)

    # ------------------------------------------------------------ comparisons
    def _compared(self, op: str, a: ir.Expr, b: ir.Expr) -> str:
        if op in ("=", "!="):
            holds, ok = self._equal(a, b)
            return conj(ok, holds if op == "=" else negated(holds))
        x, y = (self.fitted(self.term(e), e.sort, t.RATIONAL if self.exact and _rational(a, b) else e.sort) for e in (a, b))
        x, y = self.leveled(x, y)
        if len(x.cells) == 1 and numeral(x.cell) and numeral(y.cell):
            return conj(x.ok, y.ok, str(_known(int(x.cell), op, int(y.cell))))
        return conj(x.ok, y.ok, self.less(x, y, COMPARED[op]))

    def _equal(self, a: ir.Expr, b: ir.Expr) -> tuple[str, str | None]:
        """Whether two values are equal, and where both have one."""
        for one, other in ((a, b), (b, a)):
            if isinstance(other.sort, t.Nothing):
                val = self.term(one)
                return (f"{val.cells[0]} == 0", val.ok) if not val.cells[0].isdigit() else (str(val.cells[0] == "0"), val.ok)
            if isinstance(other, ir.Display) and not other.items and isinstance(one.sort, t.Collection):
                return self._empty(one)
        if isinstance(a.sort, (t.Map, t.Set)) and not (isinstance(a.sort, t.Set) and few(a.sort.element)):
            raise NotFlat("sets or maps that are compared")
        for one, other in ((a, b), (b, a)):
            if isinstance(self.place(one), Row) or (isinstance(one, ir.Prim) and one.op == "chain"):
                return self.same_lists(one, other)
        sort = t.join(a.sort, b.sort) or a.sort
        x, y = (self.fitted(self.term(e), e.sort, sort) for e in (a, b))
        return self.same(x.sure, y.sure), both(x.ok, y.ok)

    def _empty(self, e: ir.Expr) -> tuple[str, str | None]:
        match self.place(e):
            case Store(count=count):
                return f"{count} == 0", None
            case Row() as row:
                return f"{row.first} == {row.last}", None
            case Bits(name=name):
                return f"{name} == 0", None
        if isinstance(e.sort, t.List) and isinstance(e, (ir.Ref, ir.Project)):
            val = self.term(e)
            return f"{val.cell} == {EMPTY}", val.ok
        name = self.named(ALWAYS, "ok")

        def some(*_: Val) -> None:
            self.add(f"{name} = {NEVER}")
            self.stop()

        return name, self.stoppable(lambda: self.loop(e, some, loose=True))

    def same_lists(self, a: ir.Expr, b: ir.Expr) -> tuple[str, str | None]:
        """Whether two lists are equal, and where both have a value."""
        one, other = self.listing(a), self.listing(b)
        name = self.named(f"{one[1]} == {other[1]}", "ok")
        cells = self.cells(element_of(a))
        at = self.fresh("i")
        with (
            self.block(f"if {name}:"),
            self.block(f"for {at} in range({one[1]} * {cells}):"),
            self.block(f"if m[{one[0]} + {at}] != m[{other[0]} + {at}]:"),
        ):
            self.add(f"{name} = {NEVER}")
        return name, both(one[2], other[2])


def _not(e: ir.Expr) -> ir.Expr:
    return ir.Prim(t.BOOL, e.span, "not", (e,))


def _rational(a: ir.Expr, b: ir.Expr) -> bool:
    return not (isinstance(a.sort, t.Int) and isinstance(b.sort, t.Int))


def _known(a: int, op: str, b: int) -> bool:
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
