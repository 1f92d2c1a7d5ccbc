"""What may explain a trace: the procedures that fit a format's text, and those of their parameters that matter.

Nothing here knows a procedure. Those of the library are joined with the format's own grammar and domain
(`formats.alternatives`); which parameters may change a verdict is read off the typed form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import prod
from typing import Any

from tracecourt.check import DECLARED, Trial, conclude
from tracecourt.documents import Document, Step, Words, read_document
from tracecourt.engines.compiled import Compiled
from tracecourt.errors import InputError
from tracecourt.formats import Format
from tracecourt.parameters import from_row
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import symbols
from tracecourt.ties import Choices
from tracecourt.verdict import Report, Verdict

HIDDEN = 1_000  # states that are looked at for a run behind a text, where it is not the format's own that is tried
LONG = 500  # events, of all traces together, that are worth the time that a compiled engine takes to be made
SMALL = range(1, 6)  # values of a whole number that are tried where its default does not explain the trace
RANK = (Verdict.SOUND, Verdict.TRUNCATED, Verdict.UNKNOWN, Verdict.UNSOUND, Verdict.MALFORMED)  # the better first

Settings = dict[str, Any]


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
        self._events = 0  # that were tried

    @property
    def name(self) -> str:
        """The procedure's name."""
        return self.form.system.procedure

    @cached_property
    def defaults(self) -> Settings:
        """What its own parameters are where nothing is given."""
        settings = self.form.settings({})
        return {p.symbol.name: settings.get(p.symbol.name) for p in self.own}

    def engine(self, events: int) -> Compiled | None:
        """What tries so many events; the interpreter, where it is sooner done than the compiled engine is made."""
        self._events += events
        return self.form.compiled if self._events >= LONG else None

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

    def _optimum(self) -> Any:
        """No one asks what the answer is worth; looking for a better one takes long."""
        return None


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

        Where the text hides a part of the run, `check` looks long for what is hidden. Here it does so for the format's own
        procedure under what is given; others are soon left undecided.

        Raises:
            InputError: when a parameter has no value, or one that it cannot have.
        """
        document, params = self.document(candidate), self.params(candidate) | settings
        counting = _Counting(candidate.form, document, candidate.engine(len(document.steps)))
        if candidate is not self.candidates[0] or settings:
            counting.budget = HIDDEN
        if not document.missing:
            counting.open(from_row(candidate.form.system, params))
        report = conclude(counting, id)
        at_end = report.violations and report.violations[-1].event == len(document.steps)
        hidden = candidate.form.system.partial and report.verdict is Verdict.UNSOUND
        return Tried(params, report, 1 if hidden else counting.count + bool(at_end))
