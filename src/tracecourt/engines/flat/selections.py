"""One value out of a collection: by its key or place, at an end, the least, a sum, how many there are."""

from __future__ import annotations

from contextlib import nullcontext

from tracecourt.engines.flat.draft import ALWAYS, NEVER, both, conj
from tracecourt.engines.flat.layout import NotFlat, Val, element_of
from tracecourt.engines.flat.membership import Membership
from tracecourt.engines.flat.runtime import HANDLE
from tracecourt.engines.flat.stores import Row, Store, Table
from tracecourt.engines.flat.values import SUMMED
from tracecourt.engines.flat.walk import grows
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

_SECOND = HANDLE + 1


class Selections(Membership):
    """Writes what a collection comes to."""

    def indexed(self, base: ir.Expr, key: ir.Expr) -> Val:
        """The value of a key in a map, or the element at a place of a list."""
        match self.place(base):
            case Store() as store:
                return self.found(store, self.fitted(self.term(key), key.sort, store.key))
            case Row() as row:
                at = self.term(key)
                inside = conj(at.ok, f"0 <= {at.cell}", f"{at.cell} < {self.length(row)}")
                place = self.named(f"{row.first} + {row.cells} * {at.cell} if {inside} else {row.base}")
                return Val(self.at(row, place).cells, None if inside == ALWAYS else inside, self.at(row, place).den)
        wanted = self.term(key)
        if isinstance(base.sort, t.List):
            start, count, ok = self.listing(base)
            cells = self.cells(base.sort.element)
            inside = conj(ok, wanted.ok, f"0 <= {wanted.cell}", f"{wanted.cell} < {count}")
            place = self.named(f"{start} + {cells} * {wanted.cell} if {inside} else {start}")
            return Val(self.read(place, cells), inside)
        assert isinstance(base.sort, t.Map)
        if isinstance(base, ir.Call):  # of a map: such functions are written out
            inner = ir.Symbol("key", base.sort.element, "local")
            value = self.fitted(wanted, key.sort, inner.sort)
            with self.bound({inner: value.sure}):
                found = self.called(base, lambda body: self.indexed(body, ir.Ref(inner.sort, key.span, inner)))
            return Val(found.cells, both(value.ok, found.ok), found.den)
        if isinstance(base, ir.Each):
            solved = self.solved(base, self.fitted(wanted, key.sort, base.sort.element))
            if solved is not None:
                with self.bound({symbol: val.sure for symbol, val in solved[1].items()}):
                    found = self.fitted(self.term(base.head[1]), base.head[1].sort, base.sort.value)
                return Val(found.cells, both(conj(wanted.ok, solved[0]), found.ok), found.den)
        wanted = self.fitted(wanted, key.sort, base.sort.element)
        names = [self.named("0") for _ in range(self.cells(base.sort.value))]
        some = self.named(NEVER, "ok")
        den: int | None = None

        def match(found: Val, value: Val) -> None:
            nonlocal den
            den = self.agreed(den, value.den)
            with self.block(f"if {self.same(found, wanted)}:"):
                for name, cell in zip(names, value.cells, strict=True):
                    self.add(f"{name} = {cell}")
                self.add(f"{some} = {ALWAYS}")

        ok = self.loop(base, match, pairs=True, loose=True)
        return Val(tuple(names), conj(ok, wanted.ok, some), den or 1)

    def end_of(self, values: ir.Expr, *, first: bool) -> Val:
        """The first or last element."""
        match values, self.place(values):
            case _, Row() as row:
                place = row.first if first else f"{row.last} - {row.cells}"
                some = self.named(f"{row.last} > {row.first}", "ok")
                val = self.at(row, self.named(f"{place} if {some} else {row.base}"))
                return Val(val.cells, some, val.den)
            case ir.Prim(op="keys", args=(ir.Ref() as held,)), _ if first and isinstance(self.place(held), Store):
                return self.first_entry(self.store_of(held))
            case ir.Prim(op="bests", args=(queue,)), _ if first:
                return self.first_best(self.store_of(queue))
        if not isinstance(values.sort, t.List):
            raise NotFlat("the first of what has no order")
        if not first and self.handled(values):
            listed = self.term(values)
            some = conj(listed.ok, f"size(m, {listed.cell}) > 0")
            packed = self.named(f"m[{_SECOND} + 4 * {listed.cell}]")
            return Val(self.unpacked(packed, self.cells(values.sort.element)), some)
        names = [self.named("0") for _ in range(self.cells(values.sort.element))]
        some = self.named(NEVER, "ok")
        den: int | None = None

        def found(val: Val) -> None:
            nonlocal den
            den = self.agreed(den, val.den)
            with self.block(f"if not {some}:") if first and not self.stops else nullcontext():
                self.copy(names, val, den)
                self.add(f"{some} = {ALWAYS}")
                if first:
                    self.stop()

        ok = self.stoppable(lambda: self.loop(values, found)) if first else self.loop(values, found)
        return Val(tuple(names), conj(ok, some), den or 1)

    def least(self, e: ir.Least) -> Val:
        """The first of the elements with the least key."""
        (symbol,) = e.binding.symbols
        names = [self.named("0") for _ in range(self.cells(symbol.sort))]
        lowest, some = self.fresh(), self.named(NEVER, "ok")
        self.add(f"{lowest} = 0")
        den: int | None = None
        key_den: int | None = None

        def better(val: Val) -> None:
            nonlocal den, key_den
            den = self.agreed(den, val.den)
            with self.taken(e.binding, [val]):
                key = self.term(e.key)
                key_den = self.agreed(key_den, key.den)
                if len(key.cells) != 1 or key.ok:
                    raise NotFlat("an element that is least by what may have no value")
                with self.block(f"if not {some} or {key.cell} < {lowest}:"):
                    for name, cell in zip(names, val.cells, strict=True):
                        self.add(f"{name} = {cell}")
                    self.add(f"{lowest} = {key.cell}")
                    self.add(f"{some} = {ALWAYS}")

        ok = self.loop(e.binding.source, better)
        return Val(tuple(names), both(ok, some), den or 1)

    def folded(self, e: ir.Prim) -> Val:
        """What `min`, `max`, `sum`, `size` or `count` find."""
        if e.op in ("min", "max") and len(e.args) > 1:
            vals = [self.fitted(self.term(a), a.sort, e.sort) for a in e.args]
            if self.exact and not isinstance(e.sort, t.Int):
                raise NotFlat("the least of fractions")
            first, *rest = vals
            for val in rest:
                first, other = self.leveled(first, val)
                first = Val((self.named(f"{e.op}({first.cell}, {other.cell})"),), both(first.ok, other.ok), first.den)
            return first
        (values,) = e.args
        if e.op in ("min", "max") and (extreme := self.extreme(values, e.op)) is not None:
            return extreme
        if e.op in ("size", "count"):
            return self.size_of(values)
        exact = self.exact and not isinstance(e.sort, t.Int)
        names = [self.named("0"), self.named("1")] if exact else [self.named("0")]
        some = self.named(NEVER, "ok") if e.op != "sum" else ""
        den: int | None = None
        element, multiplied = element_of(values), grows(values, by=("*",))

        def fold(val: Val) -> None:
            nonlocal den
            den = self.agreed(den, val.den)
            val = self.fitted(val, element, e.sort)
            if e.op == "sum":
                total = self.arithmetic(ir.Prim(e.sort, e.span, "+", ()), Val(tuple(names), None, den), val)
                for name, cell in zip(names, total.cells, strict=True):
                    self.add(f"{name} = {cell}")
                if multiplied:
                    self.below(SUMMED, names)
                return
            less = self.less(val, Val(tuple(names)), "<" if e.op == "min" else ">")
            with self.block(f"if not {some} or {less}:"):
                for name, cell in zip(names, val.cells, strict=True):
                    self.add(f"{name} = {cell}")
                self.add(f"{some} = {ALWAYS}")

        ok = self.loop(values, fold, loose=e.op != "sum")
        return Val(tuple(names), both(ok, some or None), den or 1)

    def size_of(self, values: ir.Expr) -> Val:
        """How many elements there are."""
        match self.place(values):
            case Store(count=count):
                return Val((self.named(count),))
            case Row() as row:
                return Val((self.named(self.length(row)),))
            case Table(count=known):
                return Val((str(known),))
        made = isinstance(values, ir.Call) or (isinstance(values, ir.Prim) and values.op in ("??", "if", "union"))
        if isinstance(values.sort, t.List) and (made or self.handled(values)):
            listed = self.term(values)
            return Val((self.named(f"size(m, {listed.cell})"),), listed.ok)
        count = self.named("0")
        ok = self.loop(values, lambda *_: self.add(f"{count} += 1"))
        return Val((count,), ok)
