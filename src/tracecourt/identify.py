"""Which procedures explain a trace: all that fit its format's text, each with the settings that may matter.

Trying is all that happens here. What trying cannot tell is left to a `Solver`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

from tracecourt.candidates import RANK, Candidate, Case, Tried
from tracecourt.documents import Words
from tracecourt.engines.intervals import Interval
from tracecourt.errors import InputError
from tracecourt.formats import Format, alternatives
from tracecourt.ties import Ties
from tracecourt.verdict import Verdict, plain

SCHEMA = "tracecourt/identify/1"
SETTINGS = 32  # settings of one procedure that are tried
ANY = "any"  # heuristic, of which nothing is asked
EXPLAINED = (Verdict.SOUND, Verdict.TRUNCATED)


@dataclass(frozen=True)
class Hypothesis:
    """A procedure with the settings under which it explains a trace best, and what `check` says under them.

    Attributes:
        name: the procedure.
        params: all its own parameters.
        changed: those that are not the default.
        verdict, rule, event, message: what `check` says.
        violations: events that break a rule of a sound level, the trace being believed after each; where the text hides a
            part of the run, none or one.
        agree: other settings, as `changed` tells them, with the same outcome.
        tried: how many settings were tried.
        untried: how many were left out, there being too many.
        intervals: by the name of a parameter that may be any number, the numbers with which the procedure explains the trace,
            its other parameters being these; where a solver was asked, and there are any.
    """

    name: str
    params: Mapping[str, Any]
    changed: Mapping[str, Any]
    verdict: Verdict
    violations: int
    rule: str | None
    event: int | None
    message: str
    agree: tuple[Mapping[str, Any], ...] = ()
    tried: int = 1
    untried: int = 0
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int, int]:
        """What comes first is better, as for `Tried`."""
        return RANK.index(self.verdict), self.violations, -(self.event or 0)

    @property
    def explains(self) -> bool:
        """Whether the trace is a run of the procedure, or the beginning of one."""
        return self.verdict in EXPLAINED

    def to_dict(self) -> dict[str, Any]:
        """The hypothesis as plain values."""
        return {
            "name": self.name,
            "params": _plain(self.params),
            "changed": _plain(self.changed),
            "verdict": str(self.verdict),
            "violations": self.violations,
            "rule": self.rule,
            "event": self.event,
            "message": self.message,
            "agree": [_plain(one) for one in self.agree],
            "tried": self.tried,
            "untried": self.untried,
            "intervals": {name: interval.to_dict() for name, interval in self.intervals.items()},
        }


@dataclass(frozen=True)
class Solved:
    """What a solver adds: it is asked where trying is not enough.

    Attributes:
        weight: the least and the greatest weight that explain the trace; no greatest one where all greater ones do.
        heuristic: whether there is `any` heuristic that explains the order of its events, an `admissible` one, a `consistent`
            one, or what else the domain may assume of it: each `sat`, `unsat` or `unknown`.
        core: indices of events that no heuristic explains together, or none of the first kind that is `unsat`.
        weight_of: the name of that parameter, which may be any number that the procedure takes.
        weight_open: whether these least and greatest weights themselves do not explain it.
        weight_gaps: whether other weights do, apart from those between the two.
        heuristic_of: the procedure that was asked about.
        core_of: the kind of heuristic that does not explain the core.
        core_texts: what the text says where the events of the core stand.
        minimal: whether there are heuristics for the core without any one of its events.
        values: values of a heuristic that explains the order, of the last kind that there is.
        values_of: that kind.
        reasons: why something is unknown.
        hypotheses: what takes the place of hypotheses, by their procedures.
    """

    weight: tuple[Any, Any] | None = None
    heuristic: Mapping[str, str] = field(default_factory=dict)
    core: tuple[int, ...] = ()
    weight_of: str | None = None
    weight_open: tuple[bool, bool] = (False, False)
    weight_gaps: bool = False
    heuristic_of: str | None = None
    core_of: str | None = None
    core_texts: tuple[str, ...] = ()
    minimal: bool = True
    values: Mapping[Any, Any] = field(default_factory=dict)
    values_of: str | None = None
    reasons: tuple[str, ...] = ()
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """What was found, as plain values."""
        return {
            "weight": None if self.weight is None else [plain(bound) for bound in self.weight],
            "weight_of": self.weight_of,
            "weight_open": list(self.weight_open),
            "weight_gaps": self.weight_gaps,
            "heuristic": dict(self.heuristic),
            "heuristic_of": self.heuristic_of,
            "values": [[plain(argument), plain(value)] for argument, value in self.values.items()],
            "values_of": self.values_of,
            "core": list(self.core),
            "core_of": self.core_of,
            "core_texts": list(self.core_texts),
            "minimal": self.minimal,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True)
class Identification:
    """Which procedures explain a trace.

    Attributes:
        id: the row's name.
        format: the format's name.
        events: how many events were read.
        procedures: one hypothesis for each procedure that fits the format: those that explain the trace first, then by the
            number of violations; none for a malformed text.
        verdict: that of the first hypothesis; or `malformed`.
        message: what is malformed.
        ties: what is taken among equals, under the first hypothesis whose procedure chooses by a key.
        solved: what a solver adds.
    """

    id: str
    format: str
    events: int
    procedures: tuple[Hypothesis, ...]
    verdict: Verdict
    message: str = ""
    ties: tuple[Ties, ...] = ()
    solved: Solved = field(default_factory=Solved)

    @property
    def explained(self) -> tuple[Hypothesis, ...]:
        """The hypotheses that explain the trace."""
        return tuple(h for h in self.procedures if h.explains)

    @property
    def undecided(self) -> tuple[Hypothesis, ...]:
        """The hypotheses of which it is not known, since a budget ran out."""
        return tuple(h for h in self.procedures if h.verdict is Verdict.UNKNOWN)

    @property
    def refuted(self) -> tuple[Hypothesis, ...]:
        """The hypotheses that the trace refutes."""
        return tuple(h for h in self.procedures if h.verdict is Verdict.UNSOUND)

    @property
    def decision(self) -> Verdict:
        """`sound` where a procedure explains the trace, `malformed`, `unknown` where one may, and else `unsound`."""
        if self.explained:
            return Verdict.SOUND
        return Verdict.UNKNOWN if self.undecided else self.verdict

    @property
    def nearest(self) -> Hypothesis | None:
        """Where none explains the trace, the refuted one that comes closest."""
        return None if self.explained else next(iter(self.refuted), None)

    def to_dict(self) -> dict[str, Any]:
        """The identification as plain values; the keys are the contract of `identify --output json`."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "format": self.format,
            "events": self.events,
            "verdict": str(self.verdict),
            "message": self.message,
            "procedures": [h.to_dict() for h in self.procedures],
            "nearest": None if self.nearest is None else self.nearest.to_dict(),
            "ties": [one.to_dict() for one in self.ties],
            **self.solved.to_dict(),
        }


