"""A problem and a trace whose last event breaks a rule: when one case is smaller than another, and whether it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

from tracecourt.check import DECLARED, conclude, opened
from tracecourt.documents import read_document
from tracecourt.engines.interpreter import Undetermined
from tracecourt.engines.primitives import Registers, TooLarge, Undefined
from tracecourt.errors import InputError
from tracecourt.formats import Format
from tracecourt.generate import Event, Generator, Problem
from tracecourt.grammar.printing import Unprintable
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.declarations import END
from tracecourt.spec.rewrite import symbols
from tracecourt.verdict import Report, Verdict

Key = tuple[Any, ...]
MANY = 30  # values of a range that are looked at
PAIR = 2  # fields of tuples of which all combinations are
HIDDEN = 60  # events that a trace which hides a part counts for, beside its own


@dataclass(frozen=True)
class Case:
    """A problem, the parameters that are given with it, and the events up to the one that breaks the rule."""

    facts: Mapping[str, Any]
    params: Mapping[str, Any]
    events: tuple[Event, ...]

    @property
    def problem(self) -> Problem:
        """The problem without the events."""
        return Problem(dict(self.facts), dict(self.params))

    def having(self, fact: str, value: Any) -> Case:
        """The same with another value of a fact."""
        return replace(self, facts={**self.facts, fact: value})


# ---------------------------------------------------------------- the order
def elements(value: Any) -> int:
    """How many elements the collections of a value have, those inside others included."""
    match value:
        case dict():
            return sum(1 + elements(k) + elements(v) for k, v in value.items())
        case list():
            return sum(1 + elements(part) for part in value)
    return 0


def weight(value: Any) -> int:
    """How far a value is from the simplest: how many parts it has, and the sum of its numbers, fractions last."""
    match value:
        case None:
            return 0
        case bool() | str():
            return 1 + (value is True)
        case int():
            return 1 + 2 * abs(value) + (value < 0)
        case Fraction():
            return 100 + 2 * (abs(value.numerator) + value.denominator)
        case dict():
            return sum(weight(k) + weight(v) for k, v in value.items())
        case list() | tuple():
            return sum(map(weight, value))
    return 0


def simplicity(value: Any) -> Key:
    """The key by which values of one sort are ordered, the simplest first."""
    return weight(value), repr(value)


def order(case: Case) -> Key:
    """Shortlex: the number of events, of the problem's elements, of parameters, the sizes, the values, and their spelling."""
    arguments = [(action.event.name, tuple(values)) for action, values in case.events]
    facts, params = sorted(case.facts.items()), sorted(case.params.items())
    return (
        len(case.events),
        sum(map(elements, case.facts.values())),
        len(case.params),
        weight(dict(case.params)),
        weight([value for _, value in facts]) + weight([values for _, values in arguments]),
        repr((params, facts, arguments)),
    )


