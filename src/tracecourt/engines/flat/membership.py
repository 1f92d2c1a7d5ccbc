"""Whether a value is in a collection; where a collection says what its elements are made from, it is not gone through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tracecourt.engines.flat.core import Body, named_parts
from tracecourt.engines.flat.draft import ALWAYS, NEVER, conj
from tracecourt.engines.flat.layout import NotFlat, Val, element_of, few
from tracecourt.engines.flat.stores import Bits, Store, Table
from tracecourt.engines.flat.values import Values
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

FEW = 8  # elements that are all looked at


class Membership(Values):
    """Writes questions for members."""

    def member(self, a: ir.Expr, b: ir.Expr) -> str:
        """Whether an element is in a collection."""
        val = self.term(a)
        return conj(val.ok, self.inside(val.sure, a.sort, b))

    def inside(self, val: Val, sort: t.Sort, b: ir.Expr) -> str:
        """Whether a value is in a collection."""
        match self.place(b):
            case Store() as store:
                return self.present(store, self.fitted(val, sort, store.key))
            case Bits(name=name, element=element):
                return self._bit(Val((name,)), self.fitted(val, sort, element))
        if isinstance(b.sort, t.Set) and few(b.sort.element) and isinstance(b, (ir.Project, ir.Prim)):
            return self._bit(self.term(b), self.fitted(val, sort, b.sort.element))
        walk: Callable[[Body], str | None] = partial(self.loop, b, loose=True)
        match b:
            case ir.Prim(op="keys", args=(of,)):
                return self.inside(val, sort, of)
            case ir.Prim(op="numbers", args=(least, most)):
                low, high = self.term(least), self.term(most)
                return conj(low.ok, high.ok, f"{low.cell} <= {val.cell}", f"{val.cell} <= {high.cell}")
            case ir.Call():
                made = self.outlined(b)
                if made is None:
                    return str(self.called(b, lambda body: self.inside(val, sort, body)))
                if not isinstance(b.sort, t.List):
                    return self._bit(made, self.fitted(val, sort, element_of(b)))
                walk = partial(self.elements, made, b)
            case ir.Each():
                found = self.solved(b, self.fitted(val, sort, element_of(b)))
                if found is not None:
                    return found[0]
        element = element_of(b)
        name = self.named(NEVER, "ok")
        small = self.small(b)
        wanted = self.fitted(val, sort, element)

        def match(found: Val) -> None:
            if len(wanted.cells) != len(found.cells):
                raise NotFlat(f"{sort} among {element}")
            if small:
                self.add(f"{name} = {name} | ({self.same(wanted.sure, found)})")
                return
            with self.block(f"if {self.same(wanted, found)}:"):
                self.add(f"{name} = {ALWAYS}")
                self.stop()

        ok = self.stoppable(lambda: walk(match))
        return conj(ok, name)

    def _bit(self, held: Val, val: Val) -> str:
        """Whether a value is in a set of few members."""
        return conj(held.ok, f"({held.cell} >> {val.cell}) & 1 != 0")

    def solved(self, e: ir.Each, wanted: Val) -> tuple[str, dict[ir.Symbol, Val]] | None:
        """Whether an element is in a comprehension, where it says by itself what it would be made from; and from what.

        `x in {m for m in S if P(m)}` is `x in S and P(x)`; where `for a, b in S` makes `b`, and the guard says what `a` is, the
        pair is known too.
        """
        bound, key = e.binding.symbols, e.head[0]
        if not isinstance(key, ir.Ref) or key.symbol not in bound or isinstance(e.binding.source.sort, t.Map):
            return None
        known = {key.symbol: self.fitted(wanted, element_of(e), key.symbol.sort)}
        for symbol, value in named_parts(e.binding):
            if symbol not in known:
                known[symbol] = self.fitted(self.term(value), value.sort, symbol.sort)
        if len(known) < len(bound):
            return None
        parts = [known[symbol] for symbol in bound]
        element = parts[0] if len(parts) == 1 else self.joined(parts)
        there = conj(element.ok, self.inside(element.sure, element_of(e.binding.source), e.binding.source))
        guarded = e.binding.guard
        if guarded is not None:
            with self.bound({symbol: val.sure for symbol, val in known.items()}):
                guard, lines = self.apart(lambda: self.cond(guarded))
            there = self.also(there, guard, lines)
        return there, known

    def small(self, e: ir.Expr) -> bool:
        """Whether a collection is made from a few known elements: to go through all of them costs less than a wrong guess."""
        match e, self.place(e):
            case _, Table(count=count):
                return count <= FEW
            case ir.Display(items=items), _:
                return len(items) <= FEW
            case ir.Each(binding=b), _:
                return self.small(b.source)
            case ir.Call(function=f), _:
                return self.small(f.body)
        return False
