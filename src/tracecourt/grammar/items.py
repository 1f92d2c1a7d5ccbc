"""What a grammar reads from a text: named items with raw arguments and spans."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from tracecourt.text import Source, Span

Raw: TypeAlias = "str | tuple[Raw, ...]"


@dataclass(frozen=True)
class Item:
    """A fact or an event as printed: the alias of its rule, the values of its children, its place."""

    name: str
    arguments: tuple[Raw, ...]
    span: Span


class Completeness(Enum):
    """How a text stands to the language of its grammar."""

    COMPLETE = "complete"
    CUT = "cut"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class Reading:
    """The items of a text, as far as it could be read.

    `completeness` is CUT for a proper prefix of a legal text that is not legal itself. `fault` is where a text that is not
    legal goes wrong, `found` and `expected` say how.
    """

    source: Source
    items: tuple[Item, ...]
    completeness: Completeness
    fault: Span | None = None
    found: str = ""
    expected: tuple[str, ...] = ()

    @property
    def complaint(self) -> str:
        """What is wrong, in one sentence; empty for a legal text."""
        if self.fault is None:
            return ""
        wanted = self.expected[0] if len(self.expected) == 1 else f"one of {', '.join(self.expected)}"
        return f"{self.found} where {wanted} was expected" if self.expected else f"{self.found} was not expected"
