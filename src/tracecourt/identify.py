"""Which procedures explain a trace: all that fit its format's text, each with the settings that may matter.

Nothing here knows a procedure. Those of the library are joined with the format's own grammar and domain
(`formats.alternatives`); which parameters may change a verdict is read off the typed form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, islice, product
from math import prod
from typing import Any

from tracecourt.check import DECLARED, Trial, conclude
from tracecourt.documents import Document, Step, Words, read_document
from tracecourt.errors import InputError
from tracecourt.formats import Format, alternatives
from tracecourt.parameters import from_row
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import symbols
from tracecourt.ties import Choices, Ties
from tracecourt.verdict import Report, Verdict, plain

SCHEMA = "tracecourt/identify/1"
SETTINGS = 32  # settings of one procedure that are tried
SMALL = range(1, 6)  # values of a whole number that are tried where its default does not explain the trace
EXPLAINED = (Verdict.SOUND, Verdict.TRUNCATED)
RANK = (Verdict.SOUND, Verdict.TRUNCATED, Verdict.UNKNOWN, Verdict.UNSOUND, Verdict.MALFORMED)  # the better first

Settings = dict[str, Any]


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


@dataclass(frozen=True)
class Tried:
    """One setting and its outcome."""

    settings: Settings
    report: Report
    violations: int

    @property
    def outcome(self) -> tuple[Any, ...]:
        """What tells it from other settings."""
        return self.report.verdict, self.violations, self.report.event, self.report.rule

    @property
    def rank(self) -> tuple[int, int, int]:
        """What comes first is better: by the verdict, the number of violations, and how late the first of them is."""
        return RANK.index(self.report.verdict), self.violations, -(self.report.event or 0)


class Candidate:
    """A procedure joined with a format's grammar and domain, and its parameters."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self.own = form.system.own

    @property
    def name(self) -> str:
        """The procedure's name."""
        return self.form.system.procedure

    @cached_property
    def defaults(self) -> Settings:
        """What its own parameters are where nothing is given."""
        settings = self.form.settings({})
        return {p.symbol.name: settings.get(p.symbol.name) for p in self.own}

    def changed(self, report: Report) -> Settings:
        """Its own parameters that are not the default in a report."""
        known, params = self.defaults, report.params
        return {name: params[name] for name, value in known.items() if name in params and params[name] != value}

    @cached_property
    def choices(self) -> Choices:
        """Its choices among equals."""
        return Choices(self.form)

    @cached_property
    def varied(self) -> tuple[ir.Param, ...]:
        """Its own parameters that may change whether a trace is sound, and that no text decides."""
        relevant = decisive(self.form.system)
        return tuple(p for p in self.own if p.symbol in relevant and p.inferred is None)

    def values(self, param: ir.Param, *, numbers: bool) -> list[Any]:
        """What is tried for a parameter, its default first; with `numbers`, also small ones, and members for `none`."""
        default = self.defaults[param.symbol.name]
        match param.symbol.sort:
            case t.Bool():
                found: Iterable[Any] = (True, False)
            case t.Enum(members=members):
                found = members
            case t.Int() if numbers:
                found = filter(self._fitting(param), SMALL)
            case t.Optional(inner=t.Enum(members=members)) if numbers:
                found = members
            case t.Optional(inner=t.Bool()) if numbers:
                found = (True, False)
            case t.Optional(inner=t.Int()) if numbers:
                found = filter(self._fitting(param), SMALL)
            case _:
                found = ()
        return [default, *(value for value in found if value != default)]

    def _fitting(self, param: ir.Param) -> Callable[[int], bool]:
        def fits(value: int) -> bool:
            try:
                return bool(from_row(self.form.system, {param.symbol.name: value}))
            except InputError:
                return False

        return fits

    def changes(self, given: Mapping[str, Any], *, numbers: bool) -> tuple[Iterator[Settings], int]:
        """Settings that differ from the defaults where nothing is given, few changes first; and how many there are."""
        values = {p.symbol.name: self.values(p, numbers=numbers) for p in self.varied if p.symbol.name not in given}
        total = prod(map(len, values.values())) - 1
        names = [name for name, found in values.items() if len(found) > 1]

        def found() -> Iterator[Settings]:
            for number in range(1, len(names) + 1):
                for chosen in combinations(names, number):
                    for changed in product(*(values[name][1:] for name in chosen)):
                        yield dict(zip(chosen, changed, strict=True))

        return found(), total