# ---------------------------------------------------------------- the question
class Judge:
    """Says whether a case breaks a rule by its last event and no rule before it."""

    def __init__(self, form: Format, rule: ir.Rule) -> None:
        self.form, self.rule, self.generator = form, rule, Generator(form, {})
        system = form.system
        self.at_end = rule in system.ending
        answer = system.answer
        self.of_answer = bool(answer and answer.apart and rule in answer.event.rules)
        sorts = [*(f.sort for f in system.facts), *(p.sort for e in system.events.values() for p in e.parameters)]
        bounds = {s for sort in sorts for range_ in ranges(sort) for s in limits(range_)}
        self.axes = tuple(p.symbol for p in system.params if p.symbol in bounds and isinstance(p.symbol.sort, t.Int))
        facts = set(system.facts)
        self.tied = {p.symbol.name for p in system.params if p.inferred is not None and facts & set(symbols(p.inferred))}
        self.settings = {p.symbol.name for p in system.own}

    def breaks(self, case: Case) -> bool:
        """Whether the last event breaks the rule before any other, in a problem that is one, and no event before it does."""
        try:
            return self._concluded(case) if self.form.system.partial else self._broken(case)
        except (TooLarge, Undefined, Undetermined, RecursionError, InputError):
            return False

    def cost(self, case: Case) -> int:
        """What it costs to ask, in events: a text that hides a part of the run needs a search for what it hides."""
        return HIDDEN + len(case.events) if self.form.system.partial else 1 + len(case.events) // 50

    def _concluded(self, case: Case) -> bool:
        document = self.generator.document(case.problem, case.events)
        return self._same(conclude(opened(self.form, document, case.params), ""), case)

    def _same(self, report: Report, case: Case) -> bool:
        last = len(case.events) - (not self.at_end)
        return report.verdict is Verdict.UNSOUND and report.rule == self.rule.name and report.event == last

    def _broken(self, case: Case) -> bool:
        interpreter = self.form.interpreter
        mentions = self.generator.document(case.problem, case.events).mentions
        r, _, _ = interpreter.problem(case.facts, case.params, mentions)
        if interpreter.demanded(r) or not (case.events or self.at_end):
            return False
        last = len(case.events) - (not self.at_end)
        for action, arguments in case.events[:last]:
            interpreter.bind(action, r, arguments)
            if not all(clause.holds(r) for clause in action.clauses if clause.rule.level != DECLARED):
                return False
            interpreter.apply(action, r, arguments)
        if self.at_end:
            return next(iter(interpreter.unfinished(r)), None) is self.rule
        action, arguments = case.events[-1]
        interpreter.bind(action, r, arguments)
        broken = (c.rule for c in action.clauses if c.rule.level != DECLARED and not c.holds(r))
        return next(broken, None) is self.rule

    def inhabitants(self, sort: t.Sort, r: Registers) -> list[Any]:
        """Values of a sort, the first ones and the last ones where there are many; none where they cannot be listed.

        Raises:
            TooLarge, Undefined: when a bound has no value.
        """
        evaluator = self.form.interpreter.evaluator
        match sort:
            case t.Range(low=low, high=high):
                values = range(evaluator.code(low)(r), evaluator.code(high)(r) + 1)
                return [*values] if len(values) <= MANY else [*values[: MANY - 1], values[-1]]
            case t.Tuple(fields=fields) if len(fields) <= PAIR:
                return list(product(*(self.inhabitants(inner, r) for _, inner in fields)))
            case t.Enum() | t.Bool():
                return list(evaluator.inhabitants(sort)(r))
        return []

    def said(self, case: Case) -> bool:
        """Whether `check` says of the tokens that print a case what is said of the case; tokens are never half a word."""
        return any(self._rows(case, "", as_tokens=True))

    def row(self, case: Case, id: str = "") -> dict[str, Any] | None:
        """The row that prints a case, if `check` says of the text what is said of the case.

        A text that stops inside what may be a longer word is given its end marker, or else printed as tokens.
        """
        texts = self._rows(case, id, as_tokens=False)
        return next(texts, None) or next(self._rows(case, id, as_tokens=True), None)

    def _rows(self, case: Case, id: str, *, as_tokens: bool) -> Iterator[dict[str, Any]]:
        last = len(case.events) - (not self.at_end)
        marked = END in self.form.grammar.items
        for ended in (True,) if self.at_end else (False, True) if marked else (False,):
            with suppress(Unprintable, InputError):
                made = self.generator.row(id, case.problem, (), {})
                text = self.generator.trace(case.events, ended=ended)
                trace = text.split(" ") if as_tokens else text
                document = read_document(self.form, made["prompt"], trace)
                if self._same(conclude(opened(self.form, document, made["params"]), id), case):
                    found = {"id": id, "format": self.form.name, "prompt": made["prompt"], "trace": trace}
                    expected = {"verdict": "unsound", "rule": self.rule.name, "event": last}
                    beside = {"rule": self.rule.name, "event": last, "events": len(case.events), "expected": expected}
                    yield found | {"params": made["params"]} | beside


def ranges(sort: t.Sort) -> Iterator[t.Range]:
    """The ranges inside a sort."""
    match sort:
        case t.Range():
            yield sort
        case t.Tuple(fields=fields):
            yield from (found for _, inner in fields for found in ranges(inner))
        case t.Optional(inner=inner):
            yield from ranges(inner)
        case t.Map(element=element, value=inner):
            yield from (*ranges(element), *ranges(inner))
        case t.Collection(element=element):
            yield from ranges(element)


def limits(sort: t.Range) -> set[ir.Symbol]:
    """What the bounds of a range speak of."""
    return {*symbols(sort.low), *symbols(sort.high)}


class Dropped(Exception):
    """A value that is left out, and what holds it with it."""


def mapped(sort: t.Sort, value: Any, change: Callable[[t.Sort, Any, bool], Any], *, inside: bool = False) -> Any:
    """A value with its numbers, texts and members changed; elements whose change raises Dropped are left out.

    `change` is told the sort, the value, and whether it stands inside a collection.
    """
    match sort, value:
        case t.Tuple(fields=fields), tuple():
            return tuple(mapped(s, part, change, inside=inside) for (_, s), part in zip(fields, value, strict=True))
        case t.Optional(inner=inner), _:
            return None if value is None else mapped(inner, value, change, inside=inside)
        case t.Map(element=element, value=inner), dict():
            entries = {}
            for k, v in value.items():
                try:
                    entries[mapped(element, k, change, inside=True)] = mapped(inner, v, change, inside=True)
                except Dropped:
                    continue
            return type(value)(entries)
        case t.Collection(element=element), dict() | list() | tuple():
            parts = []
            for part in value:
                try:
                    parts.append(mapped(element, part, change, inside=True))
                except Dropped:
                    continue
            return type(value)(dict.fromkeys(parts, True)) if isinstance(value, dict) else type(value)(parts)
    return change(sort, value, inside)
