"""Collections → loops: nothing is built where it is enough to go through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tracecourt.engines.flat.draft import ALWAYS, NEVER, Plan, both, conj, negated
from tracecourt.engines.flat.keeping import ELSEWHERE
from tracecourt.engines.flat.layout import NotFlat, Val
from tracecourt.engines.flat.runtime import SCRATCH
from tracecourt.engines.flat.stores import Local, Row, Store, Table
from tracecourt.engines.flat.terms import Terms, named_parts
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import symbols

Body = Callable[..., None]
Listing = tuple[str, str, "str | None"]


class Loops(Terms):
    """Writes loops over collections."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._frames: list[str] = []
        self.tables: dict[str, tuple[int, ...]] = {}

    # ------------------------------------------------------------ leaving
    def stoppable(self, write: Callable[[], Any]) -> Any:
        """Write a loop whose body may be left by `stop`."""
        self._frames.append(self.named(NEVER, "over"))
        result = write()
        self._frames.pop()
        return result

    def stop(self) -> None:
        """Leave the loop of the nearest `stoppable`, however deep."""
        self.add(f"{self._frames[-1]} = {ALWAYS}")
        self.add("break")

    def _out(self) -> None:
        """Behind an inner loop: leave the outer one too."""
        if self._frames:
            self.add(f"if {self._frames[-1]}: break")

    # ------------------------------------------------------------ loops
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
                repeats = (loose or again) and (not pairs or _unambiguous(e))
                if e.kind != "list" and not repeats:
                    return self._distinct(e, body, pairs=pairs)
                return self._each(e, body, pairs=pairs, loose=loose, again=again)
            case ir.Display(items=items), _:
                return self._shown(e, items, body, pairs=pairs)
            case ir.Call(), _ if (val := self.outlined(e)) is not None:
                self._elements(val.cell, e_element(e), body)
                return val.ok
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
            val = self.term(e)
            self._elements(val.cell, e.sort.element, body)
            return val.ok
        raise NotFlat(f"going through {type(e).__name__.lower()}")

    def mentioned(self, e: ir.Mentioned, body: Body) -> None:
        """Go through what a document prints where a sort is asked for."""
        raise NotImplementedError

    def _entries(self, store: Store, body: Body, *, pairs: bool) -> None:
        if pairs:
            self.each_entry(store, lambda key, record: body(key, self.entry(store, record)))
        else:
            self.each_entry(store, lambda key, _: body(key))

    def _elements(self, listed: str, element: t.Sort, body: Body) -> None:
        """Go through a list by its handle."""
        count = self.named(f"size(m, {listed})")
        start, at = self.named(f"spread(m, {listed})"), self.fresh("i")
        with self.block(f"for {at} in range({start}, {start} + {count}):"):
            body(Val(self.unpacked(self.named(f"m[{at}]"), self.cells(element))))

    def _shown(self, e: ir.Expr, items: Sequence[ir.Expr], body: Body, *, pairs: bool) -> str | None:
        if not items:
            return None
        if isinstance(e.sort, t.Map):
            raise NotFlat("a map written out")
        element, at, ok = e.sort.element, self.fresh("i"), self.named(ALWAYS, "ok")  # type: ignore[attr-defined]
        names: tuple[str, ...] = ()
        den = 1
        with self.block(f"for {at} in range({len(items)}):"):
            for i, item in enumerate(items):
                head = (
                    "if True:"
                    if len(items) == 1
                    else "else:"
                    if i == len(items) - 1
                    else f"{'elif' if i else 'if'} {at} == {i}:"
                )
                with self.block(head):
                    val = self.fitted(self.term(item), item.sort, element)
                    names, den = names or tuple(self.fresh() for _ in val.cells), val.den
                    for name, cell in zip(names, val.cells, strict=True):
                        self.add(f"{name} = {cell}")
                    if val.ok:
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
            self._out()

        return self._inhabitants(first, inner)

    # ------------------------------------------------------------ comprehensions
    def _each(self, e: ir.Each, body: Body, *, pairs: bool, loose: bool, again: bool = False) -> str | None:
        sorts = [e.sort.element, *([e.sort.value] if isinstance(e.sort, t.Map) else [])]  # type: ignore[attr-defined]
        lacking = ""

        def inner(*vals: Val) -> None:
            nonlocal lacking
            with self.taken(e.binding, vals):
                wanted = e.head if pairs else e.head[:1]
                heads = [self.fitted(self.term(h), h.sort, s) for h, s in zip(wanted, sorts, strict=False)]
                ok = conj(*(h.ok for h in heads))
                plain = [Val(h.cells, None, h.den) for h in heads]
                if ok == ALWAYS:
                    body(*plain)
                    return
                lacking = lacking or "?"
                with self.block(f"if {ok}:"):
                    body(*plain)
                with self.block("else:"):
                    self.add(f"{lacks} = {ALWAYS}")

        lacks = self.named(NEVER, "lacks")
        several = len(e.binding.symbols) > 1 and isinstance(e.binding.source.sort, t.Map)
        found = self.through(e.binding, inner, pairs=several, loose=loose, again=again)
        return both(found, negated(lacks)) if lacking else found

    def through(self, b: ir.Binding, body: Body, *, pairs: bool, loose: bool, again: bool = False) -> str | None:
        """Go through what a binding takes its elements from; where a guard names a part of their keys, only those with it."""
        pairs = pairs and isinstance(b.source.sort, t.Map)
        held = b.source.args[0] if isinstance(b.source, ir.Prim) and b.source.op == "keys" else b.source
        store = self.place(held)
        if isinstance(store, Store) and b.guard is not None:
            for index, value in _parts_named(b, held is b.source and pairs):
                if index in self.joins(store):
                    sort = store.key.fields[index][1]  # type: ignore[attr-defined]
                    wanted = self.fitted(self.term(value), value.sort, sort)

                    def entry(key: Val, record: str, store: Store = store) -> None:
                        body(key, self.entry(store, record)) if pairs else body(key)

                    self.along(store, index, wanted, entry)
                    return None
        return self.loop(b.source, body, pairs=pairs, loose=loose, again=again)

    def _distinct(self, e: ir.Each, body: Body, *, pairs: bool) -> str | None:
        """Go through a set or map that is made on the way, each element once, where it came first, with its last value."""
        key = self.cells(e.sort.element)  # type: ignore[attr-defined]
        value = self.cells(e.sort.value) if pairs and isinstance(e.sort, t.Map) else 0
        kept, count = self.named("0", "r"), self.named("0")  # the last of a chain of records on the scratchpad
        dens: list[int] = []

        def keep(*vals: Val) -> None:
            dens[:] = [v.den for v in vals]
            at = self.named(kept, "r")
            known = self.named(NEVER, "ok")
            with self.block(f"while {at} != 0:"):
                with self.block(f"if {conj(*(f'm[{at} + {1 + i}] == {c}' for i, c in enumerate(vals[0].cells)))}:"):
                    self.add(f"{known} = {ALWAYS}")
                    self.add("break")
                self.add(f"{at} = m[{at}]")
            with self.block(f"if not {known}:"):
                self.add(f"{at} = room(m, {1 + key + value})")
                self.add(f"m[{at}] = {kept}")
                self.add(f"{kept} = {at}")
                self.add(f"{count} += 1")
                for i, cell in enumerate(vals[0].cells):
                    self.add(f"m[{at} + {1 + i}] = {cell}")
            for i, cell in enumerate(vals[1].cells if value else ()):
                self.add(f"m[{at} + {1 + key + i}] = {cell}")

        frames, self._frames = self._frames, []
        ok = self._each(e, keep, pairs=bool(value), loose=False, again=True)
        self._frames = frames
        size = key + value
        start = self._straight(kept, count, size)
        at = self.fresh("i")
        with self.block(f"for {at} in range({start}, {start} + {size} * {count}, {size}):"):
            cells = tuple(self.named(f"m[{at} + {i}]") for i in range(size))
            vals = [Val(cells[:key], None, dens[0] if dens else 1)]
            if value:
                vals.append(Val(cells[key:], None, dens[1] if dens else 1))
            body(*vals)
        return ok

    def _straight(self, last: str, count: str, size: int) -> str:
        """Copy a chain of records into a row, in the order in which they were made; where it begins."""
        start = self.named(f"room(m, {size} * {count})")
        at, to = self.named(last, "r"), self.named(f"{start} + {size} * {count}")
        with self.block(f"while {at} != 0:"):
            self.add(f"{to} -= {size}")
            for i in range(size):
                self.add(f"m[{to} + {i}] = m[{at} + {1 + i}]")
            self.add(f"{at} = m[{at}]")
        return start

    # ------------------------------------------------------------ operations
    def _prim_loop(self, e: ir.Prim, body: Body, *, pairs: bool, loose: bool, again: bool) -> str | None:
        match e.op, e.args:
            case "keys" | "elements", (inner,) if loose or again or e.op == "keys":
                return self.loop(inner, body, loose=loose, again=again)
            case "values", (inner,):
                return self.loop(inner, lambda _, value: body(value), pairs=True, loose=False)
            case "bests", (queue,):
                if not loose:
                    raise NotFlat("the best of a queue in their order")
                self.each_best(self._store(queue), lambda key, _: body(key))
                return None
            case "flat", (inner,):
                return self._flat(inner, body, loose=loose)
            case "pairs", (inner,):
                return self._pairs(inner, body)
            case "union", (a, b) if isinstance(e.sort, t.List) or loose:
                first = self.loop(a, body, loose=loose)
                second = self.named(ALWAYS, "ok")
                with self.block(f"if not {self._frames[-1]}:" if self._frames else "if True:"):
                    found = self.loop(b, body, loose=loose)
                    if found:
                        self.add(f"{second} = {found}")
                return both(first, second)
            case "minus", (a, b):
                symbol = ir.Symbol("element", e_element(a), "local")

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
        found = []
        for inner in ways:
            found.append(self.apart(lambda inner=inner: self.loop(inner, body, pairs=pairs, loose=loose, again=again)))  # type: ignore[misc]
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
                        self.add(f"if not {ok}: {lacks} = {ALWAYS}")
                self._out()

            several = len(e.binding.symbols) > 1
            return both(self.through(e.binding, inner, pairs=several, loose=loose), negated(lacks))
        element = e_element(e)
        if not isinstance(element, t.List):
            raise NotFlat("sets in a collection")

        def outer(val: Val) -> None:
            self._elements(val.cell, element.element, body)
            self._out()

        return self.loop(e, outer, loose=loose)

    def _pairs(self, e: ir.Expr, body: Body) -> str | None:
        start, count, ok = self.listing(e)
        cells, at = self.cells(e_element(e)), self.fresh("i")
        with self.block(f"for {at} in range({count} - 1):"):
            place = self.named(f"{start} + {cells} * {at}" if cells > 1 else f"{start} + {at}")
            body(Val(tuple(self.named(f"m[{place} + {i}]") for i in range(2 * cells))))
        return ok

    def _listed_loop(self, e: ir.Expr, body: Body) -> str | None:
        start, count, ok = self.listing(e)
        cells, at = self.cells(e_element(e)), self.fresh("i")
        with self.block(f"for {at} in range({start}, {start} + {cells} * {count}, {cells}):"):
            body(Val(tuple(self.named(f"m[{at} + {i}]") for i in range(cells))))
        return ok

    # ------------------------------------------------------------ lists on the scratchpad
    def listing(self, e: ir.Expr) -> Listing:
        """Write a list to the scratchpad: where it begins, how many elements it has, and whether it has a value."""
        match e, self.place(e):
            case _, Row() as row:
                return row.first, self.named(self.length(row)), None
            case ir.Prim(op="chain", args=(links, end)), _:
                return self._chain(links, end)
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
                return self._called_listing(e) if val is None else self._spread(val, e_element(e))
        if (
            isinstance(self.place(e), (Val, Local))
            or isinstance(e, ir.Project)
            or (isinstance(e, ir.Prim) and e.op in _HANDLES)
        ):
            return self._spread(self.term(e), e_element(e))
        if isinstance(e, ir.Prim) and e.op in ("zip", "subsets", "sequences", "numbers", "results", "leaves", "listed"):
            raise NotFlat(f"the operation {e.op}")
        return self._pushed(e)

    def _called_listing(self, e: ir.Call) -> Listing:
        found: list[Listing] = []

        def write(inner: ir.Expr) -> str | None:
            found.append(self.listing(inner))
            return found[0][2]

        ok = self.called(e, lambda inner: _condition(write(inner)))
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
        last, count = self.named("0", "r"), self.named("0")
        cells = self.cells(e_element(e))

        def push(val: Val) -> None:
            if val.den != 1:
                raise NotFlat("a list of fractions")
            at = self.named(f"room(m, {1 + cells})", "r")
            self.add(f"m[{at}] = {last}")
            for i, cell in enumerate(val.cells):
                self.add(f"m[{at} + {1 + i}] = {cell}")
            self.add(f"{last} = {at}")
            self.add(f"{count} += 1")

        frames, self._frames = self._frames, []
        ok = self.loop(e, push)
        self._frames = frames
        return self._straight(last, count, cells), count, ok

    def _either_listing(self, condition: ir.Expr, then: ir.Expr, otherwise: ir.Expr) -> Listing:
        test = self.cond(condition)
        if test in (ALWAYS, NEVER):
            return self.listing(then if test == ALWAYS else otherwise)
        start, count, ok = self.fresh(), self.fresh(), self.fresh("ok")
        for head, e in ((f"if {test}:", then), ("else:", otherwise)):
            with self.block(head):
                found = self.listing(e)
                self.add(f"{start} = {found[0]}")
                self.add(f"{count} = {found[1]}")
                self.add(f"{ok} = {conj(found[2])}")
        return start, count, ok

    def _chain(self, links: ir.Expr, end: ir.Expr) -> Listing:
        store = self._store(links)
        val = self.fitted(self.term(end), end.sort, store.key)
        cells = self.cells(store.key)
        last, count = self.named("0", "r"), self.named("0")
        ok = self.named(conj(val.ok), "ok")
        names = [self.named(cell) for cell in val.cells]
        more = self.named(ok, "ok")
        with self.block(f"while {more}:"):
            at = self.named(f"room(m, {1 + cells})", "r")
            self.add(f"m[{at}] = {last}")
            for i, name in enumerate(names):
                self.add(f"m[{at} + {1 + i}] = {name}")
            self.add(f"{last} = {at}")
            self.add(f"{count} += 1")
            # as many links as entries, and one more: it goes round in circles
            self.add(f"if {count} > {store.count} + 1: {ok} = {NEVER}")
            found = self.found(store, Val(tuple(names)))
            self.add(f"{more} = {conj(ok, found.ok)}")
            with self.block(f"if {more}:"):
                self.add(f"{', '.join(names)} = {', '.join(found.cells)}")
        start = self.named(f"room(m, {cells} * {count})")
        at, to = self.named(last, "r"), self.named(start)
        with self.block(f"while {at} != 0:"):
            for i in range(cells):
                self.add(f"m[{to} + {i}] = m[{at} + {1 + i}]")
            self.add(f"{to} += {cells}")
            self.add(f"{at} = m[{at}]")
        return start, count, ok

    def _copied(self, e: ir.Expr, more: int = 0) -> tuple[str, str, str | None, int]:
        """A list as a row that may be changed, with so many cells more for each element."""
        start, count, ok = self.listing(e)
        cells = self.cells(e_element(e))
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
        cells, element = size - 1, e_element(e)
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
            val = self.fitted(self.term(one), one.sort, element)
            remove(val)
            okay = val.ok
        else:
            assert all_of is not None
            frames, self._frames = self._frames, []
            okay = self.loop(all_of, lambda val: remove(self.fitted(val, e_element(all_of), element)))
            self._frames = frames
        left, to, at = self.named(f"room(m, {cells} * {count})"), self.fresh(), self.fresh("i")
        self.add(f"{to} = {left}")
        with self.block(f"for {at} in range({start}, {start} + {size} * {count}, {size}):"):
            with self.block(f"if m[{at} + {cells}] == 0:"):
                for k in range(cells):
                    self.add(f"m[{to} + {k}] = m[{at} + {k}]")
                self.add(f"{to} += {cells}")
        return left, self.named(f"{count} - {gone}"), conj(okay, there)

    def _replay(self, e: ir.Replay) -> Listing:
        actions, count, ok = self.listing(e.actions)
        node, action = e.step.parameters
        start = self.fitted(self.term(e.start), e.start.sort, node.sort)
        cells, size = self.cells(node.sort), self.cells(e_element(e.actions))
        base, at = self.named(f"room(m, {cells} * ({count} + 1))"), self.fresh("i")
        names = [self.named(cell) for cell in start.cells]
        there = self.named(conj(ok, start.ok), "ok")
        for k, name in enumerate(names):
            self.add(f"m[{base} + {k}] = {name}")
        with self.block(f"for {at} in range({count}):"):
            taken = Val(tuple(self.named(f"m[{actions} + {size} * {at} + {k}]") for k in range(size)))
            with self.bound({node: Val(tuple(names)), action: taken}):
                result = self.fitted(self.term(e.step.body), e.step.body.sort, t.Optional(node.sort))
            with self.block(f"if {negated(conj(result.ok, f'{result.cells[0]} != 0'))}:"):
                self.add(f"{there} = {NEVER}")
                self.add("break")
            self.add(f"{', '.join(names)} = {', '.join(result.cells[1:])}")
            for k, name in enumerate(names):
                self.add(f"m[{base} + {cells} * ({at} + 1) + {k}] = {name}")
        return base, self.named(f"{count} + 1"), there

    # ------------------------------------------------------------ paths
    def distance(self, e: ir.Distance) -> Val:
        """The least cost of a path to a goal: breadth first where all steps cost the same, else with a heap."""
        (node,), (aim,) = e.successors.parameters, e.goal.parameters
        reached = Store(self.fresh("d"), node, node.sort, t.INT, self.groups.of(node.sort))
        self.clear(reached)
        start = self.fitted(self.term(e.start), e.start.sort, node.sort)
        found, some = self.named("0"), self.named(NEVER, "ok")
        if e.limit is not None:
            raise NotFlat("a search with a limit")
        cost = _same_cost(e.successors.body)
        write = self._dijkstra if cost is None else self._breadth_first
        with self.block(f"if {conj(start.ok)}:"):
            write(e, node, aim, reached, start, found, some)
        return Val((found,), some)

    def _is_goal(self, e: ir.Distance, aim: ir.Symbol, val: Val) -> str:
        with self.bound({aim: val}):
            return self.cond(e.goal.body)

    def _breadth_first(
        self, e: ir.Distance, node: ir.Symbol, aim: ir.Symbol, reached: Store, start: Val, found: str, some: str
    ) -> None:
        cells = self.cells(node.sort)
        marked = Store(reached.name, node, node.sort, None, reached.group)
        at, last = self.named("FRONTIER"), self.named("FRONTIER")

        def arrive(val: Val, cost: str) -> None:
            self.put(marked, val, None)
            with self.block(f"if {self._is_goal(e, aim, val)}:"):
                self.add(f"{found} = {cost}")
                self.add(f"{some} = {ALWAYS}")
            with self.block(f"if {last} + {cells + 1} > FRONTIER_END:"):
                self.add(ELSEWHERE)
            for k, cell in enumerate((*val.cells, cost)):
                self.add(f"m[{last} + {k}] = {cell}")
            self.add(f"{last} += {cells + 1}")

        arrive(start, "0")
        with self.block(f"while {at} < {last} and not {some}:"):
            here = Val(tuple(self.named(f"m[{at} + {k}]") for k in range(cells)))
            so_far = self.named(f"m[{at} + {cells}]")
            self.add(f"{at} += {cells + 1}")

            def step(val: Val, cost: Val) -> None:
                with self.block(f"if {negated(self.present(marked, val))}:"):
                    arrive(val, self.named(f"{so_far} + {cost.cell}"))

            with self.bound({node: here}):
                self._whole_steps(e, step)

    def _whole_steps(self, e: ir.Distance, step: Callable[[Val, Val], None]) -> None:
        def whole(val: Val, cost: Val) -> None:
            if cost.den != 1 or len(cost.cells) != 1:
                raise NotFlat("steps that cost fractions")
            step(val, cost)

        if self.loop(e.successors.body, whole, pairs=True, loose=True) is not None:
            raise NotFlat("successors that may have no value")

    def _dijkstra(
        self, e: ir.Distance, node: ir.Symbol, aim: ir.Symbol, reached: Store, start: Val, found: str, some: str
    ) -> None:
        cells = self.cells(node.sort)
        settled = Store(self.fresh("d"), node, node.sort, None, reached.group)
        self.clear(settled)
        last, heaped = self.named("FRONTIER"), self.named("0")

        def arrive(val: Val, cost: str) -> None:
            self.put(reached, val, Val((cost,)))
            with self.block(f"if {last} + {cells} > FRONTIER_END:"):
                self.add(ELSEWHERE)
            for k, cell in enumerate(val.cells):
                self.add(f"m[{last} + {k}] = {cell}")
            self.add(f"{heaped} = push(m, PATHS, {heaped}, {cost}, {last})")
            self.add(f"{last} += {cells}")

        arrive(start, "0")
        with self.block(f"while {heaped} > 0 and not {some}:"):
            so_far, at = self.named("m[PATHS]"), self.named("m[PATHS + 1]")
            self.add(f"{heaped} = pop(m, PATHS, {heaped})")
            here = Val(tuple(self.named(f"m[{at} + {k}]") for k in range(cells)))
            with self.block(f"if {negated(self.present(settled, here))}:"):
                self.put(settled, here, None)
                with self.block(f"if {self._is_goal(e, aim, here)}:"):
                    self.add(f"{found} = {so_far}")
                    self.add(f"{some} = {ALWAYS}")
                    self.add("break")

                def step(val: Val, cost: Val) -> None:
                    with self.block(f"if {cost.cell} < 0:"):
                        self.add(ELSEWHERE)
                    total = self.named(f"{so_far} + {cost.cell}")
                    known = self.found(reached, val)
                    with self.block(f"if {negated(conj(known.ok, f'{known.cell} <= {total}'))}:"):
                        arrive(val, total)

                with self.bound({node: here}):
                    self._whole_steps(e, step)


