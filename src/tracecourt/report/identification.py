"""Identifications in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tracecourt.engines.intervals import Interval
from tracecourt.engines.values import show
from tracecourt.identify import ANY, Hypothesis, Identification, Solved
from tracecourt.report.text import one_line
from tracecourt.ties import Preference, Ties
from tracecourt.verdict import Verdict, plain

WIDTH = 12  # of the words that lines begin with
AGREE = 3  # settings with the same outcome that are shown
VALUES = 8  # of a heuristic that are shown


def identification(found: Identification, place: str) -> str:
    """The whole identification."""
    return "\n".join(map(one_line, _identification(found, place)))


def _identification(found: Identification, place: str) -> Iterator[str]:
    where = f"{place} {found.id}" if found.id else place
    if found.verdict is Verdict.MALFORMED:
        yield f"{where}: malformed: {found.message}"
        return
    yield f"{where}: {_counted(found.events, 'event')}"
    none = [] if found.undecided else ["no procedure"]
    yield from _listed("explained by", map(_explains, found.explained) if found.explained else none)
    yield from _listed("undecided", (f"{_named(h)}: {h.message}" for h in found.undecided))
    yield from _listed("refuted", map(_refuted, found.refuted))
    if found.nearest is not None:
        yield from _listed("nearest", [f"{_named(found.nearest)}: {found.nearest.message}"])
    yield from _listed("ties", (line for one in found.ties for line in _ties(one)))
    yield from _solved(found)
    if untried := [h for h in found.procedures if h.untried]:
        yield from _listed("untried", (f"{_counted(h.untried, 'other setting')} of {h.name}" for h in untried))


def _listed(word: str, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {'' if number else word:<{WIDTH}}  {line}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


# ---------------------------------------------------------------- hypotheses
def _named(found: Hypothesis) -> str:
    return found.name + (f" ({_settings(found.changed)})" if found.changed else "")


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={show(value)}" for name, value in settings.items())


def _explains(found: Hypothesis) -> str:
    said = _named(found)
    if found.verdict is Verdict.TRUNCATED:
        said += ", as far as it goes"
    if found.agree:
        shown = " or ".join(_settings(one) or "the defaults" for one in found.agree[:AGREE])
        more = f" or {len(found.agree) - AGREE} others" if len(found.agree) > AGREE else ""
        said += f", also with {shown}{more}"
    return said


def _refuted(found: Hypothesis) -> str:
    return f"{_named(found)}: {found.rule} at event {found.event} ({_counted(found.violations, 'event')})"


# ---------------------------------------------------------------- ties
def _ties(found: Ties) -> Iterator[str]:
    said = f"{found.procedure} makes {_counted(found.choices, 'choice')} among equals in {found.queue}"
    if not found.choices:
        yield f"{found.procedure} never chooses among equals in {found.queue}"
    elif found.explaining:
        yield f"{said}, explained by"
        yield from map(_preference, sorted(found.explaining, key=lambda p: not p.decides))
    else:
        best = max(found.preferences, key=lambda p: (p.kept, p.decided))
        yield f"{said}; no preference explains all of them, and {best.name} explains {best.kept}"


def _preference(found: Preference) -> str:
    if found.decides:
        return found.name
    if found.then:
        return f"{found.name}, then {' or '.join(found.then)}"
    return f"{found.name} (it decides {found.decided})"


# ---------------------------------------------------------------- what a solver adds
def _solved(found: Identification) -> Iterator[str]:
    solved = found.solved
    intervals = ((h.name, name, interval) for h in found.procedures for name, interval in h.intervals.items())
    yield from _listed("numbers", (f"{procedure}: {_interval(name, interval)}" for procedure, name, interval in intervals))
    if solved.heuristic:
        answers = ", ".join(f"{kind} {answer}" for kind, answer in solved.heuristic.items())
        yield from _listed("heuristic", [f"{solved.heuristic_of}: {answers}", *_values(found)])
    if solved.core:
        yield from _listed("core", [_core(solved), *_texts(solved)])
    yield from _listed("unknown", solved.reasons)


def _interval(name: str, interval: Interval) -> str:
    low, high = (None if end is None else show(plain(end)) for end in (interval.low, interval.high))
    if low == high:
        said = f"{name} {low} only"
    elif high is None:
        said = f"{name} above {low}" if interval.open_low else f"any {name}" if low == "0" else f"{name} {low} or more"
    elif interval.open_low:
        said = f"{name} above {low} and {'below' if interval.open_high else 'up to'} {high}"
    else:
        said = f"{name} from {low} {'to below' if interval.open_high else 'to'} {high}"
    return said + (", and others apart from these" if interval.gaps else "")


def _values(found: Identification) -> Iterator[str]:
    """A heuristic, where the one of the problem does not explain the trace."""
    solved = found.solved
    if solved.values and not any(h.explains for h in found.procedures if h.name == solved.heuristic_of):
        shown = [f"{show(value)} at {show(argument)}" for argument, value in list(solved.values.items())[:VALUES]]
        more = len(solved.values) - len(shown)
        yield f"{solved.values_of}: {', '.join(shown)}{f' and {more} others' if more else ''}"


def _core(solved: Solved) -> str:
    *others, last = map(str, solved.core)
    events = f"events {', '.join(others)} and {last} cannot all" if others else f"event {last} cannot"
    kind = "any heuristic" if solved.core_of == ANY else f"any heuristic that is {solved.core_of}"
    return f"{events} be best-first under {kind}"


def _texts(solved: Solved) -> Iterator[str]:
    yield from (f"{index}: {text}" for index, text in zip(solved.core, solved.core_texts, strict=False))
