"""Labelled mutants: one edit of a sound trace, the rule that it breaks and the event, both confirmed by a trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, takewhile
from random import Random
from typing import Any

from tracecourt.check import DECLARED, Trial, check, conclude, opened
from tracecourt.engines.interpreter import Action
from tracecourt.engines.primitives import Registers, TooLarge
from tracecourt.engines.values import freeze, whole
from tracecourt.errors import InputError
from tracecourt.generate import Event, Generator, Problem
from tracecourt.grammar.printing import Unprintable
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.verdict import Report, Violation

POSITIONS = 12  # places where an event is put in
EDITS = 40  # other edits of one kind that are tried
CANDIDATES = 60  # arguments that are tried at one place
NEIGHBOURS = 6  # values that are put into a list
BASES = 6  # sound traces that are tried before a rule is given up
FREE = 10  # one in so many mutants is an edit that aims at no rule


@dataclass(frozen=True)
class Mutant:
    """An edited trace: what was done, and what a trial says of it."""

    problem: Problem
    events: list[Event]
    edit: str
    report: Report


class Mutator:
    """Makes mutants that break each rule in turn."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.form = generator.form
        self.rules = self.form.system.rules

    def rows(self, number: int, seed: int) -> Iterator[dict[str, Any]]:
        """Rows with `expected` and, beside it, the edit and the rule that it breaks."""
        for index in range(number):
            random = Random(f"{seed}/{index}/mutant")
            free = index % FREE == FREE - 1 or self.form.system.partial  # what a hidden run breaks, only a search can say
            aim = None if free else self.rules[(index - index // FREE) % len(self.rules)]
            mutant = (aim and self._aimed(aim, random)) or self._free(random)
            yield self._row(f"{self.form.name}-{seed}-{index}", mutant)

    def _row(self, id: str, mutant: Mutant) -> dict[str, Any]:
        report = mutant.report
        expected = {"verdict": str(report.verdict), "rule": report.rule, "event": report.event}
        row = self.generator.row(id, mutant.problem, mutant.events, expected)
        confirmed = check(self.form, row["prompt"], row["trace"], row["params"], id)
        if (confirmed.verdict, confirmed.rule, confirmed.event) != (report.verdict, report.rule, report.event):
            raise AssertionError(f"{id}: the text of a mutant is not read as its events: {row}")
        broken = _broken(report)
        return row | {
            "mutation": {
                "edit": mutant.edit,
                "breaks": broken.rule.name if broken else None,
                "event": broken.event if broken else None,
            }
        }

    # ------------------------------------------------------------ bases
    def _base(self, random: Random, *, declared: bool) -> tuple[Problem, list[Event]]:
        problem = self.generator.problem(random)
        return problem, self.generator.printed(problem, self.generator.run(problem, random, declared=declared), random)

    def _states(self, problem: Problem, events: Sequence[Event]) -> list[Registers]:
        """The state before each event, and after the last."""
        r, interpreter = self.generator.start(problem), self.form.interpreter
        states = [interpreter.saved(r)]
        for action, arguments in events:
            interpreter.apply(action, r, arguments)
            states.append(interpreter.saved(r))
        return states

    def _first(self, problem: Problem, edited: list[Event], same: int, state: Registers) -> ir.Rule | None:
        """The first rule that edited events break, a declared one only if they break no other.

        The first `same` events are those of a sound trace, and lead to `state`.
        """
        trial = Trial(self.form, self.generator.document(problem, edited), r=self.form.interpreter.saved(state))
        for index, step in enumerate(trial.document.steps[same:], same):
            trial.event(index, step)
            if trial.violations:
                return trial.violations[0].rule
        unfinished = self.form.interpreter.unfinished(trial.r) if trial.document.ended else []
        if unfinished:
            return unfinished[0]
        return trial.declared.rule if trial.declared else None

    def _made(self, problem: Problem, events: list[Event], edit: str) -> Mutant | None:
        """The mutant and its report, when its events can be printed."""
        try:
            self.generator.trace(events)
        except Unprintable:
            return None
        document = self.generator.document(problem, events)
        return Mutant(problem, events, edit, conclude(opened(self.form, document, problem.params), ""))

    # ------------------------------------------------------------ aimed edits
    def _aimed(self, rule: ir.Rule, random: Random) -> Mutant | None:
        """A mutant that breaks this rule before any other."""
        for _ in range(BASES):
            problem, events = self._base(random, declared=rule.level == DECLARED)
            states = self._states(problem, events)
            for edited, edit in self._edits(rule, problem, events, states, random):
                same = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(edited, events, strict=False)))
                if self._first(problem, edited, same, states[same]) is rule and (mutant := self._made(problem, edited, edit)):
                    return mutant
        return None

    def _edits(
        self, rule: ir.Rule, problem: Problem, events: list[Event], states: list[Registers], random: Random
    ) -> Iterator[tuple[list[Event], str]]:
        kinds = [self._cuts, self._drops, self._swaps]
        random.shuffle(kinds)
        action = self.form.interpreter.actions.get(rule.name.split("/")[0])
        if action is not None:
            yield from self._placed(action, rule, problem, events, states, random)
        for kind in kinds:
            yield from islice(kind(events, random), EDITS)

    def _placed(
        self, action: Action, rule: ir.Rule, problem: Problem, events: list[Event], states: list[Registers], random: Random
    ) -> Iterator[tuple[list[Event], str]]:
        """An event with arguments that break the rule, inserted at some place or put in the place of another."""
        document = self.generator.document(problem, events)
        for place in self._places(events, random):
            found = self._breaking(action, rule, list(states[place]), Proposer(document.mentions, random))
            if found is None:
                continue
            made = (action, found)
            if rule.level == DECLARED:
                yield self._onward(problem, [*events[:place], made], random), f"another event {place}, and a run from there"
            if place < len(events) and events[place][0] is action and random.random() < 0.5:
                yield [*events[:place], made, *events[place + 1 :]], f"replace event {place}"
            yield [*events[:place], made, *events[place:]], f"insert event {place}"

    def _onward(self, problem: Problem, events: list[Event], random: Random) -> list[Event]:
        """A run that begins with these events; the events alone where none does."""
        try:
            return self.generator.run(problem, random, declared=True, after=events)
        except InputError:
            return events

    def _places(self, events: list[Event], random: Random) -> list[int]:
        """Some places of a trace, its beginning and the end of its search among them."""
        answer = self.form.system.answer
        apart = answer.event if answer and answer.apart else None
        end = next((i for i, (a, _) in enumerate(events) if a.event is apart), len(events))
        return sorted({0, 1, end, *random.sample(range(len(events) + 1), min(POSITIONS, len(events) + 1))})

    def _breaking(self, action: Action, rule: ir.Rule, r: Registers, propose: Proposer) -> tuple[Any, ...] | None:
        try:
            found = list(islice(self.form.legal.breaking(action, rule, r, propose), CANDIDATES))
        except TooLarge:
            found = []
        return propose.random.choice(found) if found else None

    @staticmethod
    def _cuts(events: list[Event], random: Random) -> Iterator[tuple[list[Event], str]]:
        for place in random.sample(range(len(events)), len(events)):
            yield events[:place], f"delete events {place} to {len(events) - 1}"

    @staticmethod
    def _drops(events: list[Event], random: Random) -> Iterator[tuple[list[Event], str]]:
        for place in random.sample(range(len(events)), len(events)):
            yield [*events[:place], *events[place + 1 :]], f"delete event {place}"

    @staticmethod
    def _swaps(events: list[Event], random: Random) -> Iterator[tuple[list[Event], str]]:
        for place in random.sample(range(len(events) - 1), max(len(events) - 1, 0)):
            swapped = [*events[:place], events[place + 1], events[place], *events[place + 2 :]]
            yield swapped, f"exchange events {place} and {place + 1}"

    # ------------------------------------------------------------ free edits
    def _free(self, random: Random) -> Mutant:
        """A mutant by any edit; it may well be sound."""
        while True:
            problem, events = self._base(random, declared=False)
            kind = random.choice([self._drops, self._swaps, self._tweaks, self._repeats])
            for edited, edit in islice(kind(events, random), 4):
                mutant = self._made(problem, edited, edit)
                if mutant:
                    return mutant

    def _tweaks(self, events: list[Event], random: Random) -> Iterator[tuple[list[Event], str]]:
        for place in random.sample(range(len(events)), len(events)):
            action, arguments = events[place]
            if not arguments:
                continue
            index = random.randrange(len(arguments))
            part = self.form.system.shown[action.event.name][index]
            name = action.event.parameters[part.index].name
            for value in Proposer(lambda sort: [], random).near(part.sort, arguments[index])[:1]:
                changed = (action, (*arguments[:index], value, *arguments[index + 1 :]))
                yield [*events[:place], changed, *events[place + 1 :]], f"change {name} of event {place}"

    @staticmethod
    def _repeats(events: list[Event], random: Random) -> Iterator[tuple[list[Event], str]]:
        for place in random.sample(range(len(events)), len(events)):
            yield [*events[:place], events[place], *events[place:]], f"repeat event {place}"


