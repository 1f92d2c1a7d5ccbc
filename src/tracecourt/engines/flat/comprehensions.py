"""Comprehensions → loops; a set or map that is made on the way has each of its keys once."""

from __future__ import annotations

from collections.abc import Callable

from tracecourt.engines.flat.core import Body, named_parts, parts_named
from tracecourt.engines.flat.draft import ALWAYS, NEVER, both, conj, negated
from tracecourt.engines.flat.layout import Val, element_of
from tracecourt.engines.flat.stores import Store
from tracecourt.engines.flat.values import Values
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import symbols


class Comprehensions(Values):
    """Writes loops over comprehensions."""

    def each(self, e: ir.Each, body: Body, *, pairs: bool, loose: bool = False, again: bool = False) -> str | None:
        """Go through a comprehension, equal elements each time that they come."""
        sorts = [element_of(e), *([e.sort.value] if isinstance(e.sort, t.Map) else [])]
        lacking = False

        def inner(*vals: Val) -> None:
            nonlocal lacking
            with self.taken(e.binding, vals):
                wanted = e.head if pairs else e.head[:1]
                heads = [self.fitted(self.term(h), h.sort, s) for h, s in zip(wanted, sorts, strict=False)]
                ok = conj(*(h.ok for h in heads))
                plain = [h.sure for h in heads]
                if ok == ALWAYS:
                    body(*plain)
                    return
                lacking = True
                self.late()
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
            for index, value in parts_named(b, whole=held is b.source and pairs):
                if index in self.joins(store):
                    sort = store.key.fields[index][1]  # type: ignore[attr-defined]
                    wanted = self.fitted(self.term(value), value.sort, sort)

                    def entry(key: Val, record: str, store: Store = store) -> None:
                        body(key, self.entry(store, record)) if pairs else body(key)

                    self.along(store, index, wanted, entry)
                    return None
        return self.loop(b.source, body, pairs=pairs, loose=loose, again=again)

    def distinct(self, e: ir.Expr, body: Body, walk: Callable[[Body], str | None], *, pairs: bool = False) -> str | None:
        """Go through a set or map that is made on the way, each element once, where it came first, with its last value.

        `walk` goes through what it is made from.
        """
        key = self.cells(element_of(e))
        value = self.cells(e.sort.value) if pairs and isinstance(e.sort, t.Map) else 0
        chain = self.chain(key + value)
        dens: list[int | None] = []

        def keep(*vals: Val) -> None:
            dens[:] = [self.agreed(den, val.den) for den, val in zip(dens or [None, None], vals, strict=False)]
            at = self.named(chain.last, "r")
            known = self.named(NEVER, "ok")
            with self.block(f"while {at} != 0:"):
                with self.block(f"if {conj(*(f'm[{at} + {1 + i}] == {c}' for i, c in enumerate(vals[0].cells)))}:"):
                    self.add(f"{known} = {ALWAYS}")
                    self.add("break")
                self.add(f"{at} = m[{at}]")
            with self.block(f"if not {known}:"):
                self.link(chain, at=at)
                self.fill(at, vals[0].cells)
            if value:
                self.fill(at, vals[1].cells, key)

        def found(cells: tuple[str, ...]) -> None:
            body(
                *(
                    Val(part, None, den or 1)
                    for part, den in zip((cells[:key], cells[key:])[: 1 + (value > 0)], dens, strict=True)
                )
            )

        with self.unframed():
            ok = walk(keep)
        self.each_of(self.straightened(chain), chain.count, chain.size, found)
        return ok


def unambiguous(e: ir.Each) -> bool:
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
