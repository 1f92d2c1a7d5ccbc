"""Reports and explanations in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from tracecourt.causes import Causes
from tracecourt.engines.values import show
from tracecourt.explain import Explanation, Held, requirement
from tracecourt.text import excerpt
from tracecourt.verdict import LEVEL_MEANINGS, PlanStatus, Report, Verdict, Violation

OBJECTIONS = 6  # what the states behind a text have against an event
RUN = 8  # events of the run behind a text that are shown
CAUSES = 8  # events of which it is said that they are causes
HISTORY = 6  # events of a history that are shown


def line(report: Report, place: str) -> str:
    """One line for one trace: place, id, verdict, why, and what the plan is worth."""
    return one_line(f"{_where(report, place)}: {sentence(report)}")


def one_line(text: str) -> str:
    """A text without line ends and other characters that a terminal would obey."""
    return "".join(c if c.isprintable() else "·" for c in text)


def _where(report: Report, place: str) -> str:
    return f"{place} {report.id}" if report.id else place


def sentence(report: Report) -> str:
    """The verdict, why, and what the plan is worth, in one sentence."""
    said = str(report.verdict)
    if report.rule is not None:
        said += f" {report.rule}"
    if report.event is not None:
        said += f" at event {report.event}"
    if report.message:
        said += f": {report.message}"
    if report.verdict is Verdict.SOUND and report.level is not None:
        said += f" ({LEVEL_MEANINGS[report.level]})"
    return f"{said} · {plan(report)}"


def plan(report: Report) -> str:
    """What the printed answer is worth."""
    if report.plan is PlanStatus.NONE:
        return "no plan"
    follows = {True: "", False: ", but it does not follow from this trace", None: ""}[report.plan_follows_trace]
    if report.plan_follows_trace is False and report.plan is PlanStatus.INVALID:
        follows = ", and it does not follow from this trace"
    return f"plan {report.plan}{follows}"


def explanation(found: Explanation, place: str) -> str:
    """The whole explanation."""
    return "\n".join(_explanation(found, place))


def _explanation(found: Explanation, place: str) -> Iterator[str]:
    report, violation = found.report, found.violation
    if violation is None:
        yield line(report, place)
        if report.span is not None and report.source is not None:
            yield excerpt(report.source, report.span)
        yield from (f"  before   {text}" for text in _grouped(found.later))
        if report.run:
            more = f" · and {len(report.run) - RUN} more" if len(report.run) > RUN else ""
            yield f"  run      {' · '.join(report.run[:RUN])}{more}"
    else:
        yield from _violation(found, violation, place)
    yield f"  plan     {plan(report).removeprefix('plan ')}"
    yield from _params(report)
    yield _last(report, found.falls)


def _violation(found: Explanation, violation: Violation, place: str) -> Iterator[str]:
    report = found.report
    kind = "note" if report.sound else "error"
    event = f"event {violation.event}: " if violation.event < report.events else ""
    yield one_line(f"{_where(report, place)}: {kind}[{violation.rule.name}]: {event}{violation.text}")
    if violation.span is not None and report.source is not None:
        yield excerpt(report.source, violation.span)
    rule = requirement(violation.rule)
    yield f"  because  {violation.message}"
    yield f"  rule     {rule['text']}   [{rule['place']}]"
    if found.values:
        yield "  here     " + " · ".join(f"{term} is {value}" for term, value in found.values)
    if found.subject:
        yield f"  history  {found.subject}{_facts(found)}{'' if found.history else ' is on no list before this event'}"
        for happening in found.history[-HISTORY:]:
            yield f"           event {happening.event}: {happening.text} — {', '.join(happening.changes)}"
    for held in found.state:
        if held.relevant:
            yield f"  {held.name:<8} {_held(held)}"
    if found.legal is not None:
        more = " · and more" if found.more_legal else ""
        yield "  legal    " + (" · ".join(found.legal) + more if found.legal else "no event is legal here")
    for objected in found.objections[:OBJECTIONS] if len(found.objections) > 1 else ():
        states = "state" if objected.states == 1 else "states"
        yield f"  against  {objected.states} {states}: {objected.rule}: {objected.message}"
    for other in found.also:
        yield f"  also     {other.rule.name}: {other.message}"
    yield from (f"  later    {text}" for text in _grouped(found.later))
    if found.causes is not None and found.later:
        yield from causes(found.causes)


def causes(found: Causes) -> Iterator[str]:
    """Which broken rules are causes, and how unsound the trace is."""
    share = "" if found.unsoundness is None else f" · unsoundness {found.unsoundness:g}"
    yield f"  causes   {_events(found.events)}{'' if found.complete else ', and perhaps more'}{share}"
    if found.consequences:
        yield f"           what breaks a rule at {_events(found.consequences)} follows"


def _events(indices: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, indices[:CAUSES]))
    more = f" and {len(indices) - CAUSES} more" if len(indices) > CAUSES else ""
    return f"event{'' if len(indices) == 1 else 's'} {shown}{more}"


def _facts(found: Explanation) -> str:
    return f" ({', '.join(found.facts)})" if found.facts else ""


def _held(held: Held) -> str:
    if held.size is None:
        return held.entries[0]
    if not held.size:
        return "empty"
    rest = held.size - len(held.entries)
    return " · ".join(held.entries) + (f" · and {rest} more" if rest else "")


def _grouped(violations: Iterable[Violation]) -> Iterator[str]:
    """Violations of one rule in consecutive events as one line."""
    for rule, group in groupby(violations, key=lambda v: v.rule):
        found = list(group)
        first, last = found[0].event, found[-1].event
        events = f"event {first}" if first == last else f"events {first} to {last}, {len(found)} times"
        yield f"{rule.name} at {events}: {found[0].message}"


def _params(report: Report) -> Iterator[str]:
    shown = [
        f"{name} {show(value)}{' (inferred)' if name in report.inferred else ''}"
        for name, value in report.params.items()
        if not isinstance(value, (list, dict, tuple))
    ]
    if shown:
        yield f"  problem  {', '.join(shown)}"


def _last(report: Report, falls: tuple[str, ...]) -> str:
    if report.verdict is Verdict.UNSOUND and report.level is not None:
        levels = "level" if len(falls) == 1 else "levels"
        above = f"; with it {'falls' if len(falls) == 1 else 'fall'} the {levels} {', '.join(falls)}" if falls else ""
        return f"verdict: unsound at level {report.level}: {LEVEL_MEANINGS[report.level]}{above}"
    if report.verdict is Verdict.SOUND and report.level is not None:
        return f"verdict: sound: {LEVEL_MEANINGS[report.level]}"
    return f"verdict: {report.verdict}"
