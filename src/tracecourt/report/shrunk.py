"""Shrunk cases in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tracecourt.engines.values import show
from tracecourt.report.text import one_line
from tracecourt.shrink import Shrunk


def shrunk(found: Shrunk, place: str) -> str:
    """The whole case: what was made of what, the problem, the events, the rule, and the texts."""
    return "\n".join(map(one_line, _lines(found, place)))


def _lines(found: Shrunk, place: str) -> Iterator[str]:
    row = found.row
    yield f"{place} {row['id']}: {row['rule'] or 'malformed'}: {_size(found)}"
    shown = [f"{name} {show(value)}" for name, value in row["params"].items() if not isinstance(value, (list, dict))]
    if shown:
        yield f"  params   {', '.join(shown)}"
    for name, value in found.problem.items():
        if value is not None and value not in ({}, []):
            yield f"  {name:<8} {'_' if f'fact {name}' in found.free else _shown(value)}"
    yield from (f"  event {number:<2} {text}" for number, text in enumerate(found.text))
    yield f"  because  {found.message}"
    if found.free:
        yield f"  free     {', '.join(found.free)}: other values break the same rule"
    yield f"  prompt   {_text(row['prompt'])}"
    yield f"  trace    {_text(row['trace'])}"
    if not found.complete:
        yield "  note     the budget ran out; there may be a smaller case"


def _size(found: Shrunk) -> str:
    before, row = found.before, found.row
    if "words" in before:
        words = len(f"{row['prompt']} {row['trace']}".split())
        return f"{_counted(before['words'], 'word')} → {words}"
    elements = f"{_counted(before['elements'], 'element')} of the problem → {row['elements']}"
    return f"{_counted(before['events'], 'event')} → {row['events']}, {elements}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shown(value: object) -> str:
    if isinstance(value, dict) and not all(v is True for v in value.values()):
        return ", ".join(f"{show(k)}: {show(v)}" for k, v in value.items())
    return show(value)


def _text(words: str | list[str]) -> str:
    return (words if isinstance(words, str) else " ".join(words)).replace("\n", " / ")
