"""What several tests ask of texts: what is read from which start rule, and what a tape holds of a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracecourt.spec import sorts as t


def add(found: dict[tuple[str, str], None], prompt: str, trace: str) -> None:
    """Note a row's texts, with the start rule that reads each."""
    if prompt.strip():
        found["prompt", prompt] = found["trace", trace] = found["document", f"{prompt}\n{trace}"] = None
    else:
        found["document", trace] = None


def cells(sort: t.Sort, value: Any) -> Iterator[int]:
    """What a tape should hold for a value that a reader read."""
    match sort:
        case t.Enum(members=members):
            yield members.index(value)
        case t.Tuple(fields=fields):
            for (_, inner), part in zip(fields, value, strict=True):
                yield from cells(inner, part)
        case t.List(element=element) | t.Set(element=element):
            yield len(value)
            for part in value:
                yield from cells(element, part)
        case _:
            yield int(value)
