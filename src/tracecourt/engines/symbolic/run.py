"""Runs that are not known: rounds of events, each of which may be any that the rules allow.

A round is one event, then a *sweep*: events of one kind, each for one value of its arguments, in the order of these values,
each of which may be left out. Only a kind is swept whose events can be exchanged: whatever order two of them come in, the rules
allow the one as the other, and the state is the same after it. `exchangeable` has Z3 prove this for the procedure and the
number of nodes, for any state at all; so no run is lost but those that are another order of one that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from tracecourt.engines.symbolic.machine import Machine, State
from tracecourt.engines.symbolic.solving import Limits, Model, Query
from tracecourt.engines.symbolic.terms import (
    ABSENT,
    NotSymbolic,
    Truth,
    both,
    conj,
    disj,
    either,
    implied,
    known,
    neg,
    number,
    ways,
)
from tracecourt.engines.symbolic.values import Row, Slot, Table, equal
from tracecourt.engines.symbolic.world import World
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import opened, symbols

Event = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class Move:
    """An event that may happen: when it does, and its arguments."""

    taken: Truth
    event: ir.Event
    arguments: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Round:
    """What happens in a round, in order; whether anything does; the state after it."""

    moves: tuple[Move, ...]
    happens: Truth
    state: State


class Runs:
    """All runs of a machine that keep the rules of some levels, up to as many rounds as were asked for."""

    def __init__(
        self,
        machine: Machine,
        query: Query,
        levels: Sequence[str] = ir.SOUND_LEVELS,
        swept: str | None = None,
        alike: Sequence[t.Sort] = (),
    ) -> None:
        self.machine = machine
        self.query = query
        self.levels = levels
        self.swept = swept
        self.rounds: list[Round] = []
        self.start = machine.initial()
        self._seen = {id(sort): self._named(sort) for sort in alike}

    @property
    def state(self) -> State:
        """The state after the last round."""
        return self.rounds[-1].state if self.rounds else self.start

    def extend(self) -> Round:
        """One more round; nothing happens in it unless something happened in the one before it, the first sweep excepted."""
        state, moves, happens = self.state, [], []
        if self.rounds or self.swept is None:
            single = list(self._single(state))
            happens = [step.taken for step in single]
            self.query.require(*self._at_most_one(happens))
            if len(self.rounds) > (self.swept is not None):  # a run need not begin with an event that is swept
                self.query.require(*(implied(taken, self.rounds[-1].happens) for taken in happens))
            state = self._merged(single, state)
            moves += single
        before = disj(happens)
        if self.swept is not None:
            for taken, event, arguments in self._sweep(state):
                step, state = self._swept(taken, event, arguments, state)
                if self.rounds:
                    self.query.require(implied(taken, before))
                moves.append(step)
        anything = before if self.rounds or self.swept is None else disj(step.taken for step in moves)
        self.rounds.append(Round(tuple(moves), anything, state))
        return self.rounds[-1]

    def events(self, model: Model) -> list[Event]:
        """The events of a run that was found."""
        return [
            (step.event.name, tuple(map(model.value, step.arguments)))
            for found in self.rounds
            for step in found.moves
            if model.truth(step.taken)
        ]

    # ------------------------------------------------------------ one event
    def _named(self, sort: t.Sort) -> dict[Any, Truth]:
        """The values of a sort, and whether the run has spoken of them so far; the problem speaks of some by itself."""
        places, facts = self.machine.symbolic.places, self.machine.system.facts
        said = {places[fact] for fact in facts if fact.sort is sort and known(places[fact])}
        return {value: value in said for value in self.machine.symbolic.inhabitants(sort)}

    def _in_turn(self, step: Move) -> None:
        """Where all values of a sort are alike, they are spoken of in their order: any other run is one of these renamed."""
        for parameter, argument in zip(step.event.parameters, step.arguments, strict=True):
            seen, before = self._seen.get(id(parameter.sort)), True
            if seen is None:
                continue
            said = {value: guard for guard, value in ways(argument)}
            for value, named in list(seen.items()):
                here = both(step.taken, said.get(value, False))
                self.query.require(implied(here, either(named, before)))
                before, seen[value] = named, either(named, here)

    def _single(self, state: State) -> Iterator[Move]:
        for event in searching(self.machine.system):
            if event.name != self.swept:
                taken = self.machine.world.truth(event.name)
                chosen = {p: self.machine.unknown(p.sort, p.name) for p in chosen_parameters(self.machine, event)}
                arguments = bound(self.machine, event, chosen, state)
                self.query.require(implied(taken, allowed(self.machine, event, self.levels)))
                step = Move(taken, event, arguments)
                self._in_turn(step)
                yield step

    def _at_most_one(self, taken: Sequence[Truth]) -> Iterator[Truth]:
        for place, one in enumerate(taken):
            yield from (neg(both(one, other)) for other in taken[place + 1 :])

    def _merged(self, moves: Sequence[Move], state: State) -> State:
        result = state
        for step in moves:
            after = self.machine.after(step.event, step.arguments, state)
            result = self.machine.merged(step.taken, after, result)
        return result

    # ------------------------------------------------------------ a sweep
    def _sweep(self, state: State) -> Iterator[tuple[Truth, ir.Event, dict[ir.Symbol, Any]]]:
        event = self.machine.system.events[self.swept or ""]
        chosen = chosen_parameters(self.machine, event)
        for values in product(*(self.machine.symbolic.inhabitants(p.sort) for p in chosen)):
            yield self.machine.world.truth(f"{event.name} {values}"), event, dict(zip(chosen, values, strict=True))

    def _swept(self, taken: Truth, event: ir.Event, chosen: Mapping[ir.Symbol, Any], state: State) -> tuple[Move, State]:
        arguments = bound(self.machine, event, chosen, state)
        self.query.require(implied(taken, allowed(self.machine, event, self.levels)))
        after = self.machine.after(event, arguments, state)
        result = self.machine.merged(taken, after, state)
        for symbol in self.machine.system.histories.values():  # exchanged events leave it open which came first
            row = result[symbol]
            result[symbol] = Row(row.slots, ordered=False)
        step = Move(taken, event, arguments)
        self._in_turn(step)
        return step, result


# ---------------------------------------------------------------- events
def searching(system: ir.System) -> list[ir.Event]:
    """The events of the search; the answer's comes after it."""
    answer = system.answer
    return [e for e in system.events.values() if not (answer and answer.apart and e is answer.event)]


