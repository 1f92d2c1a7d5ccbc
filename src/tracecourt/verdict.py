"""Verdicts, plan statuses, violations and reports: what a trial ends with. Data only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

from tracecourt.spec import ir
from tracecourt.text import Source, Span

SCHEMA = "tracecourt/check/1"

LEVEL_MEANINGS = {
    "grounded": "the trace says something that is not true of the problem",
    "disciplined": "no legal use of the lists, whatever their order",
    "complete": "an expansion is left unfinished, or the search ends too early",
    "ordered": "not a best entry, under any tie-break",
    "declared": "a run under another tie-break or child order than the declared one",
}


class Verdict(StrEnum):
    """What a trace is.

    - SOUND: every rule up to the level `ordered` holds at every event, and the search may end where the trace ends.
    - UNSOUND: an event breaks a rule, or the text declares its end before the search may end.
    - MALFORMED: the text is not in the format's language, or its prompt states no problem of the domain.
    - TRUNCATED: the text stops before the search ends, and could be continued to a legal text; sound so far.
    - UNKNOWN: a budget ran out before the question was decided.
    """

    SOUND = "sound"
    UNSOUND = "unsound"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    UNKNOWN = "unknown"


class PlanStatus(StrEnum):
    """What the printed answer is, whatever the search that led to it.

    - NONE: nothing was printed.
    - INVALID: it is no solution of the problem.
    - SUBOPTIMAL, OPTIMAL: a solution that costs more than, or as much as, the cheapest one.
    - VALID: a solution; the optimum was not computed.
    """

    NONE = "none"
    INVALID = "invalid"
    SUBOPTIMAL = "suboptimal"
    OPTIMAL = "optimal"
    VALID = "valid"


@dataclass(frozen=True)
class Violation:
    """One rule broken by one event.

    `event` is the 0-based index of the event, or the number of events when the end marker breaks the rule; `text` is
    the event as a person writes it.
    """

    event: int
    text: str
    span: Span | None
    rule: ir.Rule
    message: str


@dataclass(frozen=True)
class Report:
    """The outcome of one trial.

    Attributes:
        id: the row's name.
        format: the format's name.
        verdict: what the trace is.
        level: the weakest level that is refuted: of the rule for an unsound trace, `declared` for a sound one that is
            not the declared implementation's run, else None.
        rule: `event/label` of the first broken rule, or None.
        event: 0-based index of the first offending event, or None.
        span: characters of the trace's text that the verdict is about, or None.
        message: one sentence that says why; empty for a sound trace.
        plan: what the printed answer is.
        plan_follows_trace: whether the answer is the one that the search found; None when there is no answer.
        events: how many events were read.
        params: every parameter of the problem.
        inferred: those that were inferred from what the text mentions.
        violations: all broken rules, the trace being believed after each; at most 100.
        departure: what `declared` is, or what finds and words it.
        run: for a text that shows less than the run, the events of a run that explains it.
    """

    id: str
    format: str
    verdict: Verdict
    level: str | None
    rule: str | None
    event: int | None
    span: Span | None
    message: str
    plan: PlanStatus
    plan_follows_trace: bool | None
    events: int
    params: Mapping[str, Any]
    inferred: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    departure: Violation | Callable[[], Violation] | None = field(default=None, repr=False, compare=False)
    run: tuple[str, ...] = ()
    source: Source | None = field(default=None, repr=False)

    @cached_property
    def declared(self) -> Violation | None:
        """The first departure from the declared tie-break or child order; worded when it is first asked for."""
        return self.departure() if callable(self.departure) else self.departure

    @property
    def sound(self) -> bool:
        """Whether the trace is a run of the procedure."""
        return self.verdict is Verdict.SOUND

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values; the keys are the contract of `check --output jsonl`."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "format": self.format,
            "verdict": str(self.verdict),
            "level": self.level,
            "rule": self.rule,
            "event": self.event,
            "span": None if self.span is None else [self.span.start, self.span.end],
            "message": self.message,
            "plan": str(self.plan),
            "plan_follows_trace": self.plan_follows_trace,
            "events": self.events,
            "params": {name: plain(value) for name, value in self.params.items()},
            "inferred": list(self.inferred),
        }


def plain(value: Any) -> Any:
    """A run-time value as JSON knows it: fractions as texts, collections as arrays, maps as arrays of pairs."""
    if value.__class__ in (int, bool, str):
        return value
    match value:
        case Fraction():
            return str(value)
        case tuple() | list():
            return [plain(part) for part in value]
        case dict() if all(v is True for v in value.values()):
            return [plain(part) for part in value]
        case dict():
            return [[plain(k), plain(v)] for k, v in value.items()]
    return value
