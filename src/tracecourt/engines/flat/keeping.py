"""Reading and changing what is kept in the memory: the lines for each operation on a store or a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracecourt.engines.flat.draft import ALWAYS, LEAVE, both, conj, negated
from tracecourt.engines.flat.layout import Val
from tracecourt.engines.flat.queues import Queues
from tracecourt.engines.flat.stores import Bits, Group, Row, Store
from tracecourt.spec import sorts as t


class Keeping(Queues):
    """Lines for stores and rows."""

    # ------------------------------------------------------------ maps, sets, queues
    def entry(self, store: Store, record: str) -> Val:
        """The value in a record."""
        assert store.value is not None
        self.need(store.name, "values")
        cells = tuple(self.named(self.field(store, record, f"value{i}")) for i in range(self.cells(store.value)))
        return Val(cells, None, self.den(store.name) if isinstance(store.value, t.Rational) else 1)

    def found(self, store: Store, key: Val) -> Val:
        """The value of a key."""
        there = self.present(store, key)
        record, _ = self.record(store, key)
        val = self.entry(store, record)
        return Val(val.cells, both(there, None), val.den)

    def put(self, store: Store, key: Val, value: Val | None, order: Val | None = None) -> None:
        """Insert an entry or replace the one with this key."""
        record, inside = self.record(store, key)
        if inside != ALWAYS:
            with self.block(f"if {negated(inside)}:"):
                self.add(LEAVE)
        stamp = self.field(store, record, "stamp")
        with self.block(f"if {stamp} != {store.generation}:"):
            self.add(f"{stamp} = {store.generation}")
            self.add(f"{store.count} += 1")
            for i, cell in enumerate(key.cells if self.has(store.name, "keys") else ()):
                self.add(f"{self.field(store, record, f'key{i}')} = {cell}")
            if self.has(store.name, "ordered"):
                self._append(store, record)
            if self.has(store.name, "places"):
                self.add(f"{store.name}_places += 1")
                self.add(f"{self.field(store, record, 'place')} = {store.name}_places")
            self._join(store, record, key)
        if order is not None:
            with self.block("else:"):
                self.leave(store, record)
        for i, cell in enumerate(value.cells if value and self.has(store.name, "values") else ()):
            self.add(f"{self.field(store, record, f'value{i}')} = {cell}")
        if order is not None:
            self.enter(store, record, order)

    def remove(self, store: Store, key: Val) -> None:
        """Remove an entry, if it is there."""
        with self.block(f"if {self.present(store, key)}:"):
            record, _ = self.record(store, key)
            self.add(f"{self.field(store, record, 'stamp')} = 0")
            self.add(f"{store.count} -= 1")
            if self.has(store.name, "ordered"):
                self._unlink(store, record)
            if store.queue:
                self.leave(store, record)

    def clear(self, store: Store) -> None:
        """Empty a store."""
        self.add("m[0] += 1")
        self.add(f"{store.generation} = m[0]")
        self.add(f"{store.count} = 0")
        if self.has(store.name, "ordered"):
            self.add(f"{store.name}_head = 0")
            self.add(f"{store.name}_tail = 0")
        if store.queue:
            self.add(f"{store.name}_heaped = 0")
        if self.has(store.name, "places"):
            self.add(f"{store.name}_places = 0")

    # ------------------------------------------------------------ in order of arrival
    def _append(self, store: Store, record: str) -> None:
        after, before = self.field(store, record, "next"), self.field(store, record, "before")
        tail = f"{store.name}_tail"
        self.add(f"{after} = 0")
        self.add(f"{before} = {tail}")
        with self.block(f"if {tail} == 0:"):
            self.add(f"{store.name}_head = {record}")
        with self.block("else:"):
            self.add(f"{self.field(store, tail, 'next')} = {record}")
        self.add(f"{tail} = {record}")

    def _unlink(self, store: Store, record: str) -> None:
        after, before = self.named(self.field(store, record, "next")), self.named(self.field(store, record, "before"))
        with self.block(f"if {before} == 0:"):
            self.add(f"{store.name}_head = {after}")
        with self.block("else:"):
            self.add(f"{self.field(store, before, 'next')} = {after}")
        with self.block(f"if {after} == 0:"):
            self.add(f"{store.name}_tail = {before}")
        with self.block("else:"):
            self.add(f"{self.field(store, after, 'before')} = {before}")

    def each_entry(self, store: Store, body: Callable[[Val, str], None]) -> None:
        """Go through a store in order of arrival, with keys and records."""
        self.need(store.name, "ordered")
        at, record = self.named(f"{store.name}_head", "r"), self.fresh("r")
        with self.block(f"while {at} != 0:"):
            self.add(f"{record} = {at}")
            self.add(f"{at} = {self.field(store, record, 'next')}")
            body(self.key_of(store, record), record)

    def first_entry(self, store: Store) -> Val:
        """The key that came first."""
        self.need(store.name, "ordered")
        record = f"({store.name}_head if {store.count} > 0 else {self.anyone(store)})"
        key = self.key_of(store, self.named(record, "r"))
        return Val(key.cells, f"{store.count} > 0")

    # ------------------------------------------------------------ joins: the entries whose key has a given component
    def _join(self, store: Store, record: str, key: Val) -> None:
        for index, (group, cells) in self.joins(store).items():
            if self.has(store.name, f"join{index}"):
                head, there = self._joint(store, index, group, Val(tuple(key.cells[i] for i in cells)))
                stamp = self.field(head, there, "stamp")
                tail = self.field(head, there, "tail")
                self.add(f"{self.field(store, record, f'along{index}')} = 0")
                with self.block(f"if {stamp} != {store.generation}:"):
                    self.add(f"{stamp} = {store.generation}")
                    self.add(f"{self.field(head, there, 'head')} = {record}")
                with self.block("else:"):
                    last = self.named(tail)
                    self.add(f"{self.field(store, last, f'along{index}')} = {record}")
                self.add(f"{tail} = {record}")

    def joins(self, store: Store) -> dict[int, tuple[Group, range]]:
        """The components of a store's keys by which its entries can be found: their groups, and their cells."""
        if not isinstance(store.key, t.Tuple) or store.symbol.kind != "fact":
            return {}
        found, at = {}, 0
        for index, (_, sort) in enumerate(store.key.fields):
            count = self.cells(sort)
            found[index] = self.groups.of(sort), range(at, at + count)
            at += count
        return found

    def _joint(self, store: Store, index: int, group: Group, key: Val) -> tuple[Store, str]:
        joint = Store(f"{store.name}_by{index}", store.symbol, store.key, None, group)
        number, inside = self.number(group, key)
        safe = number if inside == ALWAYS else f"({number} if {inside} else 0)"
        return joint, self.named(f"{group.name.upper()} + {safe} * {group.name.upper()}_SIZE", "r")

    def along(self, store: Store, index: int, key: Val, body: Callable[[Val, str], None]) -> None:
        """Go through the entries whose key has a component, in order of arrival."""
        self.need(store.name, f"join{index}")
        group, _ = self.joins(store)[index]
        head, there = self._joint(store, index, group, key)
        _, inside = self.number(group, key)
        some = conj(key.ok, inside, f"{self.field(head, there, 'stamp')} == {store.generation}")
        at, record = self.named(f"{self.field(head, there, 'head')} if {some} else 0", "r"), self.fresh("r")
        with self.block(f"while {at} != 0:"):
            self.add(f"{record} = {at}")
            self.add(f"{at} = {self.field(store, record, f'along{index}')}")
            body(self.key_of(store, record), record)

    # ------------------------------------------------------------ rows
    def append(self, row: Row, val: Val) -> None:
        """Put an element at the end of a row."""
        with self.block(f"if {row.last} + {row.cells} > {row.base} + ROW:"):
            self.add(LEAVE)
        for i, cell in enumerate(val.cells):
            self.add(f"m[{row.last} + {i}] = {cell}")
        self.add(f"{row.last} += {row.cells}")

    def empty(self, row: Row) -> None:
        """Empty a row."""
        self.add(f"{row.first} = {row.base}")
        self.add(f"{row.last} = {row.base}")

    def at(self, row: Row, place: str) -> Val:
        """The element at a place."""
        den = self.den(row.name) if isinstance(row.element, t.Rational) else 1
        return Val(self.read(place, row.cells), None, den)

    def length(self, row: Row) -> str:
        """The number of elements of a row."""
        cells = f"({row.last} - {row.first})"
        return cells if row.cells == 1 else f"({cells} // {row.cells})"

    def each_element(self, row: Row, body: Callable[[Val], None]) -> None:
        """Go through a row."""
        at = self.fresh("i")
        with self.block(f"for {at} in range({row.first}, {row.last}, {row.cells}):"):
            body(self.at(row, at))

    # ------------------------------------------------------------ any of them
    def emptied(self, place: Any) -> None:
        """Empty what a collection is kept in; what is held in local names has a value of its own."""
        match place:
            case Store():
                self.clear(place)
            case Row():
                self.empty(place)
            case Bits(name=name):
                self.add(f"{name} = 0")