class Proposer:
    """Values of a sort that a faulty trace might print: those mentioned, their neighbours, and a few others."""

    def __init__(self, mentions: Any, random: Random) -> None:
        self.mentions = mentions
        self.random = random
        self._proposed: dict[t.Sort, Sequence[Any]] = {}

    def __call__(self, sort: t.Sort) -> Sequence[Any]:
        """Values of a sort, in random order."""
        if sort not in self._proposed:
            self._proposed[sort] = self._proposals(sort)
        return self._proposed[sort]

    def _proposals(self, sort: t.Sort) -> list[Any]:
        found = dict.fromkeys(self.mentions(sort))
        pool = [*found, *(near for value in list(found)[:40] for near in self.near(sort, value))]
        pool += self.plain(sort)
        pool = list(dict.fromkeys(pool))
        self.random.shuffle(pool)
        return pool[:CANDIDATES]

    def plain(self, sort: t.Sort) -> list[Any]:
        """A few values that need no example."""
        match sort:
            case t.Int() | t.Rational():
                return list(range(12))
            case t.Formula():
                return [(a, sign, b) for a in range(1, 5) for b in range(4) for sign in t.SIGNS]
            case t.Optional(inner=inner):
                return [None, *self.plain(inner)]
            case t.Enum(members=members):
                return list(members)
            case t.Bool():
                return [False, True]
            case t.Text():
                return ["other"]
        return []

    def near(self, sort: t.Sort, value: Any) -> list[Any]:
        """Values that differ from one by a little."""
        match sort:
            case t.Int() | t.Rational():
                near = [value + step for step in (1, -1, 2) if value + step >= 0]
                near += [hundredths] if (hundredths := whole(Fraction(round(100 * value), 100))) != value else []
            case t.Formula() if isinstance(value, tuple):
                left, sign, right = value
                near = [(part, sign, right) for part in self.near(sort, left)]
                near += [(left, sign, part) for part in self.near(sort, right)]
                near += [(left, other, right) for other in t.SIGNS if other != sign]
            case t.Formula():
                near = self.near(t.RATIONAL, value)
            case t.Enum(members=members):
                near = [m for m in members if m != value]
            case t.Bool():
                near = [not value]
            case t.Tuple(fields=fields):
                near = [
                    (*value[:i], part, *value[i + 1 :])
                    for i, (_, inner) in enumerate(fields)
                    for part in self.near(inner, value[i])
                ]
            case t.List(element=element):
                near = [*self._edited(element, list(value))]
            case t.Set(element=element):
                near = [freeze(dict.fromkeys(edited, True)) for edited in self._edited(element, list(value))]
            case _:
                near = []
        self.random.shuffle(near)
        return near

    def _edited(self, element: t.Sort, values: list[Any]) -> Iterator[tuple[Any, ...]]:
        """A list with one element left out, put in, repeated or in the place of another, or two exchanged."""
        known = list(dict.fromkeys([*self.mentions(element), *self.plain(element)]))
        known = self.random.sample(known, min(len(known), NEIGHBOURS))
        for index in range(len(values)):
            yield (*values[:index], *values[index + 1 :])
            yield (*values[: index + 1], *values[index:])
            if index and values[index - 1] != values[index]:
                yield (*values[: index - 1], values[index], values[index - 1], *values[index + 1 :])
            yield from ((*values[:index], other, *values[index + 1 :]) for other in known if other != values[index])
        yield from ((*values, other) for other in known if other not in values)


def _broken(report: Report) -> Violation | None:
    """The first rule that a mutant breaks, a declared one included."""
    return report.violations[0] if report.violations else report.declared