def chosen_parameters(machine: Machine, event: ir.Event) -> list[ir.Symbol]:
    """The parameters of an event whose values are few; the others are computed, or numbers."""
    return [p for p in event.parameters if t.finite(p.sort) and machine.told_apart(p.sort)]


def bound(machine: Machine, event: ir.Event, chosen: Mapping[ir.Symbol, Any], state: State) -> tuple[Any, ...]:
    """An event's arguments: those that were chosen, and for the others what a rule says that they are, or any."""
    machine.enter(state)
    places = machine.symbolic.places
    places.update(chosen)
    for parameter in event.parameters:
        if parameter in chosen:
            continue
        definition = definition_of(event, parameter)
        there, value = (False, ABSENT) if definition is None else machine.symbolic.value(definition)
        places[parameter] = machine.unknown(parameter.sort, parameter.name) if there is False else value
    return tuple(places[parameter] for parameter in event.parameters)


def allowed(machine: Machine, event: ir.Event, levels: Sequence[str]) -> Truth:
    """Whether the rules allow an event whose arguments are bound, in the state that was entered."""
    found: list[Truth] = []
    for _, holds in machine.rules(event, levels):
        if holds is False:
            return False
        found.append(holds)
    return conj(found)


def definition_of(event: ir.Event, parameter: ir.Symbol) -> ir.Expr | None:
    """What a parameter must be, by a rule that holds in every sound run."""
    others = set(event.parameters) - {parameter}
    for rule in event.rules:
        condition = opened(rule.condition)
        if rule.level in ir.SOUND_LEVELS and isinstance(condition, ir.Prim) and condition.op == "=":
            for one, other in (condition.args, condition.args[::-1]):
                used = set(symbols(other))
                numbers = {p for p in others if not t.finite(p.sort)}
                if isinstance(one, ir.Ref) and one.symbol is parameter and parameter not in used and not used & numbers:
                    return other
    return None


# ---------------------------------------------------------------- exchanging
def exchangeable(system: ir.System, params: Mapping[str, Any], levels: Sequence[str], limits: Limits) -> str | None:
    """The name of an event that can be swept, if Z3 proves it of one."""
    for event in searching(system):
        try:
            if len(searching(system)) > 1 and _commutes(system, params, levels, event, limits):
                return event.name
        except NotSymbolic:
            continue
    return None


def _commutes(system: ir.System, params: Mapping[str, Any], levels: Sequence[str], event: ir.Event, limits: Limits) -> bool:
    """Whether any two events of a kind that are legal one after the other are so the other way round, and lead to the same."""
    world = World()
    machine = Machine(system, world)
    machine.settle(params)
    machine.leave_facts_open()
    chosen = chosen_parameters(machine, event)
    if not chosen:
        return False
    state = any_state(machine)
    one, other = ({p: machine.unknown(p.sort, p.name) for p in chosen} for _ in range(2))
    query = Query(world, limits)
    legal, after = _both_ways(machine, event, levels, state, one, other)
    turned, after_turned = _both_ways(machine, event, levels, state, other, one)
    alike = conj(equal(one[p], other[p]) for p in chosen)
    unchanged = conj(equal(after[v.symbol], after_turned[v.symbol]) for v in system.state)
    query.require(legal, disj((alike, neg(both(turned, unchanged)))))
    return query.ask() == "unsat"


def _both_ways(
    machine: Machine,
    event: ir.Event,
    levels: Sequence[str],
    state: State,
    one: Mapping[ir.Symbol, Any],
    other: Mapping[ir.Symbol, Any],
) -> tuple[Truth, State]:
    """Whether two events are legal one after the other, and the state after them."""
    legal: list[Truth] = []
    for chosen in (one, other):
        arguments = bound(machine, event, chosen, state)
        legal.append(allowed(machine, event, levels))
        state = machine.after(event, arguments, state)
    return conj(legal), state


def any_state(machine: Machine) -> State:
    """A state of which nothing is known.

    Raises:
        NotSymbolic: when a variable holds a list: there are too many.
    """
    state: State = {symbol: Row() for symbol in machine.system.histories.values()}
    if machine.system.answer:
        state[machine.system.answer.collected] = Row()
    places = machine.symbolic.places
    for variable in machine.system.state:
        state[variable.symbol] = value = machine.unknown(variable.symbol.sort, variable.symbol.name)
        if variable.key is not None:
            slots = []
            earlier = any(symbol.kind == "state" for symbol in symbols(variable.key))  # it had the key of another state
            for slot in value.slots:
                fields = (slot.key, slot.value) if len(variable.entry) == 2 else (slot.key, *slot.value)
                places.update(zip(variable.entry, fields, strict=True))
                there, rank = (True, machine.world.number("rank")) if earlier else machine.symbolic.value(variable.key)
                slots.append(Slot(both(slot.guard, there), slot.key, slot.value, number(rank)))
            state[variable.symbol] = Table(tuple(slots), ordered=False)
        elif isinstance(value, Table):
            state[variable.symbol] = Table(value.slots, ordered=False)
    return state