_HANDLES = ("the", "index", "??", "first", "last", "front", "top")


def _condition(ok: str | None) -> str:
    return ok or ALWAYS


def e_element(e: ir.Expr) -> t.Sort:
    """The sort of the elements of an expression."""
    assert isinstance(e.sort, t.Collection)
    return e.sort.element


def _spelled(e: ir.Expr, value: Any) -> ir.Expr:
    element = e_element(e)
    items = tuple(ir.Const(element, e.span, v) for v in (value if isinstance(value, tuple) else sorted(value, key=repr)))
    return ir.Display(e.sort, e.span, "list", items)


def _same_cost(e: ir.Expr) -> ir.Expr | None:
    """What every step costs, if that is one number above 0."""
    match e:
        case ir.Each(kind="map", head=(_, ir.Const(value=value) as cost)) if isinstance(value, int) and value > 0:
            return cost
    return None


def _unambiguous(e: ir.Each) -> bool:
    """Whether equal keys of a map that is made on the way have equal values, so that it does not matter which is the last."""
    if len(e.head) == 1:
        return True
    key, value = e.head
    known = {key.symbol} if isinstance(key, ir.Ref) else set()
    if isinstance(e.binding.source.sort, t.Map) and known == set(e.binding.symbols[:1]):
        return True  # its values are known by their keys
    if known & set(e.binding.symbols):
        known |= {symbol for symbol, _ in named_parts(e.binding)}
    return not (set(symbols(value)) & set(e.binding.symbols)) - known


def _parts_named(b: ir.Binding, whole: bool) -> Iterator[tuple[int, ir.Expr]]:
    """The components of a key that a guard names: `part = value`, the value not depending on the element."""
    todo = [] if b.guard is None else [b.guard]
    while todo:
        match todo.pop():
            case ir.Prim(op="and", args=args):
                todo += args
            case ir.Prim(op="=", args=(a, c)):
                for one, other in ((a, c), (c, a)):
                    if set(symbols(other)) & set(b.symbols):
                        continue
                    match one:
                        case ir.Ref(symbol=symbol) if symbol in b.symbols and len(b.symbols) > 1 and not whole:
                            yield b.symbols.index(symbol), other
                        case ir.Project(base=ir.Ref(symbol=symbol), index=index) if symbol in b.symbols and (
                            len(b.symbols) == 1 or (whole and symbol is b.symbols[0])
                        ):
                            yield index, other


__all__ = ["SCRATCH", "Loops"]
