"""Updates of the state; one whose value is missing changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from tracecourt.engines.flat.draft import ALWAYS, conj
from tracecourt.engines.flat.layout import NotFlat, Val, element_of, same_layout, whole
from tracecourt.engines.flat.stores import Bits, Local, Row, Store
from tracecourt.engines.flat.tape import Tape
from tracecourt.engines.flat.values import KEPT
from tracecourt.engines.flat.walk import flattened, grows
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import symbols


class Updates(Tape):
    """Writes changes of what is kept."""

    def initial(self) -> None:
        """Give the state its initial values."""
        for variable in self.system.state:
            place = self.scope[variable.symbol]
            self.emptied(place)
            is_empty = isinstance(variable.initial, ir.Display) and not variable.initial.items
            if isinstance(place, Local) or not is_empty:
                self.assign(variable.symbol, variable.initial)
        for symbol in self.collected():
            self.emptied(self.scope[symbol])
        for update in self.system.initially:
            self.update(update)

    def update(self, update: ir.Update) -> None:
        """An update; one without a value changes nothing."""
        if update.kind == "when":
            with self.block(f"if {self.cond(update.value)}:"):
                for inner in update.block:
                    self.update(inner)
            return
        assert update.target is not None
        place = self.scope[update.target]
        match update.kind, place:
            case "assign", _:
                self.assign(update.target, update.value)
            case "put", Store():
                assert update.key is not None
                self._put(place, update.key, update.value)
            case "insert", Store():
                val = self._computed(place.symbol, update.value, place.key)
                self._where(val.ok, lambda: self.put(place, val, None))
            case "insert", Row():
                val = self._computed(place.symbol, update.value, place.element)
                self._where(val.ok, lambda: self.append(place, whole(val)))
            case "insert" | "remove", Bits(name=name, element=element):
                val = self.fitted(self.term(update.value), update.value.sort, element)
                change = f"{name} |= 1 << {val.cell}" if update.kind == "insert" else f"{name} &= ~(1 << {val.cell})"
                self._where(val.ok, lambda: self.add(change))
            case "remove", Store():
                val = self.fitted(self.term(update.value), update.value.sort, place.key)
                self._where(val.ok, lambda: self.remove(place, val))
            case "remove", Row():
                val = self.fitted(self.term(update.value), update.value.sort, place.element)
                self._where(val.ok, lambda: self._drop(place, val, last=isinstance(place.symbol.sort, t.Stack)))
            case _:
                raise NotFlat(f"{update.kind} on {update.target.name}")

    def _computed(self, target: ir.Symbol, e: ir.Expr, wanted: t.Sort) -> Val:
        """The value of an expression, to be kept: another engine decides where it has grown too large."""
        val = self.fitted(self.term(e), e.sort, wanted)
        if self._accumulates(target, e):
            self.below(KEPT, val.cells)
        return val

    def _accumulates(self, target: ir.Symbol, e: ir.Expr) -> bool:
        """Whether a value may grow from event to event: it is computed from itself, perhaps by way of other variables."""
        seen: set[ir.Symbol] = set()
        todo = [target]
        while todo:
            found = self._reads.get(todo.pop(), frozenset()) - seen
            seen |= found
            todo += found
        return target in seen and grows(e)

    @cached_property
    def _reads(self) -> dict[ir.Symbol, frozenset[ir.Symbol]]:
        """For each variable, those from which its values are computed."""
        found: dict[ir.Symbol, frozenset[ir.Symbol]] = {}
        for event in self.system.events.values():
            for update in flattened(event.updates):
                if update.target is not None:
                    read = [s for e in (update.key, update.value) if e is not None for s in symbols(e) if s.kind == "state"]
                    found[update.target] = found.get(update.target, frozenset()) | frozenset(read)
        return found

    def _where(self, ok: str | None, write: Callable[[], None]) -> None:
        if ok is None or ok == ALWAYS:
            write()
            return
        with self.block(f"if {ok}:"):
            write()

    def _put(self, store: Store, key: ir.Expr, value: ir.Expr) -> None:
        assert store.value is not None
        k, v = self._computed(store.symbol, key, store.key), self._computed(store.symbol, value, store.value)
        v = self._kept(store, v)
        order: Val | None = None
        if store.queue:
            assert store.variable is not None
            assert store.variable.key is not None
            identity, *rest = store.variable.entry
            values, at = {identity: k.sure}, 0
            for symbol in rest:
                count = self.cells(symbol.sort)
                values[symbol] = Val(v.cells[at : at + count], None, v.den if len(rest) == 1 else 1)
                at += count
            with self.bound(values):
                order = self.term(store.variable.key)
        ok = conj(k.ok, v.ok, order.ok if order else None)
        self._where(ok, lambda: self.put(store, k.sure, v.sure, order))

    def _kept(self, store: Store, val: Val) -> Val:
        """A value as a map keeps it: numbers over a denominator of its own, all others whole."""
        if isinstance(store.value, t.Rational) and not self.exact:
            return self.scaled(val, self.widened(store.name, val.den))
        return whole(val)

    def _drop(self, row: Row, val: Val, *, last: bool) -> None:
        """Remove one occurrence: a stack's topmost, else the first."""
        at, found = self.fresh("i"), self.named("-1")
        size = row.cells
        over = f"{row.last} - {size}, {row.first} - 1, -{size}" if last else f"{row.first}, {row.last}, {size}"
        with self.block(f"for {at} in range({over}):"), self.block(f"if {self.same(self.at(row, at), Val(whole(val).cells))}:"):
            self.add(f"{found} = {at}")
            self.add("break")
        with self.block(f"if {found} == {row.first}:"):
            self.add(f"{row.first} += {size}")
        with self.block(f"elif {found} >= 0:"):
            self.add(f"{row.last} -= {size}")
            with self.block(f"for {at} in range({found}, {row.last}):"):
                self.add(f"m[{at}] = m[{at} + {size}]")

    def assign(self, target: ir.Symbol, value: ir.Expr) -> None:
        """Give a variable another value."""
        match self.scope[target]:
            case Local() as local:
                val = self._computed(target, value, target.sort)
                if isinstance(target.sort, t.Rational) and not self.exact:
                    val = self.scaled(val, self.widened(local.names[0].removesuffix("_0"), val.den))
                else:
                    whole(val)

                def write() -> None:
                    self.add(f"{', '.join(local.names)} = {', '.join(val.cells)}")

                self._where(val.ok, write)
                for name in local.names:
                    self.forget(name)
            case Bits(name=name):
                val = self.fitted(self.term(value), value.sort, target.sort)
                self._where(val.ok, lambda: self.add(f"{name} = {val.cell}"))
            case Row() as row:
                same_layout(value.sort, target.sort, exact=self.exact)
                start, count, ok = self.listing(value)

                def keep(cells: tuple[str, ...]) -> None:
                    if self._accumulates(target, value):
                        self.below(KEPT, cells)
                    self.append(row, Val(cells))

                def copy() -> None:
                    self.empty(row)
                    self.each_of(start, count, row.cells, keep)

                if target in set(symbols(value)):
                    raise NotFlat("a list that is made from itself")
                self._where(ok, copy)
            case Store() as store:
                self._refill(store, target, value)

    def _refill(self, store: Store, target: ir.Symbol, value: ir.Expr) -> None:
        if store.queue:
            raise NotFlat("a queue that is assigned")
        pairs = store.value is not None
        given = [element_of(value), *([value.sort.value] if isinstance(value.sort, t.Map) else [])]
        wanted = [store.key, *([store.value] if store.value else [])]
        cells = [self.cells(s) for s in wanted]

        def fit(vals: Sequence[Val]) -> list[Val]:
            found = [self.fitted(v, g, w) for v, g, w in zip(vals, given, wanted, strict=True)]
            if self._accumulates(target, value):
                self.below(KEPT, [cell for val in found for cell in val.cells])
            return [found[0], *(self._kept(store, val) for val in found[1:])]

        if target not in set(symbols(value)):
            ok, lines = self.apart(lambda: self.loop(value, lambda *v: self._fill(store, fit(v)), pairs=pairs, again=True))
            if ok is None:
                self.clear(store)
                with self.block("if True:"):
                    self.lines += lines
                return
        chain = self.chain(sum(cells))

        def push(*vals: Val) -> None:
            self.link(chain, [cell for val in fit(vals) for cell in val.cells])

        ok = self.loop(value, push, pairs=pairs, again=True)

        def refill(found: tuple[str, ...]) -> None:
            self._fill(store, [Val(found[: cells[0]]), *([Val(found[cells[0] :])] if pairs else [])])

        def write() -> None:
            start = self.straightened(chain)
            self.clear(store)
            self.each_of(start, chain.count, chain.size, refill)

        self._where(ok, write)

    def _fill(self, store: Store, vals: Sequence[Val]) -> None:
        self.put(store, vals[0], vals[1] if len(vals) > 1 else None)
