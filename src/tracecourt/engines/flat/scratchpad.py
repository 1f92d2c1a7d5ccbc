"""Rows and chains on the scratchpad: elements one behind the other, given back when the event is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracecourt.engines.flat.draft import Draft


@dataclass(frozen=True)
class Chain:
    """Records that are made one after the other, each with the place of the one before it: how many is not known before."""

    last: str
    count: str
    size: int


class Scratchpad(Draft):
    """Writes and reads elements of several cells."""

    def chain(self, size: int) -> Chain:
        """An empty chain for elements of so many cells."""
        return Chain(self.named("0", "r"), self.named("0"), size)

    def link(self, chain: Chain, cells: Sequence[str] = (), at: str | None = None) -> None:
        """Put an element at the end of a chain; `at` is the name that its record is to have."""
        room = f"room(m, {1 + chain.size})"
        if at is None:
            at = self.named(room, "r")
        else:
            self.add(f"{at} = {room}")
        self.add(f"m[{at}] = {chain.last}")
        self.fill(at, cells)
        self.add(f"{chain.last} = {at}")
        self.add(f"{chain.count} += 1")

    def fill(self, record: str, cells: Sequence[str], first: int = 0) -> None:
        """Write cells of a record of a chain, from a given one on."""
        for i, cell in enumerate(cells):
            self.add(f"m[{record} + {1 + first + i}] = {cell}")

    def straightened(self, chain: Chain, *, backwards: bool = False) -> str:
        """Copy a chain into a row, in the order in which it was made or against it; where it begins."""
        size = chain.size
        start = self.named(f"room(m, {size} * {chain.count})")
        at = self.named(chain.last, "r")
        to = self.named(start if backwards else f"{start} + {size} * {chain.count}")
        with self.block(f"while {at} != 0:"):
            if not backwards:
                self.add(f"{to} -= {size}")
            for i in range(size):
                self.add(f"m[{to} + {i}] = m[{at} + {1 + i}]")
            if backwards:
                self.add(f"{to} += {size}")
            self.add(f"{at} = m[{at}]")
        return start

    def each_of(self, start: str, count: str, size: int, body: Callable[[tuple[str, ...]], None]) -> None:
        """Go through the elements of a row: `body` is given the cells of each."""
        at = self.fresh("i")
        with self.block(f"for {at} in range({start}, {start} + {size} * {count}, {size}):"):
            body(self.read(at, size))

    def read(self, at: str, size: int) -> tuple[str, ...]:
        """Names for the cells of the memory that begin at a place."""
        return tuple(self.named(f"m[{at} + {i}]") for i in range(size))
