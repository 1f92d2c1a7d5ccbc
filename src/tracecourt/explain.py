"""Why a trace is what it is: both ends of a violation, the values, the state, the history, what would have been legal.

Data first: an `Explanation` is made by running the trace again up to the event; `report/text.py` words it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tracecourt.causes import Causes, causes
from tracecourt.check import Trial, conclude, opened
from tracecourt.documents import Document, Step, Words, read_document, whole_event, written
from tracecourt.engines.primitives import Registers, TooLarge
from tracecourt.engines.queues import KeyedQueue
from tracecourt.engines.values import show
from tracecourt.formats import Format
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import parts, symbols
from tracecourt.verdict import Report, Verdict, Violation, plain

LEGAL = 5  # legal events that are listed
ENTRIES = 8  # entries of a collection that are listed
UNTOLD = {"causes": None, "consequences": None, "unsoundness": None}
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "in")


@dataclass(frozen=True)
class Happening:
    """An earlier event that moved the subject: what it did to the lists."""

    event: int
    text: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A state variable before the event: its size, and its first entries; those of a queue in order, with their keys."""

    name: str
    size: int | None
    entries: tuple[str, ...]
    relevant: bool


@dataclass(frozen=True)
class Objected:
    """What some of the states that explain the text before the event have against it, and how many of them."""

    rule: str
    message: str
    states: int


@dataclass(frozen=True)
class Explanation:
    """Everything that a reader needs to see why the verdict stands.

    Attributes:
        report: the verdict.
        violation: the first broken rule; None for traces that break none.
        values: the rule's terms and what they are, found and expected.
        facts: what the problem states of the subject, the event's first argument.
        history: what happened to the subject before.
        state: the state before the event.
        legal: events that would have been legal here, at most five; None when they could not be listed.
        objections: where the text shows less than the run, what each state that explains it up to the event has against it;
            `state` and `legal` are those of the first.
        also: other rules that the same event breaks.
        later: rules broken by later events, the trace being believed.
        falls: the levels that fall with the refuted one.
        causes: which events broke a rule by themselves; None where that is not known.
    """

    report: Report
    violation: Violation | None = None
    values: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    facts: tuple[str, ...] = ()
    history: tuple[Happening, ...] = ()
    state: tuple[Held, ...] = ()
    legal: tuple[str, ...] | None = None
    more_legal: bool = False
    objections: tuple[Objected, ...] = ()
    also: tuple[Violation, ...] = ()
    later: tuple[Violation, ...] = ()
    falls: tuple[str, ...] = ()
    causes: Causes | None = None

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain values."""
        return self.report.to_dict() | {
            "why": None if self.violation is None else self._why(self.violation),
            "also": [_violation(v) for v in self.also],
            "later": [_violation(v) for v in self.later],
            "run": list(self.report.run),
            "declared": None if self.report.declared is None else _violation(self.report.declared),
            **(UNTOLD if self.causes is None else self.causes.to_dict()),
        }

    def _why(self, violation: Violation) -> dict[str, Any]:
        return _violation(violation) | {
            "requirement": requirement(violation.rule),
            "values": [{"term": term, "value": value} for term, value in self.values],
            "subject": self.subject,
            "facts": list(self.facts),
            "history": [{"event": h.event, "text": h.text, "changes": list(h.changes)} for h in self.history],
            "state": {s.name: {"size": s.size, "entries": list(s.entries)} for s in self.state},
            "legal": None if self.legal is None else list(self.legal),
            "objections": [{"rule": o.rule, "message": o.message, "states": o.states} for o in self.objections],
            "falls": list(self.falls),
        }


def explain(
    form: Format, prompt: Words | None, trace: Words | None, params: Mapping[str, Any] | None = None, id: str = ""
) -> Explanation:
    """Try one trace and explain the outcome; the arguments are those of `check`."""
    document = read_document(form, prompt, trace)
    trial = opened(form, document, params or {})
    report = conclude(trial, id)
    first = report.violations[0] if report.violations else report.declared
    if first is None or report.verdict not in (Verdict.UNSOUND, Verdict.SOUND):
        return Explanation(report, later=report.violations)
    if form.system.partial:
        return _reconstructed(form, trial, report, first)
    return _explained(form, document, report, first)


def _reconstructed(form: Format, trial: Trial, report: Report, first: Violation) -> Explanation:
    """The explanation where the text shows less than the run: what the states that came so far have against the event."""
    said = Counter((o.rule.name, o.message) for o in trial.objections)
    state = tuple(_state(form, first.rule, trial.r))
    legal, more = _legal(form, trial.r)
    return Explanation(
        report=report,
        violation=first,
        state=state,
        legal=legal,
        more_legal=more,
        objections=tuple(Objected(rule, message, states) for (rule, message), states in said.items()),
        falls=_above(first.rule.level),
    )


def _above(level: str) -> tuple[str, ...]:
    return ir.LEVELS[ir.LEVELS.index(level) + 1 :]


def _explained(form: Format, document: Document, report: Report, first: Violation) -> Explanation:
    trial = opened(form, document, dict(plain_params(report)))
    step = document.steps[first.event] if first.event < len(document.steps) else None
    told = causes(form, document, trial.r, report.violations) if report.violations else None
    subject, sort = _subject(step)
    history = tuple(_run(trial, first.event, subject, sort))
    interpreter = form.interpreter
    if step is not None:
        interpreter.bind(step.action, trial.r, step.arguments)
    values = tuple(_values(form, first.rule, trial.r))
    state = tuple(_state(form, first.rule, trial.r))
    facts = tuple(_facts(form, trial.r, subject, sort))
    legal, more = _legal(form, trial.r)
    return Explanation(
        report=report,
        violation=first,
        values=values,
        subject="" if step is None or not step.arguments else show(subject),
        facts=facts,
        history=history,
        state=state,
        legal=legal,
        more_legal=more,
        also=tuple(v for v in report.violations if v.event == first.event and v is not first),
        later=tuple(v for v in report.violations if v.event > first.event),
        falls=_above(first.rule.level),
        causes=told,
    )


def plain_params(report: Report) -> Iterator[tuple[str, Any]]:
    """A report's parameters as a row would give them."""
    return ((name, plain(value)) for name, value in report.params.items())


