"""From a problem to traces of it that break a rule: an old trace told anew, or the shortest one there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from random import Random
from typing import Any

from tracecourt.cases import Case, Judge, order, simplicity
from tracecourt.check import DECLARED
from tracecourt.engines.interpreter import Action, Undetermined
from tracecourt.engines.primitives import Registers, TooLarge, Undefined
from tracecourt.engines.values import freeze, occurrences, snapshot
from tracecourt.generate import Event
from tracecourt.mutate import Proposer
from tracecourt.spec import sorts as t

PROPOSED = 60  # values of one sort that are tried as arguments
BREAKING = 60  # arguments that break the rule in one state, of which the simplest are taken
TRIED = 4  # of them are printed
EXTREME = 4  # values that are farthest from the simplest, beyond which there may be none
RECENT = 4  # events whose values are tried as arguments of the next
LEGAL = 4  # legal events of which others with one other argument are made
CHOICES = 60  # events that are followed from one state
Proposals = Callable[[t.Sort], Sequence[Any]]


class Spent(Exception):
    """The budget of a whole search ran out."""


class Reruns:
    """Traces of a problem whose last event breaks the judge's rule."""

    def __init__(self, judge: Judge, work: int) -> None:
        self.judge, self.form, self.work = judge, judge.form, work
        system = self.form.system
        name = "" if judge.at_end else judge.rule.name.split("/")[0]
        self.action: Action | None = self.form.interpreter.actions.get(name)
        answer = system.answer
        apart = answer.event if answer and answer.apart and (judge.of_answer or judge.at_end) else None
        self._sorted: dict[tuple[Any, ...], list[Any]] = {}
        self._answering = None if apart is None else self.form.interpreter.actions[apart.name]

    def step(self, number: int = 1) -> None:
        """Note a step of work.

        Raises:
            Spent: when it was one too many.
        """
        self.work -= number
        if self.work < 0:
            raise Spent

    def _start(self, case: Case) -> Registers | None:
        """The state before the first event; None where the problem is none."""
        interpreter = self.form.interpreter
        mentions = self.judge.generator.document(case.problem, ()).mentions
        try:
            r, _, _ = interpreter.problem(case.facts, case.params, mentions)
            return None if interpreter.demanded(r) else r
        except (TooLarge, Undefined, Undetermined, RecursionError):
            return None

    # ------------------------------------------------------------ the last event
    def _proposals(self, case: Case, r: Registers) -> Proposals:
        """Values that the last event may have, the simplest of each sort first."""
        kept: dict[int, list[Any]] = {}
        generator = self.judge.generator
        stated, recent = (generator.document(case.problem, events).mentions for events in ((), case.events[-1:]))
        proposer = Proposer(stated, Random(0))

        def propose(sort: t.Sort) -> Sequence[Any]:
            if id(sort) not in kept:
                said = recent(sort)[-PROPOSED:]
                pool = [*said, *stated(sort), *proposer.plain(sort)]
                with suppress(TooLarge, Undefined):
                    pool += self._simplest(sort, self.judge.inhabitants(sort, r))
                ordered = sorted(dict.fromkeys(map(freeze, pool)), key=simplicity)
                values = [*ordered[:PROPOSED], *ordered[-EXTREME:], *map(freeze, said)]
                near = [
                    freeze(one) for value in values[: PROPOSED // 4] + values[PROPOSED:] for one in proposer.near(sort, value)
                ]
                kept[id(sort)] = sorted(dict.fromkeys((*values, *near)), key=simplicity)
            return kept[id(sort)]

        return propose

    def _simplest(self, sort: t.Sort, values: Sequence[Any]) -> list[Any]:
        """The simplest values of a sort, and a few of the farthest."""
        key = (id(sort), len(values), *values[:1], *values[-1:])
        if key not in self._sorted:
            ordered = sorted(values, key=simplicity)
            self._sorted[key] = [*ordered[:PROPOSED], *ordered[PROPOSED:][-EXTREME:]]
        return self._sorted[key]

    def _also(self, propose: Proposals, events: Sequence[Event]) -> Proposals:
        """The same values, and those of the last events so far."""
        recent = [
            (part.sort, value)
            for action, arguments in events[-RECENT:]
            for part, value in zip(self.form.system.shown[action.event.name], arguments, strict=True)
        ]

        def also(sort: t.Sort) -> Sequence[Any]:
            said = (freeze(one) for own, value in recent for one in occurrences(own, sort, value))
            return [*dict.fromkeys((*said, *propose(sort)))]

        return also

    def _beside(self, r: Registers, propose: Proposals) -> Iterator[tuple[Any, ...]]:
        """Arguments that differ from legal ones in one value, and break the rule."""
        assert self.action is not None
        interpreter, proposer = self.form.interpreter, Proposer(propose, Random(0))
        with suppress(TooLarge, Undefined, RecursionError):
            for legal in islice(self.form.legal.arguments(self.action, list(r)), LEGAL):
                for place, parameter in enumerate(self.action.event.parameters):
                    for value in map(freeze, proposer.near(parameter.sort, legal[place])):
                        arguments = (*legal[:place], value, *legal[place + 1 :])
                        interpreter.bind(self.action, r, arguments)
                        sound = (c for c in self.action.clauses if c.rule.level != DECLARED)
                        if next((c.rule for c in sound if not c.holds(r)), None) is self.judge.rule:
                            yield arguments

    def _lasts(self, r: Registers, propose: Proposals) -> list[tuple[Any, ...]]:
        """Arguments with which an event breaks the rule in this state, the simplest first."""
        assert self.action is not None
        found: list[tuple[Any, ...]] = []
        with suppress(TooLarge, Undefined, RecursionError):
            found.extend(islice(self.form.legal.breaking(self.action, self.judge.rule, list(r), propose), BREAKING))
        return sorted(found, key=simplicity)

    def _cases(self, case: Case, r: Registers, shown: tuple[Event, ...], propose: Proposals) -> Iterator[Case]:
        """Cases that end in this state, the events before it being these."""
        interpreter, system = self.form.interpreter, self.form.system
        if self.judge.at_end:
            if interpreter.unfinished(r)[:1] == [self.judge.rule]:
                yield replace(case, events=shown)
            return
        if self.action is not None and self.action.event.name not in system.silent:
            for arguments in self._lasts(r, self._also(propose, shown))[:TRIED]:
                with suppress(Undefined):
                    printed = self._shown(self.action, arguments, r)
                    yield replace(case, events=(*shown, (self.action, printed)))
        yield replace(case, events=(*shown, *case.events[-1:]))

    def _shown(self, action: Action, arguments: tuple[Any, ...], r: Registers) -> tuple[Any, ...]:
        if not self.form.system.partial:
            return arguments
        return self.form.hidden.view(action, self.form.system.shown[action.event.name], arguments, list(r))

    # ------------------------------------------------------------ an old trace told anew
    def told(self, case: Case) -> Case | None:
        """The case's events one after the other on its problem: what is not legal gets other arguments, or is left out."""
        if self.form.system.partial or (r := self._start(case)) is None:
            return None
        interpreter, kept = self.form.interpreter, list[Event]()
        last = len(case.events) - (not self.judge.at_end)
        for action, arguments in case.events[:last]:
            self.step()
            try:
                if any(rule.level != DECLARED for rule in interpreter.broken(action, r, arguments)):
                    others = islice(self.form.legal.arguments(action, list(r)), CHOICES)
                    found = max(others, key=lambda other: _alike(other, arguments), default=None)
                    if found is None or (found and not _alike(found, arguments)):
                        continue
                    arguments = found
                interpreter.apply(action, r, arguments)
            except (TooLarge, Undefined, RecursionError):
                return None
            kept.append((action, arguments))
        propose = self._proposals(case, r)
        same = replace(case, events=(*kept, *case.events[last:]))
        told = next(self._confirmed(same, self._cases(case, r, tuple(kept), propose)), None)
        if told is not None or self.action is None:
            return told
        nearest = sorted(islice(self._beside(r, propose), BREAKING), key=simplicity)
        return next((replace(case, events=(*kept, (self.action, arguments))) for arguments in nearest), None)

    def _confirmed(self, first: Case, others: Iterator[Case]) -> Iterator[Case]:
        seen = set()
        for case in (first, *others):
            if (key := order(case)) not in seen and self.judge.breaks(case):
                seen.add(key)
                yield case

    # ------------------------------------------------------------ the shortest trace
    def shortest(self, case: Case, longest: int, states: int) -> Case | None:
        """The shortest trace of the case's problem that breaks the rule, of at most so many events, looking at so many states.

        Its text is tried, too.
        """
        start = self._start(case)
        if start is None or longest < (not self.judge.at_end):
            return None
        propose = self._proposals(case, start)
        frontier: list[tuple[Registers, tuple[Event, ...]]] = [(start, ())]
        seen, most = {self._state(start)}, longest - (not self.judge.at_end)
        for _ in range(longest + states):
            for r, shown in frontier:
                for found in self._cases(case, r, shown, propose):
                    self.step(self.judge.cost(found))
                    if self.judge.breaks(found) and self.judge.said(found):
                        return found
            after = []
            for r, shown in frontier:
                for action, arguments in self._choices(r, shown):
                    self.step()
                    states -= 1
                    if states < 0:
                        return None
                    twin = self.form.interpreter.saved(r)
                    try:
                        silent = action.event.name in self.form.system.silent
                        more = () if silent else ((action, self._shown(action, arguments, twin)),)
                        self.form.interpreter.apply(action, twin, arguments)
                    except (TooLarge, Undefined):
                        continue
                    if len(shown) + len(more) <= most and (state := self._state(twin)) not in seen:
                        seen.add(state)
                        after.append((twin, (*shown, *more)))
            if not after:
                return None
            frontier = after
        return None

    def _choices(self, r: Registers, shown: tuple[Event, ...]) -> list[Event]:
        answering = self._answering
        try:
            found = [] if answering and shown and shown[-1][0] is answering else list(islice(self.form.legal.legal(r), CHOICES))
            if answering:
                found += ((answering, a) for a in islice(self.form.legal.arguments(answering, r), TRIED))
        except (TooLarge, Undefined, RecursionError):
            return []
        return found

    def _state(self, r: Registers) -> Any:
        interpreter, answer = self.form.interpreter, self.form.system.answer
        said = len(r[interpreter.evaluator.slot(answer.collected)]) if answer else 0
        return said, *map(snapshot, interpreter.state(r).values())


def _alike(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many arguments are the same, the first counting most."""
    return sum((len(one) if index == 0 else 1) * (a == b) for index, (a, b) in enumerate(zip(one, other, strict=True)))
