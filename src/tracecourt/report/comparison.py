"""Comparisons in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tracecourt.compare import Comparison, Direction, Found, Party
from tracecourt.engines.symbolic.smallest import Sized
from tracecourt.engines.values import show, written
from tracecourt.report.text import one_line

INDENT = "  "


def comparison(found: Comparison) -> str:
    """The whole outcome."""
    return "\n".join(map(one_line, _lines(found)))


def _lines(found: Comparison) -> Iterator[str]:
    first = found.directions[0]
    names = f"{_named(first.accepts)} and {_named(first.refuses)} over {found.domain}"
    yield names + (f", given {', '.join(found.givens)}" if found.givens else "")
    for direction in found.directions:
        yield ""
        said = _outcome(direction, found.size)
        short = direction.decided and not direction.found and direction.sizes[-1].size < found.largest
        said += "; larger ones were not looked at" if short else ""
        yield f"{direction.accepts.label} accepts, {direction.refuses.label} refuses: {said}"
        if direction.found is not None:
            yield from (INDENT + line for line in _trace(direction, direction.found))


def _named(party: Party) -> str:
    settings = ", ".join(f"{name}={show(value)}" for name, value in party.params.items())
    return f"{party.procedure} ({settings})" if settings else party.procedure


def _outcome(direction: Direction, size: str) -> str:
    if direction.found is not None:
        number = len(direction.found.events)
        proved = "the least there is" if direction.minimal else "not proved to be the least"
        return f"a trace of {number} event{'' if number == 1 else 's'}, {proved}"
    known = [sized for sized in direction.sizes if sized.outcome != "unknown"]
    said = f"no trace up to {size} {known[-1].size}{_length(known)}" if known else ""
    if direction.decided:
        return said
    unknown = f"not known from {size} {direction.sizes[-1].size} on; the limit was reached"
    return f"{said}, {unknown}" if said else unknown


def _length(sizes: list[Sized]) -> str:
    bounded = [sized for sized in sizes if sized.outcome == "none-bounded"]
    if not bounded:
        return ", however long"
    bounds = ", ".join(f"{sized.rounds} at {sized.size}" for sized in bounded)
    return f" (of up to so many events: {bounds})"


def _trace(direction: Direction, found: Found) -> Iterator[str]:
    yield " · ".join(f"{name} {show(value)}" for name, value in found.measures)
    system = direction.accepts.system
    sorts = {fact.name: fact.sort for fact in system.facts}
    for name, value in found.problem.facts.items():
        if value not in ({}, []):
            yield f"{name} = {written(sorts[name], value)}"
    for number, (action, arguments) in enumerate(found.events):
        parts = [written(p.sort, value) for p, value in zip(action.event.parameters, arguments, strict=True)]
        yield f"{number:>2}  {action.event.name}({', '.join(parts)})"
    why = found.refusal
    where = f"event {why.event}" if why.event < len(found.events) else "the end"
    yield f"{direction.refuses.label} refuses {where}, {why.rule}: {why.message}"
