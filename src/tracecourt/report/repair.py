"""A repair in words: what is to be done to which event, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator

from tracecourt.repair import Change, Repair
from tracecourt.report.text import causes, one_line, sentence

SHOWN = 8  # changes of one kind that are listed


def repair(found: Repair, place: str) -> str:
    """The whole repair."""
    return "\n".join(_lines(found, place))


def _lines(found: Repair, place: str) -> Iterator[str]:
    report = found.report
    yield one_line(f"{place} {report.id}".rstrip() + f": {_headline(found)}")
    if found.distance != 0 or found.answer:
        yield one_line(f"  before   {sentence(report)}")
    yield from map(_edit, found.edits)
    yield from _some(found.follows, "follows")
    if found.answer:
        said = "" if found.answer_counts else ", not counted"
        yield f"  plan     {_number(len(found.answer), 'edit')} of the plan{said}"
        yield from map(_edit, found.answer[:SHOWN])
        if len(found.answer) > SHOWN:
            yield f"           and {len(found.answer) - SHOWN} more"
    if found.causes is not None:
        yield from causes(found.causes)
    if found.verdict is not None and found.distance:
        yield one_line(f"  trace    {found.trace}")
    if found.verdict is not None:
        yield f"verdict: {found.verdict}"


def _headline(found: Repair) -> str:
    if found.distance is None:
        least = f"; at least {_number(found.at_least, 'edit')}" if found.at_least else ""
        return f"no repair is known: {found.reason}{least}"
    if found.distance == 0:
        return "nothing to repair"
    return f"{_number(found.distance, 'edit')} of {_number(found.report.events, 'event')}"


def _edit(change: Change) -> str:
    if change.op == "insert":
        return f"  insert   before event {change.event}: {change.now}"
    became = "" if change.now is None else f" becomes {change.now}"
    return f"  {change.op:<8} event {change.event}: {change.was}{became}"


def _some(changes: tuple[Change, ...], name: str) -> Iterator[str]:
    for index, change in enumerate(changes[:SHOWN]):
        label = name if index == 0 else ""
        yield f"  {label:<8} event {change.event}: {change.was} becomes {change.now}"
    if len(changes) > SHOWN:
        yield f"           and {len(changes) - SHOWN} more"


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