Solver = Callable[[Case, Identification], Solved]


class Identifier:
    """A format's candidates; it can be kept, and holds no state of any trace."""

    def __init__(self, form: Format) -> None:
        self.form = form

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """The procedures that fit, the format's own first."""
        return tuple(map(Candidate, alternatives(self.form)))

    def identify(
        self,
        prompt: Words | None,
        trace: Words | None,
        params: Mapping[str, Any] | None = None,
        id: str = "",
        solver: Solver | None = None,
    ) -> Identification:
        """Which procedures explain a trace; the arguments are those of `check`, and what adds what trying cannot tell.

        Raises:
            InputError: when a parameter has a value that it cannot have, or has none. Never for what `trace` holds.
        """
        case = Case(self.candidates, prompt, trace, params or {})
        first, *others = case.candidates
        plainly = case.trial(first, {}, id)
        report = plainly.report
        if report.verdict is Verdict.MALFORMED:
            return Identification(id, self.form.name, report.events, (), report.verdict, report.message)
        judged = [_judged(case, first, plainly)]
        for candidate in others:
            with suppress(InputError):  # one of its parameters has no value
                judged.append(_judged(case, candidate, case.trial(candidate, {}, id)))
        judged = [j for j in judged if j.best.report.verdict is not Verdict.MALFORMED]
        bare = Identification(id, self.form.name, report.events, (), report.verdict)
        made = _identification(case, bare, [j.hypothesis for j in judged])
        if solver is None:
            return made
        solved = solver(case, made)
        told = [solved.hypotheses.get(h.name, h) for h in made.procedures]
        return replace(_identification(case, made, told) if solved.hypotheses else made, solved=solved)


