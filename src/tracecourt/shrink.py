"""From a trace that breaks a rule to a minimal problem and trace that break the same rule by the last event."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

from tracecourt.cases import Case, Judge, order, ranges, simplicity
from tracecourt.check import Trial, check, opened
from tracecourt.documents import Words, event_text, joined, read_document
from tracecourt.errors import InputError
from tracecourt.formats import Format
from tracecourt.mutate import Proposer
from tracecourt.parameters import from_row
from tracecourt.reductions import Reductions, chunks
from tracecourt.reruns import Reruns, Spent
from tracecourt.spec import sorts as t
from tracecourt.verdict import Report, Verdict, plain

SCHEMA = "tracecourt/shrink/1"
WORK = 20_000  # events that are tried in all
FIRST = 2_000  # states looked at for a short trace of the problem as it is
STATES = 300  # states looked at for each candidate
LONG = 10  # events of the longest trace that is looked for from scratch
SHORT = 8  # events from which on the problem is what has to become smaller
ROUNDS = 2  # in which the words of a malformed trace and of its prompt become fewer
OTHERS = 4  # other values that are tried for what might not matter


@dataclass(frozen=True)
class Shrunk:
    """A minimal case of a broken rule, or of a text that is malformed.

    Attributes:
        row: the row that `check` reads: id, format, prompt, trace, params, rule, event, events.
        message: what `check` says of it.
        text: the events as a person writes them; the arguments that do not matter are `_`.
        problem: the facts as plain values.
        free: what does not matter: `fact NAME`, and `argument NAME` of the last event.
        before: how large the trace was: its events and the elements of its problem.
        complete: whether all passes were tried; else a budget ran out, and a smaller case may be near.
        source: the report of the trace that was given.
    """

    row: Mapping[str, Any]
    message: str
    text: tuple[str, ...]
    problem: Mapping[str, Any]
    free: tuple[str, ...]
    before: Mapping[str, int]
    complete: bool
    source: Report

    def to_dict(self) -> dict[str, Any]:
        """The row as plain values, with what is known beside it."""
        beside = {"schema": SCHEMA, "message": self.message, "free": list(self.free), "before": dict(self.before)}
        return dict(self.row) | beside | {"complete": self.complete}


def shrink(
    form: Format, prompt: Words, trace: Words, params: Mapping[str, Any] | None = None, id: str = "", *, work: int = WORK
) -> Shrunk:
    """Shrink one row.

    Args:
        form: the format.
        prompt, trace, params, id: the row, as for `check`.
        work: how many events may be tried; the result does not depend on the machine.

    Raises:
        InputError: when there is nothing to shrink, since the row is sound, truncated or unknown.
    """
    report = check(form, prompt, trace, params, id)
    if report.verdict is Verdict.MALFORMED:
        return _malformed(form, prompt, trace, params or {}, id, report)
    if report.verdict is not Verdict.UNSOUND:
        raise InputError(f"nothing to shrink: the trace {f'{id} ' if id else ''}is {report.verdict}")
    first = report.violations[0]
    judge = Judge(form, first.rule)
    trial = opened(form, read_document(form, prompt, trace), params or {})
    case = _cut(judge, trial, first.event, from_row(form.system, params or {}))
    untied = replace(case, params={name: value for name, value in case.params.items() if name not in judge.tied})
    case = untied if judge.said(untied) else case  # what is inferred from a fact is said once
    if not judge.said(case):
        raise InputError(f"the trace {id} cannot be printed up to the event that breaks the rule, and is not shrunk")
    search = Search(judge, case, work)
    search.run()
    return _shrunk(search, report, case)


def _cut(judge: Judge, trial: Trial, event: int, given: dict[str, Any]) -> Case:
    """The case up to the violation, with the sizes that are inferred from what is mentioned made explicit."""
    steps = trial.document.steps[: event + (not judge.at_end)]
    params = given | {a.name: trial.params[a.name] for a in judge.axes if a.name not in judge.tied}
    return Case(trial.document.facts, params, tuple((step.action, tuple(step.arguments)) for step in steps))


class Search:
    """Makes a case smaller as long as some pass does."""

    def __init__(self, judge: Judge, case: Case, work: int = WORK) -> None:
        self.judge, self.case = judge, case
        self.reruns, self.reductions = Reruns(judge, work), Reductions(judge)
        self.complete = False
        self._tried: set[tuple[Any, ...]] = set()

    def run(self) -> None:
        """Shrink the case: a short trace first, then the problem boldly, then all passes until none helps."""
        try:
            self._shorter()
            self._until_fixed(("facts", "sizes", "values"), deep=False)
            self._shorter()
            self._until_fixed(("events", "parameters", "sizes", "facts", "nested", "names"), deep=False)
            self._until_fixed(tuple(self.reductions.passes), deep=False)
            self._until_fixed(("events", *self.reductions.passes), deep=True)
            self.complete = True
        except Spent:
            pass

    def _shorter(self) -> None:
        """A shorter trace: of the problem as it is, then of one whose start or end lies elsewhere."""
        self._keep(self.reruns.shortest(self.case, min(len(self.case.events) - 1, LONG), FIRST))
        if len(self.case.events) <= SHORT // 2:
            return
        for candidate in self.reductions.smaller(self.case, ("values",)):
            longest = min(len(self.case.events) - 1, SHORT)
            if self._keep(self.reruns.shortest(candidate, longest, STATES // 2)) and len(self.case.events) <= SHORT // 2:
                return

    def _until_fixed(self, passes: tuple[str, ...], *, deep: bool) -> None:
        changed = True
        while changed:
            changed = False
            for name in passes:
                while self._once(name, deep=deep):
                    changed = True

    def _once(self, name: str, *, deep: bool) -> bool:
        return any(self.tried(candidate, deep=deep) for candidate in self.reductions.smaller(self.case, (name,)))

    def tried(self, candidate: Case, *, deep: bool) -> bool:
        """Whether a candidate, or a trace of its problem, is smaller and breaks the rule; it is kept then."""
        best = order(self.case)
        key = (order(candidate), len(best) if deep else 0, best[0], deep)
        if key in self._tried:
            return False
        self._tried.add(key)
        self.reruns.step(self.judge.cost(candidate))
        if order(candidate) < best and self.judge.breaks(candidate) and self._keep(candidate):
            return True
        if self._keep(self.reruns.told(candidate)):
            return True
        if not deep:
            return False
        problem = replace(candidate, events=self.case.events)
        longest = min(len(self.case.events) - (order(problem) >= best), LONG)
        return self._keep(self.reruns.shortest(candidate, longest, STATES))

    def _keep(self, found: Case | None) -> bool:
        """Keep a case that breaks the rule, if it is smaller and its text says the same."""
        if found is None or order(found) >= order(self.case) or not self.judge.said(found):
            return False
        self.case = found
        return True


# ---------------------------------------------------------------- what does not matter
def _free(judge: Judge, reductions: Reductions, case: Case) -> Iterator[tuple[str, str]]:
    """The facts and the arguments of the last event that may have any of a few other values."""
    proposer = Proposer(lambda sort: [], Random(0))

    def others_of(sort: t.Sort, value: Any) -> list[Any]:
        near = [] if any(ranges(sort)) else proposer.near(sort, value)
        return sorted(dict.fromkeys((*near, *reductions.pool(case, sort, value))), key=simplicity)[:OTHERS]

    for name, value in case.facts.items():
        if value is not None and not isinstance(value, (dict, list)):
            others = others_of(reductions.sorts[name], value)
            if others and all(judge.breaks(case.having(name, other)) for other in others):
                yield "fact", name
    if judge.at_end or not case.events:
        return
    action, arguments = case.events[-1]
    for place, part in enumerate(judge.form.system.shown[action.event.name]):
        others = others_of(part.sort, arguments[place])
        changed = ((action, (*arguments[:place], other, *arguments[place + 1 :])) for other in others)
        if others and all(judge.breaks(replace(case, events=(*case.events[:-1], last))) for last in changed):
            yield "argument", action.event.parameters[part.index].name


def _shrunk(search: Search, source: Report, before: Case) -> Shrunk:
    judge, case = search.judge, search.case
    row = judge.row(case, source.id)
    assert row is not None  # its tokens were tried
    free = [*_free(judge, search.reductions, case)]
    report = check(judge.form, row["prompt"], row["trace"], row["params"], row["id"], "interpreter")
    texts = []
    blank = {name for kind, name in free if kind == "argument"}
    for index, (action, arguments) in enumerate(case.events):
        names = [action.event.parameters[part.index].name for part in judge.form.system.shown[action.event.name]]
        last = index == len(case.events) - 1 and not judge.at_end
        shown = [_Blank() if last and n in blank else value for n, value in zip(names, arguments, strict=True)]
        texts.append(event_text(action.event.name, names, shown))
    size, was = order(case), order(before)
    row = row | {"event": report.event, "events": report.events, "elements": size[1]}
    return Shrunk(
        row=row,
        message=report.message,
        text=tuple(texts),
        problem={name: value for name, value in case.facts.items() if name not in judge.form.unprinted},
        free=tuple(f"{kind} {name}" for kind, name in free),
        before={"events": was[0], "elements": was[1]},
        complete=search.complete,
        source=source,
    )


class _Blank:
    def __str__(self) -> str:
        return "_"


# ---------------------------------------------------------------- malformed texts
def _kind(report: Report) -> str:
    """What a complaint complains of, whatever the words and numbers of the text are."""
    return report.rule or re.sub(r"'[^']*'|\d+", "_", report.message)


def _malformed(form: Format, prompt: Words, trace: Words, params: Mapping[str, Any], id: str, source: Report) -> Shrunk:
    """The shortest texts with the same complaint, as far as leaving words out leads."""
    wanted, asked, said = _kind(source), joined(prompt), joined(trace)
    before = len(f"{asked} {said}".split())

    def same(asked: str, said: str) -> bool:
        report = check(form, asked, said, params, id, "interpreter")
        return report.verdict is Verdict.MALFORMED and _kind(report) == wanted

    if same(asked, said):
        for _ in range(ROUNDS):
            said = _fewer(said, partial(same, asked))
            asked = _fewer(asked, partial(_swapped, same, said))
        said = said.rstrip() if same(asked, said.rstrip()) else said
    report = check(form, asked, said, params, id, "interpreter")
    given = {name: plain(value) for name, value in params.items()}
    row = {"id": id, "format": form.name, "prompt": asked, "trace": said, "params": given}
    return Shrunk(
        row=row | {"rule": report.rule, "event": None, "events": report.events},
        message=report.message,
        text=(),
        problem={},
        free=(),
        before={"words": before},
        complete=True,
        source=source,
    )


def _swapped(same: Callable[[str, str], bool], said: str, asked: str) -> bool:
    return same(asked, said)


def _fewer(text: str, same: Callable[[str], bool]) -> str:
    """A text from which no word, and no run of words that was tried, can be left out."""
    words = re.findall(r"\S+\s*", text)
    changed = True
    while changed and words:
        changed = False
        for first, behind in chunks(len(words)):
            fewer = words[:first] + words[behind:]
            if same("".join(fewer)):
                words, changed = fewer, True
                break
    return "".join(words)
