"""A system over a problem that need not be known: its state after events that need not be known.

A state is a value of each state variable, as `values` holds them. Rules are conditions on a state; an event makes another
state of it, whether it breaks rules or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tracecourt.engines.symbolic.evaluate import Symbolic
from tracecourt.engines.symbolic.terms import ABSENT, NotSymbolic, Truth, both, keys, number
from tracecourt.engines.symbolic.values import Row, Slot, Table, merged, opened, put, removed, stored, without
from tracecourt.engines.symbolic.world import World
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

State = dict[ir.Symbol, Any]
LARGEST = 64  # values of a sort that are told apart one by one


class Machine:
    """A system's problem and transitions as formulas."""

    def __init__(self, system: ir.System, world: World) -> None:
        self.system = system
        self.world = world
        self.symbolic = Symbolic(world)
        self._variables = {v.symbol: v for v in system.state}

    # ------------------------------------------------------------ the problem
    def settle(self, given: Mapping[str, Any]) -> None:
        """Give the parameters their values: what is given, which may be open, or their defaults.

        Raises:
            NotSymbolic: when one has neither.
        """
        for param in self.system.params:
            if param.symbol.name in given:
                value = opened(given[param.symbol.name])
            else:
                there, value = (False, ABSENT) if param.default is None else self.symbolic.value(param.default)
                if there is not True:
                    raise NotSymbolic(f"the parameter {param.symbol.name} has no value")
            self.symbolic.places[param.symbol] = value

    def state_facts(self, facts: Mapping[str, Any]) -> None:
        """A problem that is known."""
        for fact in self.system.facts:
            self.symbolic.places[fact] = opened(facts[fact.name])

    def leave_facts_open(self, alike: Sequence[t.Sort] = ()) -> None:
        """A problem that is not known, but meets what the domain requires.

        Where all values of a sort are alike, the first fact that is one of them is the first.
        """
        named: list[t.Sort] = []
        for fact in self.system.facts:
            if any(fact.sort is sort for sort in alike) and not any(fact.sort is sort for sort in named):
                named.append(fact.sort)
                self.symbolic.places[fact] = self._some(fact)
            else:
                self.symbolic.places[fact] = self.unknown(fact.sort, fact.name)
        self.world.define(*(self.symbolic.holds(rule.condition) for rule in self.system.demands))

    def _some(self, fact: ir.Symbol) -> Any:
        values = self.symbolic.inhabitants(fact.sort)
        if not values:
            raise NotSymbolic(f"{fact.name} has no value that it could have")
        return values[0]

    def unknown(self, sort: t.Sort, name: str) -> Any:
        """Any value of a sort.

        Raises:
            NotSymbolic: when a sort has too many values, and is not that of numbers.
        """
        if isinstance(sort, t.Bool):
            return self.world.truth(name)
        if isinstance(sort, t.Range) and not self.told_apart(sort):
            value = self.world.number(name, whole=True)
            self.world.define(self.symbolic.within(sort, value))
            return value
        if counted(sort):
            return self.world.number(name, whole=isinstance(sort, t.Int))
        if isinstance(sort, t.Set):
            elements = self.symbolic.inhabitants(sort.element)
            return Table(tuple(Slot(self.world.truth(f"{name} {v}"), v) for v in elements))
        if isinstance(sort, t.Map):
            slots = [
                Slot(self.world.truth(f"{name} {k}"), k, self.unknown(sort.value, f"{name}[{k}]"))
                for k in self.symbolic.inhabitants(sort.element)
            ]
            return Table(tuple(slots))
        if isinstance(sort, t.Tuple) and not t.finite(sort):
            return tuple(self.unknown(inner, f"{name}.{i}") for i, (_, inner) in enumerate(sort.fields))
        return self.world.one_of(name, self.symbolic.inhabitants(sort))

    def told_apart(self, sort: t.Sort) -> bool:
        """Whether the values of a sort are few, so that each can be spoken of."""
        try:
            return len(self.symbolic.inhabitants(sort)) <= LARGEST
        except NotSymbolic:
            return False

    # ------------------------------------------------------------ states
    def initial(self) -> State:
        """The state before the first event."""
        places = self.symbolic.places
        for variable in self.system.state:
            if isinstance(variable.symbol.sort, t.Queue):
                places[variable.symbol] = Table()
            else:
                there, value = self.symbolic.value(variable.initial)
                if there is not True:
                    raise NotSymbolic(f"the initial value of {variable.symbol.name} is not known")
                places[variable.symbol] = self._shaped(variable.symbol.sort, value)
        state = {v.symbol: places[v.symbol] for v in self.system.state}
        state |= {symbol: Row() for symbol in self.system.histories.values()}
        if self.system.answer:
            state[self.system.answer.collected] = Row()
        return self._updated(state, self.system.initially)

    def enter(self, state: State) -> None:
        """What is asked from now on is asked of this state."""
        self.symbolic.places.update(state)

    def merged(self, guard: Truth, a: State, b: State) -> State:
        """The first state where the guard holds, else the second."""
        return {symbol: merged(guard, value, b[symbol]) for symbol, value in a.items()}

    # ------------------------------------------------------------ events
    def bind(self, event: ir.Event, arguments: Sequence[Any]) -> None:
        """Give an event its arguments."""
        self.symbolic.places.update(zip(event.parameters, arguments, strict=True))

    def rules(self, event: ir.Event, levels: Sequence[str]) -> Iterator[tuple[ir.Rule, Truth]]:
        """The rules of an event, and whether each holds in the state that was entered, for the arguments that are bound."""
        for rule in event.rules:
            if rule.level in levels:
                yield rule, self.symbolic.holds(rule.condition)

    def ending(self) -> Iterator[tuple[ir.Rule, Truth]]:
        """The rules of the end, and whether each holds in the state that was entered."""
        for rule in self.system.ending:
            yield rule, self.symbolic.holds(rule.condition)

    def after(self, event: ir.Event, arguments: Sequence[Any], state: State) -> State:
        """The state after an event."""
        self.enter(state)
        self.bind(event, arguments)
        changed = self._updated(state, event.updates)
        said = arguments[0] if len(arguments) == 1 else tuple(arguments)
        collected = [self.system.histories[event.name]] if event.name in self.system.histories else []
        if self.system.answer and event is self.system.answer.event:
            collected.append(self.system.answer.collected)
        for symbol in collected:
            row = changed[symbol]
            changed[symbol] = Row((*row.slots, Slot(True, said)), row.ordered)
        return changed

    def _updated(self, state: State, updates: Sequence[ir.Update]) -> State:
        state = dict(state)
        self._update(state, updates, True)
        return state

    def _update(self, state: State, updates: Sequence[ir.Update], guard: Truth) -> None:
        for update in updates:
            self.enter(state)
            if update.kind == "when":
                self._update(state, update.block, both(guard, self.symbolic.holds(update.value)))
                continue
            assert update.target is not None
            there, value = self.symbolic.value(update.value)
            held = both(guard, there)
            if held is not False:
                state[update.target] = self._changed(update, update.target, state[update.target], value, held)
            self.enter(state)

    def _changed(self, update: ir.Update, target: ir.Symbol, old: Any, value: Any, guard: Truth) -> Any:
        sort = target.sort
        match update.kind, sort:
            case "assign", _:
                return merged(guard, self._shaped(sort, value), old)
            case "put", t.Map():
                assert update.key is not None
                there, key = self.symbolic.value(update.key)
                held = both(guard, there)
                if held is False:
                    return old
                return self._put(target, old, stored(key), self._shaped(sort.value, value), held)
            case "insert", t.Queue():
                return self._put(target, old, stored(value), (), guard)
            case "insert", t.Set():
                return put(old, stored(value), True, guard)
            case "insert", _:
                return Row((*old.slots, Slot(guard, stored(value))), old.ordered)
            case "remove", t.Map() | t.Set():
                return removed(old, value, guard)
        return without(old, value, guard, last=isinstance(sort, t.Stack))[1]

    def _put(self, target: ir.Symbol, table: Table, key: Any, value: Any, guard: Truth) -> Table:
        if not isinstance(target.sort, t.Queue):
            return put(table, key, value, guard)
        variable = self._variables[target]
        assert variable.key is not None
        for held, one, entry in self._entries(key, value, guard):
            fields = (one, entry) if len(variable.entry) == 2 else (one, *entry)
            self.symbolic.places.update(zip(variable.entry, fields, strict=True))
            there, rank = self.symbolic.value(variable.key)
            table = put(table, one, entry, both(held, there), number(rank))
        return table

    def _entries(self, key: Any, value: Any, guard: Truth) -> Iterator[tuple[Truth, Any, Any]]:
        """What may be put into a queue, identity by identity, so that each has its own rank."""
        for inner, one in keys(key):
            if (held := both(guard, inner)) is not False:
                yield held, one, value

    def _shaped(self, sort: t.Sort, value: Any) -> Any:
        """A value as a variable of that sort keeps it: what is counted with is one number, what is a key stays a choice."""
        if counted(sort):
            return number(value)
        if (
            isinstance(sort, t.Map)
            and t.numeric(sort.value)
            and not isinstance(sort.value, t.Range)
            and isinstance(value, Table)
        ):
            return Table(tuple(Slot(s.guard, s.key, number(s.value), s.rank) for s in value.slots), value.ordered)
        return value


def counted(sort: t.Sort) -> bool:
    """Whether values of a sort are numbers without bounds, which are counted with and are no keys."""
    return t.numeric(sort) and not isinstance(sort, t.Range)