def decisive(system: ir.System) -> frozenset[ir.Symbol]:
    """The symbols on which depends whether a trace is sound: those of rules of sound levels, and what these depend on."""
    feeding: dict[ir.Symbol, set[ir.Symbol]] = {}

    def feed(target: ir.Symbol, *expressions: ir.Expr | None) -> None:
        feeding.setdefault(target, set()).update(s for e in expressions if e is not None for s in symbols(e))

    def updated(updates: Iterable[ir.Update], *conditions: ir.Expr) -> None:
        for update in updates:
            if update.kind == "when":
                updated(update.block, update.value, *conditions)
            elif update.target is not None:
                feed(update.target, update.key, update.value, *conditions)

    for variable in system.state:
        feed(variable.symbol, variable.initial, variable.key)
    for param in system.params:
        feed(param.symbol, param.default, param.inferred)
    updated(system.initially)
    for event in system.events.values():
        updated(event.updates)
    views = (part.view for shown in system.shown.values() for part in shown if part.view is not None)
    asked = (rule.condition for rule in (*system.rules, *system.demands) if rule.level != DECLARED)
    todo = [symbol for e in (*asked, *views) for symbol in symbols(e)]
    found: set[ir.Symbol] = set()
    while todo:
        if (symbol := todo.pop()) not in found:
            found.add(symbol)
            todo.extend(feeding.get(symbol, ()))
    return frozenset(found)


class _Counting(Trial):
    """A trial that counts the events that break a rule of a sound level; a report lists the first hundred rules only."""

    count = 0

    def event(self, index: int, step: Step) -> list[ir.Rule]:
        """Try one event."""
        broken = super().event(index, step)
        self.count += not self.doubtful and any(rule.level != DECLARED for rule in broken)
        return broken


class Case:
    """One trace before the candidates: each reads it once, and tries it under as many settings as are asked for.

    This is what a solver is given, beside what was found without it.
    """

    def __init__(self, candidates: tuple[Candidate, ...], prompt: Words | None, trace: Words | None, given: Mapping[str, Any]):
        self.candidates = candidates
        self.prompt, self.trace, self.given = prompt, trace, given
        self._documents: dict[str, Document] = {}

    def document(self, candidate: Candidate) -> Document:
        """What the text says to a candidate."""
        if candidate.name not in self._documents:
            self._documents[candidate.name] = read_document(candidate.form, self.prompt, self.trace)
        return self._documents[candidate.name]

    def params(self, candidate: Candidate) -> Settings:
        """What is given, without what a candidate's own parameters cannot be."""
        own = {p.symbol.name for p in candidate.own}
        found = {}
        for name, value in self.given.items():
            try:
                from_row(candidate.form.system, {name: value})
            except InputError:
                if name not in own or candidate is self.candidates[0]:
                    raise
                continue
            found[name] = value
        return found

    def trial(self, candidate: Candidate, settings: Settings, id: str = "") -> Tried:
        """The trace tried under one setting of a candidate.

        Raises:
            InputError: when a parameter has no value, or one that it cannot have.
        """
        document, params = self.document(candidate), self.params(candidate) | settings
        counting = _Counting(candidate.form, document, candidate.form.compiled)
        if not document.missing:
            counting.open(from_row(candidate.form.system, params))
        report = conclude(counting, id)
        at_end = report.violations and report.violations[-1].event == len(document.steps)
        hidden = candidate.form.system.partial and report.verdict is Verdict.UNSOUND
        return Tried(params, report, 1 if hidden else counting.count + bool(at_end))


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
