"""The least repair: the fewest events to insert, delete or replace so that a trace is sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracecourt.causes import Causes, Parts, causes, parts, refused, repairs, told
from tracecourt.check import check, conclude, opened
from tracecourt.documents import Document, Words, joined, read_document, whole_event
from tracecourt.engines.primitives import Registers, TooLarge
from tracecourt.engines.repairs import Event, Leaf, Repairs
from tracecourt.errors import InputError
from tracecourt.explain import plain_params
from tracecourt.formats import Format
from tracecourt.generate import Generator, Problem
from tracecourt.grammar.printing import Unprintable
from tracecourt.spec.declarations import END
from tracecourt.verdict import Report, Verdict

SCHEMA = "tracecourt/repair/1"
MOST = 5  # edits that are tried
BUDGET = 60_000  # runs after an edit that are looked at


@dataclass(frozen=True)
class Change:
    """One edit: `event` is the index of the event that is deleted or replaced, or before which one is inserted."""

    op: str
    event: int
    was: str | None
    now: str | None


@dataclass(frozen=True)
class Repair:
    """What makes a trace sound.

    Attributes:
        report: what the trace is before it is repaired.
        distance: the fewest edits; None where they are not known, or the trace cannot be read.
        at_least: a number of edits that is not enough, and one more.
        edits: what is to be done, in the order of the trace.
        follows: events that are kept, with values that follow from the edits before them.
        answer: the edits of the printed answer; they count only if `answer_counts`.
        prompt, trace: the repaired row; None where there is none.
        verdict: what the repaired trace is.
        causes: the violations that did not come of others.
        reason: why the distance is not known.
    """

    report: Report
    distance: int | None = None
    at_least: int = 0
    edits: tuple[Change, ...] = ()
    follows: tuple[Change, ...] = ()
    answer: tuple[Change, ...] = ()
    answer_counts: bool = False
    prompt: str | None = None
    trace: str | None = None
    verdict: Verdict | None = None
    causes: Causes | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The repair as plain values; the keys are the contract of `repair --output json`."""
        report = self.report
        return {
            "schema": SCHEMA,
            "id": report.id,
            "format": report.format,
            "distance": self.distance,
            "exact": self.distance is not None,
            "at_least": self.at_least,
            "reason": self.reason or None,
            "edits": [_plain(c) for c in self.edits],
            "follows": [_plain(c) for c in self.follows],
            "plan_edits": [_plain(c) for c in self.answer],
            "plan_counts": self.answer_counts,
            "prompt": self.prompt,
            "trace": self.trace,
            "verdict": None if self.verdict is None else str(self.verdict),
            "before": str(report.verdict),
            "events": report.events,
            "params": dict(plain_params(report)),
            "causes": None if self.causes is None else list(self.causes.events),
            "consequences": None if self.causes is None else list(self.causes.consequences),
            "unsoundness": _share(self),
        }


def _plain(change: Change) -> dict[str, Any]:
    return {"op": change.op, "event": change.event, "was": change.was, "now": change.now}


def _share(found: Repair) -> float | None:
    """Edits for each event."""
    if found.distance is not None:
        return round(found.distance / max(found.report.events, 1), 4)
    return None if found.causes is None else found.causes.unsoundness


def repair(
    form: Format,
    prompt: Words | None,
    trace: Words | None,
    params: Mapping[str, Any] | None = None,
    id: str = "",
    *,
    most: int = MOST,
    plan: bool = False,
    budget: int = BUDGET,
) -> Repair:
    """Find the fewest edits that make a trace sound.

    Args:
        form: the format.
        prompt: the problem's text or tokens; empty when `trace` holds the whole document.
        trace: the text or tokens of the trace.
        params: parameters of the problem by name.
        id: the row's name.
        most: how many edits are tried.
        plan: whether the printed answer is repaired, too, where it is not what the search found.
        budget: how many runs after an edit are looked at.

    Raises:
        InputError: for a format that hides a part of the run.
    """
    if form.system.partial:
        raise InputError(f"{form.name} hides a part of the run, and only events that are printed can be edited")
    document = read_document(form, prompt, trace)
    trial = opened(form, document, params or {}, form.engine("auto"))
    report = conclude(trial, id)
    whole = joined(trace)
    if report.verdict is Verdict.MALFORMED:
        return Repair(report, reason="a trace that cannot be read has no events to edit")
    if report.verdict is Verdict.UNKNOWN:
        return Repair(report, reason=report.message)
    if report.verdict is not Verdict.UNSOUND and not (plan and report.plan_follows_trace is False):
        return Repair(report, 0, prompt=document.prompt, trace=whole, verdict=report.verdict)
    start = opened(form, document, dict(plain_params(report))).r
    task = _Task(form, document, report, start, plan=plan)
    try:
        return task.repaired(most, budget)
    except (TooLarge, RecursionError):
        return Repair(report, at_least=1, causes=task.causes(), reason="a budget ran out: too many values to go through")