def requirement(rule: ir.Rule) -> dict[str, str]:
    """The rule's own text and place in its specification."""
    line, _ = rule.source.position(rule.span.start)
    condition = " ".join(rule.source.slice(rule.condition.span).split())
    return {"place": f"{rule.source.name}:{line}", "text": f"require {rule.level} {rule.name.split('/')[1]}: {condition}"}


def _violation(violation: Violation) -> dict[str, Any]:
    return {
        "event": violation.event,
        "text": violation.text,
        "rule": violation.rule.name,
        "level": violation.rule.level,
        "message": violation.message,
        "span": None if violation.span is None else [violation.span.start, violation.span.end],
        "place": requirement(violation.rule)["place"],
    }


def _subject(step: Step | None) -> tuple[Any, t.Sort]:
    if step is None or not step.arguments:
        return None, t.NOTHING
    return step.arguments[0], step.action.event.parameters[0].sort


# ---------------------------------------------------------------- history
def _run(trial: Trial, until: int, subject: Any, sort: t.Sort) -> Iterator[Happening]:
    """Run the events before the violation; yield those that moved the subject."""
    before = dict(_places(trial.form, trial.r, subject, sort))
    for index, step in enumerate(trial.document.steps[:until]):
        trial.form.interpreter.apply(step.action, trial.r, step.arguments)
        after = dict(_places(trial.form, trial.r, subject, sort))
        if after != before:
            yield Happening(index, written(step), tuple(_moves(before, after)))
        before = after


