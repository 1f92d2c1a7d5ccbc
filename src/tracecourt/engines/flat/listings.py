"""Lists on the scratchpad, for what needs their elements in a row: places, neighbours, an order, what is taken away."""

from __future__ import annotations

from tracecourt.engines.flat.core import Listing
from tracecourt.engines.flat.draft import ALWAYS, NEVER, conj, negated
from tracecourt.engines.flat.layout import NotFlat, Val, element_of, same_layout, whole
from tracecourt.engines.flat.stores import Row
from tracecourt.engines.flat.values import Values
from tracecourt.spec import ir
from tracecourt.spec import sorts as t


class Listings(Values):
    """Writes rows."""

    def listing(self, e: ir.Expr) -> Listing:
        """Write a list to the scratchpad: where it begins, how many elements it has, and whether it has a value."""
        match e, self.place(e):
            case _, Row() as row:
                return row.first, self.named(self.length(row)), None
            case ir.Prim(op="chain", args=(links, end)), _:
                return self._chained(links, end)
            case ir.Prim(op="sorted", args=(inner,)), _:
                return self._sorted(inner)
            case ir.Prim(op="without", args=(inner, gone)), _:
                return self._without(inner, gone, None)
            case ir.Prim(op="without_all", args=(inner, gone)), _:
                return self._without(inner, None, gone)
            case ir.Prim(op="if", args=(condition, then, otherwise)), _:
                return self._either_listing(condition, then, otherwise)
            case ir.Replay(), _:
                return self._replay(e)
            case ir.Call(), _:
                val = self.outlined(e)
                return self._called_listing(e) if val is None else self._spread(val, element_of(e))
        if self.handled(e):
            return self._spread(self.term(e), element_of(e))
        if isinstance(e, ir.Prim) and e.op in ("zip", "subsets", "sequences", "numbers", "results", "leaves", "listed"):
            raise NotFlat(f"the operation {e.op}")
        return self._pushed(e)

    def _called_listing(self, e: ir.Call) -> Listing:
        found: list[Listing] = []

        def write(inner: ir.Expr) -> str | None:
            found.append(self.listing(inner))
            return found[0][2]

        ok = self.called(e, lambda inner: conj(write(inner)))
        return found[0][0], found[0][1], None if ok == ALWAYS else ok

    def _spread(self, val: Val, element: t.Sort) -> Listing:
        cells = self.cells(element)
        count = self.named(f"size(m, {val.cell})")
        start = self.named(f"spread(m, {val.cell})")
        if cells == 1:
            return start, count, val.ok
        wide, at = self.named(f"room(m, {cells} * {count})"), self.fresh("i")
        with self.block(f"for {at} in range({count}):"):
            for i, cell in enumerate(self.unpacked(self.named(f"m[{start} + {at}]"), cells)):
                self.add(f"m[{wide} + {cells} * {at} + {i}] = {cell}")
        return wide, count, val.ok

    def _pushed(self, e: ir.Expr) -> Listing:
        chain = self.chain(self.cells(element_of(e)))
        with self.unframed():
            ok = self.loop(e, lambda val: self.link(chain, whole(val).cells))
        return self.straightened(chain), chain.count, ok

    def _either_listing(self, condition: ir.Expr, then: ir.Expr, otherwise: ir.Expr) -> Listing:
        test = self.cond(condition)
        if test in (ALWAYS, NEVER):
            return self.listing(then if test == ALWAYS else otherwise)
        same_layout(then.sort, otherwise.sort, exact=self.exact)
        start, count, ok = self.fresh(), self.fresh(), self.fresh("ok")
        for head, e in ((f"if {test}:", then), ("else:", otherwise)):
            with self.block(head):
                found = self.listing(e)
                self.add(f"{start} = {found[0]}")
                self.add(f"{count} = {found[1]}")
                self.add(f"{ok} = {conj(found[2])}")
        return start, count, ok

    def _chained(self, links: ir.Expr, end: ir.Expr) -> Listing:
        store = self.store_of(links)
        val = whole(self.fitted(self.term(end), end.sort, store.key))
        cells = self.cells(store.key)
        chain = self.chain(cells)
        ok = self.named(conj(val.ok), "ok")
        names = [self.named(cell) for cell in val.cells]
        more = self.named(ok, "ok")
        with self.block(f"while {more}:"):
            self.link(chain, names)
            # as many links as entries, and one more: it goes round in circles
            self.add(f"if {chain.count} > {store.count} + 1: {ok} = {NEVER}")
            found = self.found(store, Val(tuple(names)))
            self.add(f"{more} = {conj(ok, found.ok)}")
            with self.block(f"if {more}:"):
                self.add(f"{', '.join(names)} = {', '.join(found.cells)}")
        return self.straightened(chain, backwards=True), chain.count, ok

    def _copied(self, e: ir.Expr, more: int = 0) -> tuple[str, str, str | None, int]:
        """A list as a row that may be changed, with so many cells more for each element."""
        start, count, ok = self.listing(e)
        cells = self.cells(element_of(e))
        copy, i = self.named(f"room(m, {cells + more} * {count})"), self.fresh("i")
        with self.block(f"for {i} in range({count}):"):
            for k in range(cells):
                self.add(f"m[{copy} + {cells + more} * {i} + {k}] = m[{start} + {cells} * {i} + {k}]")
            for k in range(more):
                self.add(f"m[{copy} + {cells + more} * {i} + {cells + k}] = 0")
        return copy, count, ok, cells + more

    def _sorted(self, e: ir.Expr) -> Listing:
        start, count, ok, cells = self._copied(e)
        i, j = self.fresh("i"), self.fresh("j")
        with self.block(f"for {i} in range(1, {count}):"):
            mine = [self.named(f"m[{start} + {cells} * {i} + {k}]") for k in range(cells)]
            self.add(f"{j} = {i}")
            with self.block(f"while {j} > 0:"):
                before = [self.named(f"m[{start} + {cells} * ({j} - 1) + {k}]") for k in range(cells)]
                with self.block(f"if not {self.less(Val(tuple(mine)), Val(tuple(before)), '<')}:"):
                    self.add("break")
                for k in range(cells):
                    self.add(f"m[{start} + {cells} * {j} + {k}] = {before[k]}")
                self.add(f"{j} -= 1")
            for k in range(cells):
                self.add(f"m[{start} + {cells} * {j} + {k}] = {mine[k]}")
        return start, count, ok

    def _without(self, e: ir.Expr, one: ir.Expr | None, all_of: ir.Expr | None) -> Listing:
        start, count, ok, size = self._copied(e, 1)
        cells, element = size - 1, element_of(e)
        there, gone = self.named(conj(ok), "ok"), self.named("0")

        def remove(val: Val) -> None:
            at, found = self.fresh("i"), self.named(NEVER, "ok")
            with self.block(f"for {at} in range({start}, {start} + {size} * {count}, {size}):"):
                same = conj(*(f"m[{at} + {k}] == {cell}" for k, cell in enumerate(val.cells)))
                with self.block(f"if {conj(f'm[{at} + {cells}] == 0', same)}:"):
                    self.add(f"m[{at} + {cells}] = 1")
                    self.add(f"{found} = {ALWAYS}")
                    self.add("break")
            self.add(f"{gone} += 1")
            self.add(f"if not {found}: {there} = {NEVER}")

        if one is not None:
            val = whole(self.fitted(self.term(one), one.sort, element))
            remove(val)
            okay = val.ok
        else:
            assert all_of is not None
            with self.unframed():
                okay = self.loop(all_of, lambda val: remove(whole(self.fitted(val, element_of(all_of), element))))
        left, to, at = self.named(f"room(m, {cells} * {count})"), self.fresh(), self.fresh("i")
        self.add(f"{to} = {left}")
        walk = f"for {at} in range({start}, {start} + {size} * {count}, {size}):"
        with self.block(walk), self.block(f"if m[{at} + {cells}] == 0:"):
            for k in range(cells):
                self.add(f"m[{to} + {k}] = m[{at} + {k}]")
            self.add(f"{to} += {cells}")
        return left, self.named(f"{count} - {gone}"), conj(okay, there)

    def _replay(self, e: ir.Replay) -> Listing:
        actions, count, ok = self.listing(e.actions)
        node, action = e.step.parameters
        start = whole(self.fitted(self.term(e.start), e.start.sort, node.sort))
        cells, size = self.cells(node.sort), self.cells(element_of(e.actions))
        base, at = self.named(f"room(m, {cells} * ({count} + 1))"), self.fresh("i")
        names = [self.named(cell) for cell in start.cells]
        there = self.named(conj(ok, start.ok), "ok")
        for k, name in enumerate(names):
            self.add(f"m[{base} + {k}] = {name}")
        with self.block(f"for {at} in range({count}):"):
            taken = Val(tuple(self.named(f"m[{actions} + {size} * {at} + {k}]") for k in range(size)))
            with self.bound({node: Val(tuple(names)), action: taken}):
                result = whole(self.fitted(self.term(e.step.body), e.step.body.sort, t.Optional(node.sort)))
            with self.block(f"if {negated(conj(result.ok, f'{result.cells[0]} != 0'))}:"):
                self.add(f"{there} = {NEVER}")
                self.add("break")
            self.add(f"{', '.join(names)} = {', '.join(result.cells[1:])}")
            for k, name in enumerate(names):
                self.add(f"m[{base} + {cells} * ({at} + 1) + {k}] = {name}")
        return base, self.named(f"{count} + 1"), there
