"""Texts that are not known: a number of slots, each of which holds any event with any arguments, or none.

Nothing is required of the events: like a trial, the state after a slot believes its event whether it breaks rules or not. So
one formula stands for all texts of so many events on all problems of a size, and tells of each which rules its events break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from tracecourt.engines.symbolic.machine import LARGEST, Machine, State
from tracecourt.engines.symbolic.run import Event
from tracecourt.engines.symbolic.terms import Choice, NotSymbolic, Truth, both, conj, disj, neg
from tracecourt.engines.symbolic.values import equal, opened
from tracecourt.spec import ir
from tracecourt.spec import sorts as t


@dataclass(frozen=True, eq=False)
class Offer:
    """An event that may stand in a slot: when it does, its arguments, and its rules with whether each holds."""

    taken: Truth
    event: ir.Event
    arguments: tuple[Any, ...]
    rules: tuple[tuple[ir.Rule, Truth], ...]


class Slots:
    """So many slots of a machine. `state` is the one after the last, `ending` the rules of the end and whether each holds."""

    def __init__(self, machine: Machine, number: int, levels: Sequence[str] = ir.SOUND_LEVELS) -> None:
        self.machine = machine
        self.levels = levels
        self.slots: list[tuple[Offer, ...]] = []
        self.state = machine.initial()
        for _ in range(number):
            self._extend()
        machine.enter(self.state)
        self.ending = tuple(machine.ending())

    def _extend(self) -> None:
        kinds = list(self.machine.system.events.values())
        chosen = self.machine.world.one_of("event", [None, *(event.name for event in kinds)])
        taken = {name: guard for guard, name in chosen.ways} if isinstance(chosen, Choice) else {chosen: True}
        offers, result = [], self.state
        for event in kinds:
            offer, after = self._offered(taken[event.name], event, self.state)
            offers.append(offer)
            result = self.machine.merged(offer.taken, after, result)
        self.state = result
        self.slots.append(tuple(offers))

    def _offered(self, taken: Truth, event: ir.Event, state: State) -> tuple[Offer, State]:
        self.machine.enter(state)
        arguments = tuple(self._any(p.sort, p.name) for p in event.parameters)
        self.machine.bind(event, arguments)
        rules = tuple(self.machine.rules(event, self.levels))
        return Offer(taken, event, arguments, rules), self.machine.after(event, arguments, state)

    def _any(self, sort: t.Sort, name: str) -> Any:
        """Any value that may be printed where a sort is asked for: numbers may lie just beyond its bounds."""
        if t.finite(sort) and self.machine.told_apart(sort):
            values = self._printable(sort)
            if len(values) <= 2 * LARGEST:
                return self.machine.world.one_of(name, values)
        return self.machine.unknown(sort, name)

    def _printable(self, sort: t.Sort) -> list[Any]:
        match sort:
            case t.Range():
                values = self.machine.symbolic.inhabitants(sort)
                return [values[0] - 1, *values, values[-1] + 1] if values else []
            case t.Optional(inner=inner):
                return [None, *self._printable(inner)]
            case t.Tuple(fields=fields):
                return list(product(*(self._printable(inner) for _, inner in fields)))
        return self.machine.symbolic.inhabitants(sort)

    # ------------------------------------------------------------ one text
    def hold(self, events: Sequence[Event]) -> Truth:
        """Whether the first slots hold these events, and the others none.

        Raises:
            NotSymbolic: when they are more than there are slots.
        """
        if len(events) > len(self.slots):
            raise NotSymbolic("there are more events than slots")
        found: list[Truth] = []
        for place, offers in enumerate(self.slots):
            if place >= len(events):
                found += [neg(offer.taken) for offer in offers]
                continue
            name, arguments = events[place]
            offer = next(o for o in offers if o.event.name == name)
            alike = conj(equal(a, opened(b)) for a, b in zip(offer.arguments, arguments, strict=True))
            found.append(both(offer.taken, alike))
        return conj(found)

    def differ(self, events: Sequence[Event], broken: Sequence[Sequence[ir.Rule]], unfinished: Sequence[ir.Rule]) -> Truth:
        """Whether these events, which stand in the first slots, break other rules than these."""
        asked = [
            (holds, rule not in wrong)
            for (name, _), wrong, offers in zip(events, broken, self.slots, strict=False)
            for offer in offers
            if offer.event.name == name
            for rule, holds in offer.rules
        ]
        asked += [(holds, rule not in unfinished) for rule, holds in self.ending]
        return disj(neg(holds) if wanted else holds for holds, wanted in asked)