def arranged(case: Case, hypotheses: Iterable[Hypothesis]) -> tuple[Hypothesis, ...]:
    """Hypotheses, the better first, among equals as their procedures stand among the candidates."""
    places = {candidate.name: place for place, candidate in enumerate(case.candidates)}
    return tuple(sorted(hypotheses, key=lambda h: (h.rank, places[h.name])))


def _identification(case: Case, made: Identification, hypotheses: Iterable[Hypothesis]) -> Identification:
    """An identification with these hypotheses, and the choices of the first that explains the trace and chooses by a key."""
    procedures = arranged(case, hypotheses)
    candidates = {candidate.name: candidate for candidate in case.candidates}
    asked = [h for h in procedures if h.explains] or procedures[:1]
    ties: tuple[Ties, ...] = ()
    for candidate, changed in ((candidates[h.name], h.changed) for h in asked):
        if candidate.choices:
            ties = candidate.choices.ties(case.document(candidate), case.params(candidate) | dict(changed))
            break
    return replace(made, procedures=procedures, verdict=procedures[0].verdict, ties=ties)


@dataclass(frozen=True)
class Judged:
    """A candidate, what of it is best, all that was tried, and how much was not."""

    candidate: Candidate
    best: Tried
    tried: tuple[Tried, ...]
    untried: int

    @property
    def hypothesis(self) -> Hypothesis:
        """What is best, and what is as good."""
        report = self.best.report
        alike = (one for one in self.tried if one is not self.best and one.outcome == self.best.outcome)
        return Hypothesis(
            name=self.candidate.name,
            params={name: report.params.get(name) for name in self.candidate.defaults},
            changed=self.candidate.changed(report),
            verdict=report.verdict,
            violations=self.best.violations,
            rule=report.rule,
            event=report.event,
            message=report.message,
            agree=tuple(self.candidate.changed(one.report) for one in alike),
            tried=len(self.tried),
            untried=self.untried,
        )


def _judged(case: Case, candidate: Candidate, plainly: Tried) -> Judged:
    """A candidate under the settings that explain the trace best; its defaults, where no others are better.

    Small numbers are tried where the defaults and the choices of others do not explain it. A text that hides a part of the run
    takes long to be tried; once there is a run behind it, no others are looked for.
    """
    tried, untried = [plainly], 0
    for numbers in (False, True):
        enough = numbers or candidate.form.system.partial
        if case.document(candidate).missing or (enough and any(one.report.verdict in EXPLAINED for one in tried)):
            break
        changes, total = candidate.changes(case.given, numbers=numbers)
        known = [one.settings for one in tried]
        settings = (plainly.settings | change for change in changes)
        new = islice((one for one in settings if one not in known), SETTINGS - len(tried))
        tried += [case.trial(candidate, one, plainly.report.id) for one in new]
        untried = total + 1 - len(tried)
    return Judged(candidate, min(tried, key=lambda one: one.rank), tuple(tried), untried)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items()}
