"""A queue ordered by keys: an open list."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from typing import Any


class KeyedQueue:
    """Entries by identity, each with a key; a replaced entry keeps its place among equals.

    Entries with equal keys share a bucket, and the least key comes from a heap whose stale keys are dropped when they
    reach its top, so that a long trace costs a logarithm for each event.
    """

    __slots__ = ("_buckets", "_count", "_heap", "entries", "keys")

    def __init__(self) -> None:
        self.entries: dict[Any, Any] = {}
        self.keys: dict[Any, Any] = {}
        self._buckets: dict[Any, dict[Any, int]] = {}  # by key: elements and when they came
        self._heap: list[Any] = []
        self._count = 0

    def __contains__(self, element: Any) -> bool:
        return element in self.entries

    def __getitem__(self, element: Any) -> Any:
        return self.entries[element]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.entries)

    def items(self) -> Any:
        """The entries: identity and the rest."""
        return self.entries.items()

    def values(self) -> Any:
        """What the entries hold beside their identity."""
        return self.entries.values()

    def put(self, element: Any, value: Any, key: Any) -> None:
        """Insert an entry, or replace the one with this identity."""
        keys, buckets = self.keys, self._buckets
        if element in keys:
            place = buckets[keys[element]].pop(element)
        else:
            place = self._count = self._count + 1
        self.entries[element] = value
        keys[element] = key
        if key in buckets:
            buckets[key][element] = place
        else:
            buckets[key] = {element: place}
            heapq.heappush(self._heap, key)

    def remove(self, element: Any) -> None:
        """Remove an entry, if it is there."""
        if element in self.entries:
            del self.entries[element], self._buckets[self.keys.pop(element)][element]

    def best(self) -> Any:
        """The least key; the queue must not be empty."""
        buckets, heap = self._buckets, self._heap
        while not buckets[heap[0]]:
            del buckets[heapq.heappop(heap)]
        return heap[0]

    def bests(self) -> list[Any]:
        """The identities of the entries with the least key, in the order in which they came."""
        if not self.entries:
            return []
        tied = self._buckets[self.best()]
        return sorted(tied, key=tied.__getitem__)

    def tied(self) -> Collection[Any]:
        """The identities of the entries with the least key, in no order that means anything."""
        return self._buckets[self.best()] if self.entries else ()

    def copy(self) -> KeyedQueue:
        """An independent copy."""
        twin = KeyedQueue()
        twin.entries, twin.keys = dict(self.entries), dict(self.keys)
        twin._buckets = {key: dict(bucket) for key, bucket in self._buckets.items()}
        twin._heap, twin._count = list(self._heap), self._count
        return twin
