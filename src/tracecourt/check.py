"""The trial: a document's events run by the reference engine, one verdict at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from tracecourt.documents import Document, Step, Words, read_document, whole_event, written
from tracecourt.engines.hidden import BUDGET, Objection, Refutation, Run
from tracecourt.engines.interpreter import UNDEFINED, Undetermined
from tracecourt.engines.primitives import Registers, TooLarge, Undefined
from tracecourt.errors import InputError
from tracecourt.formats import Format
from tracecourt.parameters import from_row
from tracecourt.spec import ir
from tracecourt.spec.declarations import END
from tracecourt.text import Span
from tracecourt.verdict import PlanStatus, Report, Verdict, Violation

if TYPE_CHECKING:
    from tracecourt.engines.compiled import Compiled

PREFERENCE = 2_000  # states looked at for a run that also explains the answer
KEPT = 100  # violations that a report lists
DECLARED = ir.LEVELS[-1]
STRICT = bool(os.environ.get("TRACECOURT_DEBUG"))  # whether engines that differ are a fault; else the interpreter is believed


@dataclass
class Trial:
    """A document, the state that its events lead to, and the rules that they broke on the way."""

    form: Format
    document: Document
    compiled: Compiled | None = None  # the engine that tries the events up to one that breaks a rule; else the interpreter
    r: Registers = field(default_factory=list)
    params: Mapping[str, Any] = field(default_factory=dict)
    inferred: tuple[str, ...] = ()
    violations: list[Violation] = field(default_factory=list)
    declared: Violation | None = None
    departure: tuple[int, ir.Rule] | None = None  # the same, not worded: its event and its rule
    follows_unknown: bool = False  # another run behind the text might explain the answer
    reconstructed: tuple[str, ...] = ()
    objections: tuple[Objection, ...] = ()  # what states that explain the text before the violation have against its event
    budget: int = BUDGET  # states looked at for a run behind a text that hides a part of it
    doubtful: bool = False  # the last number may have been cut, and some continuation of it breaks no rule

    def open(self, params: Mapping[str, Any]) -> None:
        """Set the problem and the initial state up.

        Raises:
            InputError: when a parameter is neither given nor inferred.
        """
        try:
            self.r, self.params, self.inferred = self.form.interpreter.problem(
                self.document.facts, params, self.document.mentions
            )
        except Undetermined as error:
            raise InputError(f"{self.form.name} needs the parameter {error.name}: --param {error.name}=…") from None

    def run(self) -> None:
        """Try every event in turn; after a violation the trace is believed, so that later ones can be found."""
        tried = 0 if self.compiled is None else self._run(self.compiled)
        for index in range(tried, len(self.document.steps)):
            self.event(index, self.document.steps[index])

    def _run(self, engine: Compiled) -> int:
        """Try events with the compiled engine, and with the interpreter those that break a rule; say how many were tried."""
        events, total, tried = iter(self.document.events), len(self.document.steps), 0
        for _ in range(KEPT):
            outcome = engine.run(self.r, events, declared=not self.departs)
            broken, departed = outcome.broken, outcome.declared
            if departed is not None and (broken is None or departed.event < broken.event):
                self.departure = tried + departed.event, departed.rule
            if broken is None and self.departure and self.departure[0] == total - 1 and self._open_ended:
                self.departure = None  # the event may be another one, which was cut: that is asked in the state before it
                self.form.interpreter.restart(self.r)
                engine.run(self.r, islice(self.document.events, total - 1), declared=False)
                return total - 1
            if broken is None:
                return total
            tried += broken.event + 1
            rules = self.event(tried - 1, self.document.steps[tried - 1])
            if STRICT and broken.rule is not next((r for r in rules if r.level != DECLARED), None):
                raise AssertionError(f"the engines differ: event {tried - 1} breaks {broken.rule.name}, or {rules}")
        return tried

    def event(self, index: int, step: Step) -> list[ir.Rule]:
        """Try one event and make its changes; the rules that it breaks."""
        interpreter = self.form.interpreter
        broken = interpreter.broken(step.action, self.r, step.arguments)
        if broken:
            last = index == len(self.document.steps) - 1 and not self.violations
            if last and self.document.may_be_cut(self.form, lambda grown: self._allowed(step, grown)):
                self.doubtful = True
                return broken
            interpreter.bind(step.action, self.r, step.arguments)  # other numbers may have been tried
            first = next((rule for rule in broken if rule.level != DECLARED), None)
            for rule in broken:
                self._record(rule, index, step, alone=rule is first)
        interpreter.apply(step.action, self.r, step.arguments)
        return broken

    def _record(self, rule: ir.Rule, index: int, step: Step, *, alone: bool) -> None:
        """Note a violation; one that only says that another left its terms without a value is passed over."""
        violation = Violation(index, written(step), step.span, rule, self.form.interpreter.message(rule, self.r))
        if rule.level == DECLARED:
            self.declared = violation if not self.departs else self.declared
        elif len(self.violations) < KEPT and (alone or UNDEFINED not in violation.message):
            self.violations.append(violation)

    @property
    def departs(self) -> bool:
        """Whether a rule of the declared level was broken."""
        return self.declared is not None or self.departure is not None

    @property
    def _open_ended(self) -> bool:
        return self.document.open_ended and not self.violations

    def _allowed(self, step: Step, arguments: tuple[Any, ...]) -> bool:
        broken = self.form.interpreter.broken(step.action, self.r, arguments)
        return all(rule.level == DECLARED for rule in broken)

    @property
    def inside_event(self) -> bool:
        """Whether the text was cut inside an event that is none of the answer, and no end marker."""
        answer = self.form.system.answer
        beside = {END, answer.event.name} if answer and answer.apart else {END}
        return bool(self.document.tail) and not self.document.tail & beside

    # ------------------------------------------------------------ the answer
    def plan(self) -> tuple[PlanStatus, bool | None]:
        """The status of the printed answer, and whether it is the one that the search found."""
        interpreter, answer = self.form.interpreter, self.form.system.answer
        printed = self.r[interpreter.evaluator.slot(answer.collected)] if answer else []
        if answer is None or not (printed or (self.document.ended and not answer.apart)):
            return PlanStatus.NONE, None
        if self.violations and not answer.apart:  # an answer that breaks a rule is no solution, wherever it leads
            return PlanStatus.INVALID, None
        slot = interpreter.evaluator.slot(answer.collected)
        asked = "follows" in answer.clauses and not self.follows_unknown
        follows = self.follows(self.r) if asked else None
        self.r[slot] = next(self._meant(list(self.r[slot])), self.r[slot])
        if self._judged("valid", self.r) is not True:
            return PlanStatus.INVALID, follows
        cost, optimum = self._judged("cost", self.r), self._optimum()
        if cost is None or optimum is None:
            return PlanStatus.VALID, follows
        return (PlanStatus.OPTIMAL if cost == optimum else PlanStatus.SUBOPTIMAL), follows

    def follows(self, r: Registers) -> bool:
        """Whether the printed answer is what the search found."""
        interpreter, answer = self.form.interpreter, self.form.system.answer
        assert answer is not None
        action, shown = interpreter.actions[answer.event.name], self.form.system.shown[answer.event.name]
        printed = list(r[interpreter.evaluator.slot(answer.collected)])
        found = self._judged("follows", r)
        if found is None or all(part.view is None for part in shown):
            return found is not None and list(found) == printed
        try:
            return [self.form.hidden.view(action, shown, (element,), r)[0] for element in found] == printed
        except Undefined:
            return False

    def _meant(self, printed: list[Any]) -> Iterator[list[Any]]:
        """The answers that the printed one may stand for, where the text shows only a part of each element."""
        interpreter, answer = self.form.interpreter, self.form.system.answer
        assert answer is not None
        action, shown = interpreter.actions[answer.event.name], self.form.system.shown[answer.event.name]
        if "among" not in answer.clauses or all(part.view is None for part in shown):
            yield printed
            return
        slot, r = interpreter.evaluator.slot(answer.collected), list(self.r)
        todo: list[list[Any]] = [[]]
        while todo:
            r[slot] = meant = todo.pop()
            if len(meant) == len(printed):
                yield meant
                continue
            for element in interpreter.judged("among", r) or ():
                if self.form.hidden.looks(action, shown, (printed[len(meant)],), (element,), list(r)):
                    todo.append([*meant, element])  # noqa: PERF401 the test reads what the loop changes

    def _optimum(self) -> Any:
        """The least cost: where no rule is broken, what the run itself certifies, and else what is found by a search."""
        certified = None if self.violations else self._judged("certified", self.r)
        if certified is not None:
            return certified
        try:
            return self._judged("optimum", self.r)
        except TooLarge:
            return None

    def _judged(self, clause: str, r: Registers) -> Any:
        return (self.form.interpreter if self.compiled is None else self.compiled).judged(clause, r)

    # ------------------------------------------------------------ the problem and the end
    def demanded(self) -> list[ir.Rule]:
        """The conditions on the problem that it does not meet."""
        met = self.compiled is not None and self.compiled.demands(self.r)
        return [] if met else self.form.interpreter.demanded(self.r)

    def unfinished(self) -> list[ir.Rule]:
        """The rules that the trace breaks if it ends here."""
        may_end = self.compiled is not None and self.compiled.may_end(self.r)
        return [] if may_end else self.form.interpreter.unfinished(self.r)


def reconstruct(trial: Trial) -> None:
    """Try a document that shows less than the run: look for a run behind it.

    Raises:
        TooLarge: when the budget ran out.
    """
    form, document = trial.form, trial.document
    printed = [(step.action, step.shown, step.arguments) for step in document.steps]
    start = list(trial.r)
    found = form.hidden.explain(start, printed, ended=document.ended, budget=trial.budget)
    if isinstance(found, Refutation) and found.event == len(document.steps) - 1 and _may_be_cut(form, document, found):
        trial.doubtful, trial.r = True, found.objections[0].state
        return
    if isinstance(found, Refutation):
        first, *others = trial.objections = found.objections
        apart = sum(other.message != first.message for other in others)
        also = "another state does" if apart == 1 else f"{apart} other states do"
        message = first.message + (f" ({also} not allow it either)" if apart else "")
        step = document.steps[found.event] if found.event < len(document.steps) else None
        text, span = ("the end", None) if step is None else (written(step), step.span)
        trial.violations.append(Violation(found.event, text, span, first.rule, message))
        trial.r = first.state
        if form.system.answer:
            answered = [s.arguments[0] if len(s.arguments) == 1 else s.arguments for s in document.steps if _answers(form, s)]
            trial.r[form.interpreter.evaluator.slot(form.system.answer.collected)] = answered
        return
    trial.r, events = found.state, found.events
    answer = form.system.answer
    if answer and "follows" in answer.clauses and found.ended and not trial.follows(found.state):
        try:
            better = form.hidden.explain(start, printed, ended=True, wanted=trial.follows, budget=PREFERENCE)
            if isinstance(better, Run):
                trial.r, events = better.state, better.events
        except TooLarge:
            trial.follows_unknown = True
    trial.reconstructed = tuple(whole_event(action, arguments) for action, arguments in events)


def _may_be_cut(form: Format, document: Document, found: Refutation) -> bool:
    """Whether one of the states that came farthest allows the last event, if its last word was cut."""
    step = document.steps[-1]

    def allowed(grown: tuple[Any, ...]) -> bool:
        return any(form.hidden.allows(o.state, (step.action, step.shown, grown)) for o in found.objections)

    return document.may_be_cut(form, allowed)


def _answers(form: Format, step: Step) -> bool:
    return form.system.answer is not None and step.action.event is form.system.answer.event


def check(
    form: Format,
    prompt: Words | None,
    trace: Words | None,
    params: Mapping[str, Any] | None = None,
    id: str = "",
    engine: str = "auto",
) -> Report:
    """Try one trace.

    Args:
        form: the format.
        prompt: the problem's text or tokens; empty when `trace` holds the whole document.
        trace: the text or tokens of the trace; anything that a model may have written.
        params: parameters of the problem by name; names that the format does not know are passed over.
        id: the row's name, for the report.
        engine: one of `ENGINES`; all give the same report. `interpreter` reads with Lark and takes the reference engine.

    Raises:
        InputError: when a parameter has a value that it cannot have, or the format does not have the engine. Never for what
            `trace` holds.
    """
    compiled = form.engine(engine)
    document = read_document(form, prompt, trace, scanned=engine != "interpreter")
    return conclude(opened(form, document, params or {}, compiled), id)


def opened(form: Format, document: Document, params: Mapping[str, Any], compiled: Compiled | None = None) -> Trial:
    """A trial before its first event."""
    trial = Trial(form, document, compiled)
    if not document.missing:
        trial.open(from_row(form.system, params) if params else {})
    return trial


def conclude(trial: Trial, id: str) -> Report:
    """Run a trial to its end and report."""
    document, form = trial.document, trial.form
    if not trial.r:
        message = "" if document.fault else "the text ends before the problem is stated"
        return _report(trial, id, Verdict.MALFORMED if document.fault else Verdict.TRUNCATED, message)
    try:
        demanded = trial.demanded()
        if demanded and document.fault is None and document.start == "document" and not (document.steps or document.ended):
            return _report(trial, id, Verdict.TRUNCATED, "the text ends before the problem is stated")
        if demanded and document.fault is None:
            message = form.interpreter.message(demanded[0], trial.r)
            return _report(trial, id, Verdict.MALFORMED, f"the problem is none: {message}", rule=demanded[0].name)
        if form.system.partial:
            reconstruct(trial)
        else:
            trial.run()
        unfinished = trial.unfinished()
        plan = trial.plan()
    except TooLarge:
        return _report(trial, id, Verdict.UNKNOWN, "a budget ran out: too many values to go through")
    except RecursionError:
        return _report(trial, id, Verdict.UNKNOWN, "a budget ran out: values are nested too deeply")
    if document.fault is not None:
        return _report(trial, id, Verdict.MALFORMED, "", plan)
    if unfinished and document.ended:
        rule, total = unfinished[0], len(document.steps)
        trial.violations.append(Violation(total, "the end", None, rule, form.interpreter.message(rule, trial.r)))
    if trial.violations:
        first = trial.violations[0]
        return _report(trial, id, Verdict.UNSOUND, first.message, plan, first.rule.name, first.rule.level, first)
    if unfinished or trial.doubtful or trial.inside_event:
        message = too_short(len(document.steps), inside=not unfinished)
        return _report(trial, id, Verdict.TRUNCATED, message, plan)
    level = DECLARED if trial.departs else None
    return _report(trial, id, Verdict.SOUND, "", plan, level=level)


def too_short(events: int, *, inside: bool = False) -> str:
    """What is to be said of a text that is cut: how many events it has, and whether it ends inside another."""
    counted = "1 sound event" if events == 1 else f"{events} sound events"
    return f"the text ends after {counted}{', inside another' if inside else ''}, before the search may end"


def _worded(trial: Trial, index: int, rule: ir.Rule) -> Callable[[], Violation]:
    """What words the violation of a rule by an event, from the state that the events before it lead to.

    It keeps the texts and no more, since there may be as many reports as rows.
    """
    form, params, prompt, trace = trial.form, trial.params, trial.document.prompt, trial.document.trace.text
    unwritten = None if trace else trial.document

    def worded() -> Violation:
        document = unwritten or read_document(form, prompt, trace)
        interpreter, again = form.interpreter, Trial(form, document)
        again.open(params)
        for name, arguments in islice(document.events, index):
            interpreter.apply(interpreter.actions[name], again.r, arguments)
        step = document.steps[index]
        interpreter.bind(step.action, again.r, step.arguments)
        return Violation(index, written(step), step.span, rule, interpreter.message(rule, again.r))

    return worded


def _report(
    trial: Trial,
    id: str,
    verdict: Verdict,
    message: str,
    plan: tuple[PlanStatus, bool | None] = (PlanStatus.NONE, None),
    rule: str | None = None,
    level: str | None = None,
    first: Violation | None = None,
) -> Report:
    document = trial.document
    span = first.span if first else None
    if verdict is Verdict.MALFORMED and document.fault is not None:
        message, span = document.fault.message, document.fault.span
    if verdict is Verdict.TRUNCATED:
        span = Span(len(document.trace.text), len(document.trace.text))
    return Report(
        id=id,
        format=trial.form.name,
        verdict=verdict,
        level=level,
        rule=rule,
        event=first.event if first else None,
        span=span,
        message=message,
        plan=plan[0],
        plan_follows_trace=plan[1],
        events=len(document.steps),
        params=trial.params,
        inferred=trial.inferred,
        violations=tuple(trial.violations),
        departure=trial.declared if trial.departure is None else _worded(trial, *trial.departure),
        run=trial.reconstructed,
        source=document.trace,
    )
