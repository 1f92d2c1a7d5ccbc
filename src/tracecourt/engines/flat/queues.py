"""What the entries of a queue are ordered by: how many have each key, and the keys on a heap.

A key is a number from 0 on; its bucket has four cells: the generation, the number of entries, and the first of them, where
they are asked for. Entries of a bucket are linked both ways, so that one that leaves takes one step.
"""

from __future__ import annotations

from collections.abc import Callable

from tracecourt.engines.flat.draft import LEAVE, both
from tracecourt.engines.flat.layout import Val
from tracecourt.engines.flat.records import Records
from tracecourt.engines.flat.stores import MOST_KEYS, Store


class Queues(Records):
    """Lines for the order of a queue."""

    def _bucket(self, store: Store, key: str) -> str:
        return f"{store.name.upper()}_KEYS + 4 * {key}"

    def enter(self, store: Store, record: str, order: Val) -> None:
        """Count an entry by its key; another engine decides where that is a number that has no bucket."""
        den = self.widened(f"{store.name} by", order.den)
        key = self.held(order.cell if den == order.den else f"{den // order.den} * {order.cell}")
        with self.block(f"if ({key} < 0) | ({key} >= {MOST_KEYS}):"):
            self.add(LEAVE)
        self.add(f"{self.field(store, record, 'order')} = {key}")
        bucket = self.named(self._bucket(store, key))
        with self.block(f"if m[{bucket}] != {store.generation}:"):
            self.add(f"m[{bucket}] = {store.generation}")
            self.add(f"m[{bucket} + 1] = 0")
            if self.has(store.name, "bests"):
                self.add(f"m[{bucket} + 2] = 0")
            self.add(f"{store.name}_heaped = push(m, {store.name.upper()}_HEAP, {store.name}_heaped, {key}, 0)")
        self.add(f"m[{bucket} + 1] += 1")
        if self.has(store.name, "bests"):
            head = self.named(f"m[{bucket} + 2]", "r")
            self.add(f"{self.field(store, record, 'beside')} = {head}")
            self.add(f"{self.field(store, record, 'ahead')} = 0")
            with self.block(f"if {head} != 0:"):
                self.add(f"{self.field(store, head, 'ahead')} = {record}")
            self.add(f"m[{bucket} + 2] = {record}")

    def leave(self, store: Store, record: str) -> None:
        """Count an entry no more, by the key that it had when it came."""
        bucket = self.named(self._bucket(store, self.named(self.field(store, record, "order"))))
        self.add(f"m[{bucket} + 1] -= 1")
        if self.has(store.name, "bests"):
            ahead, beside = self.named(self.field(store, record, "ahead")), self.named(self.field(store, record, "beside"))
            with self.block(f"if {ahead} == 0:"):
                self.add(f"m[{bucket} + 2] = {beside}")
            with self.block("else:"):
                self.add(f"{self.field(store, ahead, 'beside')} = {beside}")
            with self.block(f"if {beside} != 0:"):
                self.add(f"{self.field(store, beside, 'ahead')} = {ahead}")

    def order_of(self, store: Store, key: Val) -> Val:
        """What an entry is ordered by."""
        there = self.present(store, key)
        record, _ = self.record(store, key)
        cell = self.named(self.field(store, record, "order"))
        return Val((cell,), both(there, None), self.den(f"{store.name} by"))

    def best(self, store: Store) -> Val:
        """The least key of a queue."""
        heap, keys = f"{store.name.upper()}_HEAP", f"{store.name.upper()}_KEYS"
        with self.block(f"while ({store.count} > 0) & (m[{keys} + 1 + 4 * m[{heap}]] == 0):"):
            self.add(f"m[{keys} + 4 * m[{heap}]] = 0")
            self.add(f"{store.name}_heaped = pop(m, {heap}, {store.name}_heaped)")
        return Val((self.named(f"m[{heap}]"),), f"{store.count} > 0", self.den(f"{store.name} by"))

    def each_best(self, store: Store, body: Callable[[Val, str], None]) -> None:
        """Go through the entries with the least key, in no order."""
        self.need(store.name, "bests")
        least = self.best(store)
        at = self.named(f"m[{store.name.upper()}_KEYS + 2 + 4 * {least.cell}] if {least.ok} else 0", "r")
        record = self.fresh("r")
        with self.block(f"while {at} != 0:"):
            self.add(f"{record} = {at}")
            self.add(f"{at} = {self.field(store, record, 'beside')}")
            body(self.key_of(store, record), record)

    def first_best(self, store: Store) -> Val:
        """The key that came first of those with the least."""
        self.need(store.name, "places")
        found = self.named(self.anyone(store), "r")
        self.add(f"{(lowest := self.fresh())} = 0")

        def earlier(key: Val, record: str) -> None:
            place = self.named(self.field(store, record, "place"))
            with self.block(f"if {lowest} == 0 or {place} < {lowest}:"):
                self.add(f"{lowest} = {place}")
                self.add(f"{found} = {record}")

        self.each_best(store, earlier)
        return Val(self.key_of(store, found).cells, f"{store.count} > 0")
