"""Collections → loops: nothing is built where it is enough to go through it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import lcm
from typing import Any

from tracecourt.engines.flat.comprehensions import Comprehensions, unambiguous
from tracecourt.engines.flat.core import Body
from tracecourt.engines.flat.draft import ALWAYS, NEVER, both, conj, negated
from tracecourt.engines.flat.layout import NotFlat, Val, element_of, same_layout
from tracecourt.engines.flat.membership import Membership
from tracecourt.engines.flat.stores import Row, Store, Table
from tracecourt.spec import ir
from tracecourt.spec import sorts as t


class Loops(Comprehensions, Membership):
    """Writes loops over collections."""

    def loop(self, e: ir.Expr, body: Body, *, pairs: bool = False, loose: bool = False, again: bool = False) -> str | None:
        """Go through a collection: `body` is given each element, or with `pairs` each key and value of a map.

        With `loose`, neither the order of elements nor how often they come matters; with `again`, only the latter does not.
        """
        match e, self.place(e):
            case _, Store() as store:
                self._entries(store, body, pairs=pairs)
                return None
            case _, Row() as row:
                self.each_element(row, body)
                return None
            case _, Table() as table:
                at = self.fresh("i")
                with self.block(f"for {at} in range({table.count}):"):
                    body(Val(tuple(self.named(f"{name}[{at}]") for name in table.names)))
                return None
            case ir.Each(), _:
                repeats = (loose or again) and (not pairs or unambiguous(e))
                if e.kind != "list" and not repeats:
                    return self.distinct(e, body, lambda keep: self.each(e, keep, pairs=pairs, again=True), pairs=pairs)
                return self.each(e, body, pairs=pairs, loose=loose, again=again)
            case ir.Display(kind="set", items=items), _ if len(items) > 1 and not (loose or again):
                return self.distinct(e, body, lambda keep: self._shown(e, items, keep))
            case ir.Display(items=items), _:
                return self._shown(e, items, body)
            case ir.Call(), _ if (val := self.outlined(e)) is not None:
                return self.elements(val, e, body)
            case ir.Call(), _:
                return self.called(e, lambda inner: self.loop(inner, body, pairs=pairs, loose=loose, again=again))  # type: ignore[no-any-return]
            case ir.Inhabitants(of=of), _:
                return self._inhabitants(of, body)
            case ir.Const(value=value), _ if isinstance(e.sort, (t.List, t.Set)) and isinstance(value, (tuple, frozenset)):
                return self.loop(_spelled(e, value), body, loose=loose)
            case ir.Prim(), _ if not pairs or e.op == "if":
                return self._prim_loop(e, body, pairs=pairs, loose=loose, again=again)
            case ir.Replay(), _:
                return self._listed_loop(e, body)
            case ir.Mentioned(), _ if loose:
                self.mentioned(e, body)
                return None
        if isinstance(e.sort, t.List):
            return self.elements(self.term(e), e, body)
        raise NotFlat(f"going through {type(e).__name__.lower()}")

    def _entries(self, store: Store, body: Body, *, pairs: bool) -> None:
        if pairs:
            self.each_entry(store, lambda key, record: body(key, self.entry(store, record)))
        else:
            self.each_entry(store, lambda key, _: body(key))

    def elements(self, listed: Val, e: ir.Expr, body: Body) -> str | None:
        """Go through the value of an expression that is a list; where it has one."""
        if not isinstance(e.sort, t.List):
            raise NotFlat("going through a set of few members")
        self._elements(listed.cell, e.sort.element, body)
        return listed.ok

    def _elements(self, listed: str, element: t.Sort, body: Body) -> None:
        """Go through a list by its handle."""
        count = self.named(f"size(m, {listed})")
        start, at = self.named(f"spread(m, {listed})"), self.fresh("i")
        with self.block(f"for {at} in range({start}, {start} + {count}):"):
            body(Val(self.unpacked(self.named(f"m[{at}]"), self.cells(element))))

    def _shown(self, e: ir.Expr, items: Sequence[ir.Expr], body: Body) -> str | None:
        if not items:
            return None
        if isinstance(e.sort, t.Map):
            raise NotFlat("a map written out")
        element, at, ok = element_of(e), self.fresh("i"), self.named(ALWAYS, "ok")
        names: tuple[str, ...] = ()

        def found(item: ir.Expr) -> Val:
            nonlocal names
            val = self.fitted(self.term(item), item.sort, element)
            names = names or tuple(self.fresh() for _ in val.cells)
            return val

        with self.block(f"for {at} in range({len(items)}):"):
            ways = [self.apart(partial(found, item)) for item in items]
            den = lcm(*(val.den for val, _ in ways))
            for i, (val, lines) in enumerate(ways):
                with self.block(_way(at, i, len(items))):
                    self.lines += lines
                    self.copy(names, val, den)
                    if val.ok:
                        if i:  # before the first, there is nothing that could have been left
                            self.late()
                        self.add(f"{ok} = {ok} and {val.ok}")
            body(Val(names, None, den))
        return ok

    def _inhabitants(self, of: t.Sort, body: Body) -> str | None:
        match of:
            case t.Range() | t.Enum() | t.Bool():
                if isinstance(of, t.Range):
                    low, high = self.term(of.low), self.term(of.high)
                    ok = both(low.ok, high.ok)
                    bounds = f"{low.cell}, {high.cell} + 1"
                else:
                    bounds, ok = self.bound_of(of)[1], None
                at = self.fresh("i")
                with self.block(f"for {at} in range({bounds}):"):
                    body(Val((at,)))
                return ok
            case t.Tuple(fields=fields):
                return self._tuples([s for _, s in fields], (), body)
        raise NotFlat(f"all values of {of}")

    def _tuples(self, sorts: Sequence[t.Sort], before: tuple[str, ...], body: Body) -> str | None:
        first, *rest = sorts
        if not rest:
            return self._inhabitants(first, lambda val: body(Val((*before, *val.cells))))

        def inner(val: Val) -> None:
            self._tuples(rest, (*before, *val.cells), body)
            self.leave_outer()

        return self._inhabitants(first, inner)

    # ------------------------------------------------------------ operations
    def _prim_loop(self, e: ir.Prim, body: Body, *, pairs: bool, loose: bool, again: bool) -> str | None:
        match e.op, e.args:
            case "keys" | "elements", (inner,) if loose or again or not isinstance(inner.sort, t.List):
                return self.loop(inner, body, loose=loose, again=again)
            case "elements", (inner,):
                return self.distinct(e, body, lambda keep: self.loop(inner, keep, again=True))
            case "values", (inner,):
                return self.loop(inner, lambda _, value: body(value), pairs=True, loose=False)
            case "bests", (queue,):
                if not loose:
                    raise NotFlat("the best of a queue in their order")
                self.each_best(self.store_of(queue), lambda key, _: body(key))
                return None
            case "flat", (inner,):
                return self._flat(inner, body, loose=loose)
            case "pairs", (inner,):
                return self._pairs(inner, body)
            case "union", _ if not (isinstance(e.sort, t.List) or loose or again):
                return self.distinct(e, body, lambda keep: self._prim_loop(e, keep, pairs=False, loose=False, again=True))
            case "union", (a, b):
                for part in (a, b):
                    same_layout(part.sort, e.sort, exact=False)  # numbers of all sorts can be told apart
                first = self.loop(a, body, loose=loose)
                second = self.named(ALWAYS, "ok")
                with self.block(self.unless_left()):
                    found = self.loop(b, body, loose=loose)
                    if found:
                        self.late()
                        self.add(f"{second} = {found}")
                return both(first, second)
            case "minus", (a, b):
                symbol = ir.Symbol("element", element_of(a), "local")

                def keep(val: Val) -> None:
                    with self.bound({symbol: val}):
                        inside = self.member(ir.Ref(symbol.sort, a.span, symbol), b)
                    with self.block(f"if {negated(inside)}:"):
                        body(val)

                return self.loop(a, keep, loose=loose)
            case "if", (condition, then, otherwise):
                test = self.cond(condition)
                if test in (ALWAYS, NEVER):
                    return self.loop(then if test == ALWAYS else otherwise, body, pairs=pairs, loose=loose, again=again)
                if pairs or isinstance(e.sort, (t.Map, t.Set)):
                    return self._either_loop(test, (then, otherwise), body, pairs=pairs, loose=loose, again=again)
        return self._listed_loop(e, body)

    def _either_loop(
        self, test: str, ways: tuple[ir.Expr, ir.Expr], body: Body, *, pairs: bool, loose: bool, again: bool
    ) -> str | None:
        test = test if test.isidentifier() else self.named(test, "ok")

        def way(e: ir.Expr) -> tuple[str | None, list[str]]:
            return self.apart(lambda: self.loop(e, body, pairs=pairs, loose=loose, again=again))

        same_layout(ways[0].sort, ways[1].sort, exact=self.exact)
        found = [way(e) for e in ways]
        ok = self.fresh("ok") if any(there for there, _ in found) else None
        for head, (there, lines) in zip((f"if {test}:", "else:"), found, strict=True):
            with self.block(head):
                self.lines += lines
                if ok:
                    self.add(f"{ok} = {conj(there)}")
        return ok

    def _flat(self, e: ir.Expr, body: Body, *, loose: bool) -> str | None:
        if isinstance(e, ir.Each) and e.kind == "list":
            lacks = self.named(NEVER, "lacks")

            def inner(*vals: Val) -> None:
                with self.taken(e.binding, vals):
                    ok = self.loop(e.head[0], body, loose=loose)
                    if ok:
                        self.late()
                        self.add(f"if not {ok}: {lacks} = {ALWAYS}")
                self.leave_outer()

            several = len(e.binding.symbols) > 1
            return both(self.through(e.binding, inner, pairs=several, loose=loose), negated(lacks))
        element = element_of(e)
        if not isinstance(element, t.List):
            raise NotFlat("sets in a collection")

        def outer(val: Val) -> None:
            self._elements(val.cell, element.element, body)
            self.leave_outer()

        return self.loop(e, outer, loose=loose)

    def _pairs(self, e: ir.Expr, body: Body) -> str | None:
        start, count, ok = self.listing(e)
        cells, at = self.cells(element_of(e)), self.fresh("i")
        with self.block(f"for {at} in range({count} - 1):"):
            place = self.named(f"{start} + {cells} * {at}" if cells > 1 else f"{start} + {at}")
            body(Val(self.read(place, 2 * cells)))
        return ok

    def _listed_loop(self, e: ir.Expr, body: Body) -> str | None:
        start, count, ok = self.listing(e)
        self.each_of(start, count, self.cells(element_of(e)), lambda cells: body(Val(cells)))
        return ok


def _way(at: str, i: int, count: int) -> str:
    """The head of one way out of some."""
    if count == 1:
        return "if True:"
    return "else:" if i == count - 1 else f"{'elif' if i else 'if'} {at} == {i}:"


def _spelled(e: ir.Expr, value: Any) -> ir.Expr:
    element = element_of(e)
    items = tuple(ir.Const(element, e.span, v) for v in (value if isinstance(value, tuple) else sorted(value, key=repr)))
    return ir.Display(e.sort, e.span, "list", items)