@dataclass
class _Task:
    """One trace to be repaired."""

    form: Format
    document: Document
    report: Report
    start: Registers
    plan: bool

    def causes(self) -> Causes | None:
        """The causes where no least repair is known."""
        return causes(self.form, self.document, self.start, self.report.violations)

    def repaired(self, most: int, budget: int) -> Repair:
        """The repair, or what is known of it."""
        divided = parts(self.form, self.document)
        search = repairs(self.form, divided, self.start, budget)
        leaf, number = search.fewest(most)
        if leaf is None:
            spent = search.leaves > budget
            reason = f"a budget ran out: {budget} edited traces" if spent else f"up to {most} edits do not suffice"
            return Repair(self.report, at_least=max(number, int(not self.report.sound)), causes=self.causes(), reason=reason)
        return self._made(divided, search, leaf)

    def _made(self, divided: Parts, search: Repairs, leaf: Leaf) -> Repair:
        events = [event for _, event in search.run(leaf)]
        edits, follows = _changes(divided, search, leaf)
        printed = [(step.action, step.arguments) for step in divided.answer]
        r = search.state(leaf, leaf.halt)
        found = self._found(r, printed) if divided.finish else printed
        counts = self.plan or refused(self.form, r, divided.answer) is not None
        answer = tuple(_aligned(printed, found, divided.places[-1]))
        events += found if counts or edits else printed
        distance = len(edits) + (len(answer) if counts else 0)
        params = dict(plain_params(self.report))
        violations = self.report.violations
        known = told(self.form, self.document, divided, search, leaf, violations) if violations else None
        generator = Generator(self.form, {})
        try:
            trace = generator.trace(events, ended=self.document.ended)
        except Unprintable as error:
            return Repair(self.report, at_least=distance, causes=known, reason=f"the repaired trace cannot be printed: {error}")
        prompt = self.document.prompt or generator.prompt(Problem(self.document.facts, params))
        verdict = check(self.form, prompt, trace, params, self.report.id).verdict
        if verdict not in (Verdict.SOUND, Verdict.TRUNCATED):
            raise AssertionError(f"{self.report.id}: the repaired trace is {verdict}: {trace}")
        return Repair(
            self.report, distance, distance, edits, follows, answer, counts and bool(answer), prompt, trace, verdict, known
        )

    def _found(self, r: Registers, printed: Sequence[Event]) -> list[Event]:
        """What the search found, as far as the text goes; the printed answer where that is not known."""
        if self.form.interpreter.judged("follows", r) is None:
            return list(printed)
        found = list(Generator(self.form, {}).answer(r))
        cut = END in self.form.grammar.items and not self.document.ended
        return found[: len(printed)] if cut else found


def _changes(divided: Parts, search: Repairs, leaf: Leaf) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """The edits, and the kept events with other values."""
    edits = []
    for edit in leaf.edits:
        was = None if edit.op == "insert" else whole_event(*search.events[edit.at])
        edits.append(Change(edit.op, divided.places[edit.at], was, None if edit.now is None else whole_event(*edit.now)))
    edited = {edit.at for edit in leaf.edits if edit.op != "insert"}
    follows = [
        Change("keep", divided.places[place], whole_event(*search.events[place]), whole_event(*event))
        for place, event in search.run(leaf)
        if place is not None and place not in edited and event != search.events[place]
    ]
    return tuple(edits), tuple(follows)


def _aligned(was: Sequence[Event], now: Sequence[Event], first: int) -> Iterator[Change]:
    """The fewest edits that make one list of events another."""
    least = [[max(i, j) if not (i and j) else 0 for j in range(len(now) + 1)] for i in range(len(was) + 1)]
    for i, one in enumerate(was, 1):
        for j, other in enumerate(now, 1):
            least[i][j] = min(least[i - 1][j - 1] + (one != other), least[i - 1][j] + 1, least[i][j - 1] + 1)
    found: list[Change] = []
    i, j = len(was), len(now)
    while i or j:
        if i and j and least[i][j] == least[i - 1][j - 1] + (was[i - 1] != now[j - 1]):
            i, j = i - 1, j - 1
            if was[i] != now[j]:
                found.append(Change("replace", first + i, whole_event(*was[i]), whole_event(*now[j])))
        elif i and least[i][j] == least[i - 1][j] + 1:
            i -= 1
            found.append(Change("delete", first + i, whole_event(*was[i]), None))
        else:
            j -= 1
            found.append(Change("insert", first + i, None, whole_event(*now[j])))
    yield from reversed(found)