def _places(form: Format, r: Registers, subject: Any, sort: t.Sort) -> Iterator[tuple[str, str]]:
    """Where the subject stands: names of state variables, and with what."""
    for variable in form.system.state:
        held, of = r[form.interpreter.evaluator.slot(variable.symbol)], variable.symbol.sort
        match of:
            case t.Map(element=element) if t.accepts(element, sort) and subject in held:
                yield variable.symbol.name, show(held[subject])
            case t.Collection(element=element) if t.accepts(element, sort) and subject in held:
                yield variable.symbol.name, ""
            case t.Optional(inner=inner) if t.accepts(inner, sort) and held == subject:
                yield variable.symbol.name, ""


def _moves(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"leaves {name}"
        elif name not in before:
            yield f"enters {name}" + (f" with {after[name]}" if after[name] else "")
        elif before[name] != after[name]:
            yield f"{name} changes from {before[name]} to {after[name]}"


def _facts(form: Format, r: Registers, subject: Any, sort: t.Sort) -> Iterator[str]:
    """What the problem states of the subject."""
    for fact in form.system.facts:
        held = r[form.interpreter.evaluator.slot(fact)]
        match fact.sort:
            case t.Collection(element=element) if t.accepts(element, sort) and subject in held:
                yield f"in {fact.name}"
            case of if not isinstance(of, t.Collection) and t.accepts(of, sort) and held == subject:
                yield f"the {fact.name}"


# ---------------------------------------------------------------- values, state, alternatives
def _values(form: Format, rule: ir.Rule, r: Registers) -> Iterator[tuple[str, str]]:
    """The terms that the condition compares, and their values here."""
    seen = set()
    for expression in _comparisons(rule.condition):
        for written_side in expression.args:
            side = _emptied(written_side, expression)
            term = " ".join(rule.source.slice(side.span).split())
            if isinstance(side, ir.Const) or term in seen:
                continue
            seen.add(term)
            value = form.interpreter.value(side, r)
            yield term, "no value" if value is None and not isinstance(side.sort, t.Optional) else show(value)


def _emptied(side: ir.Expr, comparison: ir.Prim) -> ir.Expr:
    """The collection itself where it is compared with `{}`, which is asked of its size."""
    asked = isinstance(side, ir.Prim) and side.op == "size" and side.span == comparison.span
    return side.args[0] if isinstance(side, ir.Prim) and asked else side


def _comparisons(e: ir.Expr) -> Iterator[ir.Prim]:
    if isinstance(e, ir.Prim) and e.op in COMPARISONS:
        yield e
    elif not isinstance(e, (ir.Quantifier, ir.Each, ir.Least)):
        for part in parts(e):
            yield from _comparisons(part)


def _state(form: Format, rule: ir.Rule, r: Registers) -> Iterator[Held]:
    used = set(symbols(rule.condition))
    for variable in form.system.state:
        held = r[form.interpreter.evaluator.slot(variable.symbol)]
        relevant = variable.symbol in used or isinstance(held, KeyedQueue)
        if isinstance(held, KeyedQueue):
            order = sorted(held.keys, key=lambda e: held.keys[e])[:ENTRIES]
            entries = [f"{show(e)} key {show(held.keys[e])}" for e in order]
        elif isinstance(variable.symbol.sort, t.Map):
            entries = [f"{show(k)}: {show(v)}" for k, v in islice(held.items(), ENTRIES)]
        elif isinstance(variable.symbol.sort, t.Collection):
            entries = [show(e) for e in islice(held, ENTRIES)]
        else:
            yield Held(variable.symbol.name, None, (show(held),), relevant)
            continue
        yield Held(variable.symbol.name, len(held), tuple(entries), relevant)


def _legal(form: Format, r: Registers) -> tuple[tuple[str, ...] | None, bool]:
    try:
        found = list(islice(form.legal.legal(r), LEGAL + 1))
    except TooLarge:
        return None, False
    shown = tuple(whole_event(action, arguments) for action, arguments in found[:LEGAL])
    return shown, len(found) > LEGAL
