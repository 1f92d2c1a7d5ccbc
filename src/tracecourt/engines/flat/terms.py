"""Typed expressions → lines over integers: terms.

`evaluate.py` says what an expression means. A term's value comes with the condition under which it has one; an atom with a
term without a value is false. What is written may be evaluated where its value is not used: nothing here can fail.
"""

from __future__ import annotations

from tracecourt.engines.flat.draft import both, conj
from tracecourt.engines.flat.layout import NotFlat, Val, element_of, few, whole
from tracecourt.engines.flat.runtime import EMPTY, LIST
from tracecourt.engines.flat.selections import Selections
from tracecourt.engines.flat.stores import Bits, Local, Row
from tracecourt.engines.primitives import LARGEST_EXPONENT
from tracecourt.spec import ir
from tracecourt.spec import sorts as t


class Terms(Selections):
    """Writes terms."""

    def term(self, e: ir.Expr) -> Val:
        """The value of an expression."""
        with self.inside_loop():
            return self._term(e)

    def _term(self, e: ir.Expr) -> Val:
        match e:
            case ir.Const(value=value):
                return self.constant(value, e.sort)
            case ir.Ref():
                return self._name(e)
            case ir.Project(base=base, index=index):
                return self._projected(e, self.term(base), base.sort, index)
            case ir.Display(kind="tuple", items=items):
                inner = t.fields(e.sort, len(items))
                return self.joined([self.fitted(self.term(i), i.sort, s) for i, s in zip(items, inner, strict=True)])
            case ir.Display(kind="set", items=items) if few(element_of(e)):
                held, ok = "0", None
                for item in items:
                    val = self.fitted(self.term(item), item.sort, element_of(e))
                    held, ok = self.named(f"{held} | 1 << {val.cell}"), both(ok, val.ok)
                return Val((held,), ok)
            case ir.Call():
                return self.outlined(e) or self.called(e, self.term)
            case ir.Least():
                return self.least(e)
            case ir.Distance():
                return self.distance(e)
            case ir.Prim():
                return self._prim(e)
        if isinstance(e.sort, t.List):
            return self._listed(e)
        if e.sort == t.BOOL:
            return Val((self.truth(self.cond(e)),))
        raise NotFlat(f"{type(e).__name__.lower()} of the sort {e.sort}")

    def _name(self, e: ir.Ref) -> Val:
        match self.scope.get(e.symbol):
            case Val() as val:
                return val
            case Local() as local:
                return local.val
            case Bits(name=name):
                return Val((name,))
            case Row():
                return self._listed(e)
        raise NotFlat(f"{e.symbol.name} is used as a value")

    def _projected(self, e: ir.Expr, base: Val, sort: t.Sort, index: int) -> Val:
        inner = sort.inner if isinstance(sort, t.Optional) else sort
        if not isinstance(inner, t.Tuple):
            raise NotFlat("a part of what is no tuple")
        at = len(base.cells) - self.cells(inner) + sum(self.cells(s) for _, s in inner.fields[:index])
        return Val(base.cells[at : at + self.cells(inner.fields[index][1])], base.ok)

    def _listed(self, e: ir.Expr) -> Val:
        """The handle of a list."""
        listed = self.named(str(EMPTY))
        element = element_of(e)

        def add(val: Val) -> None:
            self.add(f"{listed} = made(m, {listed}, {self.packed(self.fitted(val, element_of(e), element))}, {LIST})")

        return Val((listed,), self.loop(e, add))

    # ------------------------------------------------------------ operations
    def _prim(self, e: ir.Prim) -> Val:
        match e.op, e.args:
            case "if", (condition, then, otherwise):
                return self.chosen(
                    self.cond(condition),
                    lambda: self.fitted(self.term(then), then.sort, e.sort),
                    lambda: self.fitted(self.term(otherwise), otherwise.sort, e.sort),
                )
            case "??", (a, b):
                val = self.term(a)
                there, rest = conj(val.ok), val.sure
                sort = a.sort
                if isinstance(sort, t.Optional) and not isinstance(e.sort, t.Optional):
                    there, rest, sort = conj(val.ok, f"{val.cells[0]} != 0"), Val(val.cells[1:], None, val.den), sort.inner
                elif isinstance(sort, t.Optional):
                    there = conj(val.ok, f"{val.cells[0]} != 0")
                return self.chosen(
                    there, lambda: self.fitted(rest, sort, e.sort), lambda: self.fitted(self.term(b), b.sort, e.sort)
                )
            case "the", (a,):
                val = self.term(a)
                return Val(val.cells[1:], both(val.ok, conj(f"{val.cells[0]} != 0")), val.den)
            case (("+" | "-" | "*"), (a, b)):
                return self.arithmetic(e, self.term(a), self.term(b))
            case (("div" | "mod"), (a, b)):
                x, y = self.term(a), self.term(b)
                safe = self.named(f"{y.cell} if {y.cell} != 0 else 1")
                sign = "//" if e.op == "div" else "%"
                return Val((self.named(f"{x.cell} {sign} {safe}"),), conj(x.ok, y.ok, f"{y.cell} != 0"))
            case "/", (a, b):
                return self.quotient(*(self.fitted(self.term(x), x.sort, t.RATIONAL) for x in (a, b)))
            case (("abs" | "negate"), (a,)):
                val = self.term(a)
                first = self.named(f"abs({val.cells[0]})" if e.op == "abs" else f"-{val.cells[0]}")
                return Val((first, *val.cells[1:]), val.ok, val.den)
            case "key", (queue, element):
                store = self.store_of(queue)
                return self.order_of(store, self.fitted(self.term(element), element.sort, store.key))
            case "best", (queue,):
                return self.best(self.store_of(queue))
            case "index", (base, key):
                return self.indexed(base, key)
            case (("first" | "front" | "last" | "top"), (values,)):
                return self.end_of(values, first=e.op in ("first", "front"))
            case (("min" | "max" | "sum" | "size" | "count"), _):
                return self.folded(e)
            case _ if e.sort == t.BOOL:
                return Val((self.truth(self.cond(e)),))
            case _ if isinstance(e.sort, t.List):
                return self._list_prim(e)
            case (("union" | "minus"), (a, b)) if isinstance(e.sort, t.Set) and few(e.sort.element):
                x, y = self.term(a), self.term(b)
                return Val((self.named(f"{x.cell} {'|' if e.op == 'union' else '& ~'}{y.cell}"),), both(x.ok, y.ok))
            case "power", (base, exponent):
                x, y = whole(self.term(base)), self.term(exponent)
                if len(x.cells) != 1:
                    raise NotFlat("a power of a fraction")
                return Val(
                    (self.named(f"power(m, {x.cell}, {y.cell})"),),
                    conj(x.ok, y.ok, f"{y.cell} >= 0", f"{y.cell} <= {LARGEST_EXPONENT}"),
                )
        raise NotFlat(f"the operation {e.op} of the sort {e.sort}")

    def _list_prim(self, e: ir.Prim) -> Val:
        match e.op, e.args:
            case "union", (a, ir.Display(kind="list", items=items)) if isinstance(a.sort, t.List):
                element = element_of(e)
                base = self.fitted(self.term(a), a.sort, e.sort)
                return self.appended(base, [self.fitted(self.term(i), i.sort, element) for i in items])
        return self._listed(e)
