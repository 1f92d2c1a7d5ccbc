"""Which procedures explain a trace: all that fit its format's text, each with the settings that may matter.

Trying is all that happens here. What trying cannot tell is left to a `Solver`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

from tracecourt.candidates import Candidate, Case, Tried
from tracecourt.documents import Words
from tracecourt.errors import InputError
from tracecourt.formats import Format, alternatives
from tracecourt.ties import Ties
from tracecourt.verdict import Verdict, plain

SCHEMA = "tracecourt/identify/1"
SETTINGS = 32  # settings of one procedure that are tried
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
        }


@dataclass(frozen=True)
class Solved:
    """What a solver adds: it is asked where trying is not enough.

    Attributes:
        weight: the least and the greatest weight that explain the trace.
        heuristic: whether there is `any` heuristic that explains it, an `admissible` one, a `consistent` one: each `sat`,
            `unsat` or `unknown`.
        core: indices of events that no heuristic explains together.
    """

    weight: tuple[Any, Any] | None = None
    heuristic: Mapping[str, str] = field(default_factory=dict)
    core: tuple[int, ...] = ()


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
        weight = self.solved.weight
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
            "weight": None if weight is None else [plain(bound) for bound in weight],
            "heuristic": dict(self.solved.heuristic),
            "core": list(self.solved.core),
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
        judged = sorted((j for j in judged if j.best.report.verdict is not Verdict.MALFORMED), key=lambda j: j.best.rank)
        procedures = tuple(j.hypothesis for j in judged)
        asked = [j for j in judged if j.hypothesis.explains] or judged[:1]
        ties = next((j.ties(case) for j in asked if j.candidate.choices), ())
        made = Identification(id, self.form.name, report.events, procedures, procedures[0].verdict, "", ties)
        return made if solver is None else replace(made, solved=solver(case, made))


@dataclass(frozen=True)
class _Judged:
    """A candidate, all that was tried of it, and what is best."""

    candidate: Candidate
    best: Tried
    tried: tuple[Tried, ...]
    untried: int

    @property
    def hypothesis(self) -> Hypothesis:
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

    def ties(self, case: Case) -> tuple[Ties, ...]:
        return self.candidate.choices.ties(case.document(self.candidate), self.best.settings)


def _judged(case: Case, candidate: Candidate, plainly: Tried) -> _Judged:
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
    return _Judged(candidate, min(tried, key=lambda one: one.rank), tuple(tried), untried)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items()}
