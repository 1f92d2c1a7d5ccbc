"""The shortest trace, on the smallest problem, that one procedure accepts and another refuses.

A trace is a problem and a sequence of events. Both procedures run in lockstep over it: the one that accepts it keeps all its
rules and may end after the last event; the other one breaks a rule, or may not end there. Sizes are tried one after the other,
and for each the numbers of events. `relation` proves for a size that there is none of any length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tracecourt.engines.symbolic.least import Tell, facts_of, least_measures
from tracecourt.engines.symbolic.machine import Machine
from tracecourt.engines.symbolic.relation import preserved
from tracecourt.engines.symbolic.run import Runs, allowed
from tracecourt.engines.symbolic.smallest import WORDS, Sized, Witness, plainest_witness
from tracecourt.engines.symbolic.solving import Answer, Limits, Query
from tracecourt.engines.symbolic.symmetry import interchangeable
from tracecourt.engines.symbolic.terms import Truth, both, conj, disj, neg
from tracecourt.engines.symbolic.world import World
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

EVENTS = 3  # events for each unit of size, and one more, where the caller does not say how many


@dataclass(frozen=True)
class Side:
    """One of two procedures over the same domain, and the values of its parameters, the size left out."""

    system: ir.System
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contrast:
    """What is looked for.

    Attributes:
        accepts: keeps every rule, and may end where the trace does.
        refuses: has the same events, and breaks a rule, or may not end there.
        size: the parameter of both that says how large a problem is; it is their first measure.
        assumed: what problems must meet, in the terms of the one that accepts.
        events: the most events of a trace; None for as many as are usual for the size.
    """

    accepts: Side
    refuses: Side
    size: str
    assumed: tuple[ir.Rule, ...] = ()
    events: int | None = None


class Difference:
    """The search for one contrast."""

    def __init__(self, asked: Contrast, limits: Limits, tell: Tell = lambda line: None) -> None:
        self.asked = asked
        self.limits = limits
        self.tell = tell
        self._inductive = True  # so far

    @cached_property
    def alike(self) -> tuple[t.Sort, ...]:
        """The sorts, as the one that accepts has them, whose values nothing in either procedure tells apart."""
        one, other = self.asked.accepts.system, self.asked.refuses.system
        names = {name for name, sort in other.sorts.items() if sort in tuple(interchangeable(other, ()))}
        found = tuple(interchangeable(one, self.asked.assumed))
        return tuple(sort for name, sort in one.sorts.items() if name in names and sort in found)

    def opened(self, size: int, *, whole: bool = False, alike: bool = True) -> tuple[Machine, Machine, Query]:
        """A machine for each side, over the same problem, which may be any of a size that meets the assumptions."""
        world, asked = World(whole=whole), self.asked
        accepts, refuses = Machine(asked.accepts.system, world), Machine(asked.refuses.system, world)
        for machine, side in ((accepts, asked.accepts), (refuses, asked.refuses)):
            machine.settle({**side.params, asked.size: size})
        accepts.leave_facts_open(self.alike if alike else ())
        known = {fact.name: accepts.symbolic.places[fact] for fact in accepts.system.facts}
        refuses.symbolic.places.update((fact, known[fact.name]) for fact in refuses.system.facts)
        query = Query(world, self.limits)
        query.require(*(accepts.symbolic.holds(rule.condition) for rule in asked.assumed))
        return accepts, refuses, query

    def at(self, size: int) -> tuple[Sized, Witness | None]:
        """What is known of a size: whether there is such a trace, and the shortest one on the least problem for it."""
        if self._inductive and self._proved(size):
            return Sized(size, "none"), None
        most = EVENTS * size + 1 if self.asked.events is None else self.asked.events
        search = _Lockstep(self, size, whole=False)
        for events in range(most + 1):
            answer = search.ask()
            self.tell(f"{self.asked.size} {size}, {events} events: {WORDS[answer]}")
            if answer == "sat":
                return Sized(size, "found", events), self._least(size, events, search)
            if answer == "unknown":
                return Sized(size, "unknown", events), None
            if events < most:
                search.extend()
                if search.over:
                    return Sized(size, "none", events), None
        return Sized(size, "none" if self._proved(size) else "none-bounded", most), None

    def _proved(self, size: int) -> bool:
        """Whether it is proved that there is no such trace of any length; where it is not, larger sizes are not tried first."""
        self._inductive = preserved(lambda: self.opened(size), self.asked.assumed)
        if self._inductive:
            self.tell(f"{self.asked.size} {size}: proved by induction for traces of any length")
        return self._inductive

    def _least(self, size: int, events: int, found: _Lockstep) -> Witness:
        """The least problem that has such a trace of so many events; of whole numbers, if there is one."""
        search = _Lockstep(self, size, whole=True)
        for _, agreed in zip(range(events), found.agreed, strict=True):
            search.extend(agreed=agreed)
        if search.ask() != "sat":
            search, model = found, found.query.model()
        else:
            model = search.query.model()
        measures = self.asked.accepts.system.measures
        least, model = least_measures(
            search.accepts, search.query, search.ask, model, measures, whole=search is not found, tell=self.tell
        )
        facts = facts_of(search.accepts, model)
        witness = Witness(size, facts, tuple(search.runs.events(model)), least)
        return plainest_witness(search.accepts, self.alike, witness)


class _Lockstep:
    """All traces of so many events on problems of one size that the one side has no objection to so far."""

    def __init__(self, difference: Difference, size: int, *, whole: bool) -> None:
        self.accepts, self.refuses, self.query = difference.opened(size, whole=whole)
        self.runs = Runs(self.accepts, self.query, alike=difference.alike)
        self.believed = self.refuses.initial()  # the state of the side that refuses, after the events so far
        self.happens: Truth = True  # the last event
        self.objected: Truth = False  # the side that refuses has broken a rule
        self.agreed: list[bool] = []  # by event: it is known that no rule is broken by this one first

    def extend(self, *, agreed: bool | None = None) -> None:
        """One more event, the same for both; `agreed`: whether it is known that it breaks no rule first, if that was asked."""
        found, state, broken = self.runs.extend(), self.believed, list[Truth]()
        for step in found.moves:
            event = self.refuses.system.events[step.event.name]
            self.refuses.enter(self.believed)
            self.refuses.bind(event, step.arguments)
            broken.append(both(step.taken, neg(allowed(self.refuses, event, ir.SOUND_LEVELS))))
            after = self.refuses.after(event, step.arguments, self.believed)
            state = self.refuses.merged(step.taken, after, state)
        self.believed, self.happens = state, found.happens
        first = both(disj(broken), neg(self.objected))
        self.agreed.append(self.query.ask(first) == "unsat" if agreed is None else agreed)
        if self.agreed[-1]:
            self.query.require(neg(first))  # nothing is lost, and later questions are easier
        else:
            self.objected = disj((self.objected, first))

    @property
    def over(self) -> bool:
        """Whether no run of the side that accepts has as many events."""
        return self.query.ask(self.happens) == "unsat"

    def ask(self) -> Answer:
        """Whether a trace of exactly so many events is accepted by the one and refused by the other."""
        self.accepts.enter(self.runs.state)
        self.refuses.enter(self.believed)
        ends, may_end = (conj(truth for _, truth in machine.ending()) for machine in (self.accepts, self.refuses))
        return self.query.ask(conj((self.happens, ends, disj((self.objected, neg(may_end))))))
