"""A queue ordered by keys: an open list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class KeyedQueue:
    """Entries by identity, each with a key; a replaced entry keeps its place among equals."""

    __slots__ = ("entries", "keys")

    def __init__(self) -> None:
        self.entries: dict[Any, Any] = {}
        self.keys: dict[Any, Any] = {}

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
        self.entries[element] = value
        self.keys[element] = key

    def remove(self, element: Any) -> None:
        """Remove an entry, if it is there."""
        if element in self.entries:
            del self.entries[element], self.keys[element]

    def best(self) -> Any:
        """The least key; the queue must not be empty."""
        return min(self.keys.values())

    def bests(self) -> list[Any]:
        """The identities of the entries with the least key."""
        if not self.keys:
            return []
        least = self.best()
        return [element for element, key in self.keys.items() if key == least]

    def copy(self) -> KeyedQueue:
        """An independent copy."""
        twin = KeyedQueue()
        twin.entries, twin.keys = dict(self.entries), dict(self.keys)
        return twin
