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

    __slots__ = ("_buckets", "_count", "_heap", "_places", "entries", "keys")

    def __init__(self) -> None:
        self.entries: dict[Any, Any] = {}
        self.keys: dict[Any, Any] = {}
        self._places: dict[Any, int] = {}
        self._buckets: dict[Any, dict[Any, None]] = {}
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
        if element in self.entries:
            self._leave_bucket(element)
        else:
            self._count += 1
            self._places[element] = self._count
        self.entries[element] = value
        self.keys[element] = key
        if key not in self._buckets:
            self._buckets[key] = {}
            heapq.heappush(self._heap, key)
        self._buckets[key][element] = None

    def remove(self, element: Any) -> None:
        """Remove an entry, if it is there."""
        if element in self.entries:
            self._leave_bucket(element)
            del self.entries[element], self.keys[element], self._places[element]

    def _leave_bucket(self, element: Any) -> None:
        del self._buckets[self.keys[element]][element]

    def best(self) -> Any:
        """The least key; the queue must not be empty."""
        while not self._buckets[self._heap[0]]:
            del self._buckets[heapq.heappop(self._heap)]
        return self._heap[0]

    def bests(self) -> list[Any]:
        """The identities of the entries with the least key, in the order in which they came."""
        return sorted(self._buckets[self.best()], key=self._places.__getitem__) if self.entries else []

    def tied(self) -> Collection[Any]:
        """The identities of the entries with the least key, in no order that means anything."""
        return self._buckets[self.best()] if self.entries else ()

    def copy(self) -> KeyedQueue:
        """An independent copy."""
        twin = KeyedQueue()
        twin.entries, twin.keys, twin._places = dict(self.entries), dict(self.keys), dict(self._places)
        twin._buckets = {key: dict(bucket) for key, bucket in self._buckets.items()}
        twin._heap, twin._count = list(self._heap), self._count
        return twin
