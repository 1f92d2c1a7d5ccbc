"""What a solver adds to an identification: numbers that explain a trace, and whether there is any heuristic that does.

Both are read off the typed form: a number is a parameter of the procedure whose sort is rational; the heuristic is the function
of the problem by which a queue is ordered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from tracecourt.candidates import Candidate, Case, Settings
from tracecourt.check import opened
from tracecourt.documents import written
from tracecourt.engines.intervals import Interval
from tracecourt.engines.primitives import Registers, TooLarge
from tracecourt.engines.symbolic.estimates import Estimates, estimates, rating
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.engines.symbolic.weights import interval
from tracecourt.identify import SETTINGS, Hypothesis, Identification, Judged, Solved, arranged
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

TIMEOUT = 60.0  # seconds for one trace
BUDGET = "a budget ran out"


@dataclass(frozen=True)
class Solving:
    """A solver for `Identifier.identify`: Z3, within limits for each trace.

    Attributes:
        timeout: seconds.
        rlimit: Z3's own count of steps for each question, which gives the same answers on every machine.
    """

    timeout: float | None = TIMEOUT
    rlimit: int | None = None

    def __call__(self, case: Case, found: Identification) -> Solved:
        """What can be added to what was found by trying."""
        return _Solving(case, Limits(self.timeout, self.rlimit)).solved(found)


class _Solving:
    """One trace."""

    def __init__(self, case: Case, limits: Limits) -> None:
        self.case, self.limits = case, limits
        self.candidates = {candidate.name: candidate for candidate in case.candidates}
        self.reasons: list[str] = []

    def solved(self, found: Identification) -> Solved:
        told = {h.name: self._told(self.candidates[h.name], h) for h in found.procedures if self._legible(h)}
        hypotheses = arranged(self.case, (told.get(h.name, h) for h in found.procedures))
        name, best = next((one for h in hypotheses if h.explains for one in h.intervals.items()), (None, None))
        asked = self._asked(hypotheses)
        answer = None if asked is None else self._estimates(asked)
        return Solved(
            weight=None if best is None else (best.low, best.high),
            weight_of=name,
            weight_open=(False, False) if best is None else (best.open_low, best.open_high),
            weight_gaps=best is not None and best.gaps,
            hypotheses={h.name: told[h.name] for h in found.procedures if told.get(h.name, h) is not h},
            **({} if asked is None or answer is None else self._told_of(asked, answer)),
            reasons=tuple(dict.fromkeys(self.reasons)),
        )

    def _legible(self, hypothesis: Hypothesis) -> bool:
        """Whether the text tells the whole run."""
        candidate = self.candidates[hypothesis.name]
        document = self.case.document(candidate)
        return not (candidate.form.system.partial or document.missing or document.fault)

    def _start(self, candidate: Candidate, settings: Mapping[str, Any]) -> Registers:
        params = self.case.params(candidate) | dict(settings)
        return opened(candidate.form, self.case.document(candidate), params).r

    # ------------------------------------------------------------ numbers
    def _told(self, candidate: Candidate, hypothesis: Hypothesis) -> Hypothesis:
        """A hypothesis with the numbers that a parameter may be; one that explains the trace, if there is one."""
        for param in candidate.varied:
            if isinstance(param.symbol.sort, t.Rational):
                for settings in self._settings(candidate, hypothesis, param.symbol.name):
                    numbers = self._interval(candidate, settings, param.symbol)
                    if numbers is not None and (told := self._with(candidate, hypothesis, settings, param, numbers)):
                        return told
        return hypothesis

    def _settings(self, candidate: Candidate, hypothesis: Hypothesis, name: str) -> Iterator[Settings]:
        """The settings of the other parameters: those of the hypothesis, and where it is refuted, all that are tried."""
        seen = []
        changes = iter(()) if hypothesis.explains else candidate.changes(self.case.given, numbers=False)[0]
        for changed in (hypothesis.changed, *([] if hypothesis.explains else [{}]), *islice(changes, SETTINGS)):
            others = {other: value for other, value in changed.items() if other != name and other not in self.case.given}
            if others not in seen:
                seen.append(others)
                yield others

    def _interval(self, candidate: Candidate, settings: Settings, param: ir.Symbol) -> Interval | None:
        document = self.case.document(candidate)
        try:
            found = interval(
                candidate.form.interpreter,
                self._start(candidate, settings),
                document.events,
                param,
                self.limits,
                ended=document.ended,
                around=self._usual(candidate, param.name),
            )
        except (TooLarge, RecursionError):
            found = BUDGET
        if isinstance(found, str):
            self.reasons.append(f"{candidate.name}, {param.name}: {found}")
            return None
        return found

    def _usual(self, candidate: Candidate, name: str) -> Any:
        """What a parameter is where it is given, or its default."""
        return self.case.params(candidate).get(name, candidate.defaults[name])

    def _with(
        self, candidate: Candidate, hypothesis: Hypothesis, settings: Settings, param: ir.Param, numbers: Interval
    ) -> Hypothesis | None:
        name = param.symbol.name
        if hypothesis.explains or name in self.case.given:
            fits = not hypothesis.explains or hypothesis.params[name] in numbers
            return replace(hypothesis, intervals={name: numbers}) if fits else None
        wanted = {name: numbers.simplest(self._usual(candidate, name))}
        others = [s | wanted for s in self._settings(candidate, hypothesis, name) if s != settings]
        first, *rest = (self.case.trial(candidate, one) for one in (settings | wanted, *others))
        told = Judged(candidate, first, (first, *rest), hypothesis.untried).hypothesis
        return replace(told, intervals={name: numbers}, tried=hypothesis.tried + 1 + len(rest)) if told.explains else None

    # ------------------------------------------------------------ heuristics
    def _asked(self, hypotheses: tuple[Hypothesis, ...]) -> Hypothesis | None:
        """The hypothesis whose procedure goes by a heuristic: the format's own, or else the best that does."""
        fit = [h for h in hypotheses if self._legible(h) and rating(self.candidates[h.name].form.system) is not None]
        own = self.case.candidates[0].name
        return next((h for h in fit if h.name == own), next(iter(fit), None))

    def _estimates(self, hypothesis: Hypothesis) -> Estimates | None:
        candidate = self.candidates[hypothesis.name]
        events = list(self.case.document(candidate).events)
        try:
            return estimates(
                candidate.form.interpreter, lambda: self._start(candidate, hypothesis.changed), events, self.limits
            )
        except (TooLarge, RecursionError):
            self.reasons.append(f"{candidate.name}: {BUDGET}")
            return None

    def _told_of(self, hypothesis: Hypothesis, answer: Estimates) -> dict[str, Any]:
        document = self.case.document(self.candidates[hypothesis.name])
        self.reasons += (f"{hypothesis.name}, {answer.function}: {reason}" for reason in answer.reasons)
        steps = [document.steps[index] for index in answer.core]
        return {
            "heuristic": answer.answers,
            "heuristic_of": hypothesis.name,
            "core": answer.core,
            "core_of": answer.core_of,
            "core_texts": tuple(document.trace.text[s.span.start : s.span.end] or written(s) for s in steps),
            "minimal": answer.minimal,
            "values": answer.values,
            "values_of": answer.values_of,
        }
