"""A run that is told, of whose problem or settings something is left open: what its rules say of that.

The run is followed by the reference engine. So nothing but the order of queues may depend on what is open, and rules; where the
state itself does, there is no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.primitives import Code, Registers, Undefined
from tracecourt.engines.queues import KeyedQueue
from tracecourt.engines.symbolic.evaluate import UNFOUND, Symbolic
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.engines.symbolic.terms import NotSymbolic, Truth
from tracecourt.engines.symbolic.values import Slot, Table, opened
from tracecourt.engines.symbolic.world import Found, World
from tracecourt.spec import ir
from tracecourt.spec.rewrite import inside, symbols

RANKS = ("key", "best", "bests")  # what is asked of a queue and depends on its order
Said = tuple[int, ir.Rule, Truth]  # an event, the number of events for the end, a rule, and when it keeps it


class OutOfTime(Exception):
    """The time is up."""


class Dependence:
    """What depends on something that is open: a symbol or functions."""

    def __init__(self, system: ir.System, named: Iterable[ir.Symbol] = (), functions: Iterable[ir.Function] = ()) -> None:
        self.symbols, self.functions = frozenset(named), frozenset(functions)
        self.ranked: frozenset[ir.Symbol] = frozenset()
        self.ranked = frozenset(v.symbol for v in system.state if v.key is not None and self.on(v.key))

    def on(self, e: ir.Expr) -> bool:
        """Whether the value of an expression may."""
        return any(map(self._directly, inside(e)))

    def _directly(self, e: ir.Expr) -> bool:
        match e:
            case ir.Ref(symbol=symbol):
                return symbol in self.symbols
            case ir.Call(function=function):
                return function in self.functions
            case ir.Prim(op=op, args=(ir.Ref(symbol=queue), *_)) if op in RANKS:
                return queue in self.ranked
        return False

    def settled(self, system: ir.System) -> None:
        """Make sure that the state depends on nothing open, but for the order of queues.

        Raises:
            NotSymbolic: when it does.
        """
        for variable in system.state:
            if self.on(variable.initial):
                raise NotSymbolic(f"the value of {variable.symbol.name} depends on what is open")
            if variable.key is not None and any(symbol.kind == "state" for symbol in symbols(variable.key)):
                raise NotSymbolic(f"the order of {variable.symbol.name} depends on the state")
        for update in (*system.initially, *(u for event in system.events.values() for u in event.updates)):
            self._settled(update)

    def _settled(self, update: ir.Update) -> None:
        if any(self.on(e) for e in (update.key, update.value) if e is not None):
            name = "the state" if update.target is None else update.target.name
            raise NotSymbolic(f"the value of {name} depends on what is open")
        for inner in update.block:
            self._settled(inner)


class Told:
    """A run that is told. What is open has its values in `symbolic`: in its `places`, and in its `unknown` functions."""

    def __init__(self, interpreter: Interpreter, r: Registers, world: World, dependence: Dependence) -> None:
        """`r`: registers that hold the problem and the initial state; they are led through the run.

        Raises:
            NotSymbolic: when the state depends on what is open.
        """
        self.interpreter, self.system, self.r = interpreter, interpreter.system, r
        self.dependence = dependence
        dependence.settled(self.system)
        self.symbolic = Symbolic(world)
        for symbol in (*self.system.facts, *(p.symbol for p in self.system.params)):
            self.symbolic.places[symbol] = opened(self._register(symbol))
        self._codes: dict[ir.Function, tuple[Sequence[int], Code] | None] = {}
        self.symbolic.reference = self._known
        self._queues = {v.symbol: v for v in self.system.state if v.key is not None}
        self._ranks: dict[tuple[ir.Symbol, Any, Any], Slot] = {}
        rules = (*self.system.rules, *self.system.ending)
        self._needs: Mapping[ir.Rule, tuple[ir.Symbol, ...]] = {
            rule: tuple(dict.fromkeys(s for s in symbols(rule.condition) if s.kind == "state"))
            for rule in rules
            if dependence.on(rule.condition)
        }

    def said(
        self, events: Iterable[tuple[str, Sequence[Any]]], *, ended: bool, levels: Sequence[str], limits: Limits
    ) -> Iterator[Said]:
        """For each event, which is believed, and each of its rules that asks for what is open: when it keeps the rule.

        Rules of sound levels that do not are told where they are broken.

        Raises:
            NotSymbolic: when a rule has no formula.
            OutOfTime: when the time is up.
        """
        count = 0
        for index, (name, arguments) in enumerate(events):
            if limits.over:
                raise OutOfTime
            action = self.interpreter.actions[name]
            self.interpreter.bind(action, self.r, arguments)
            for clause in action.clauses:
                if clause.rule in self._needs:
                    if clause.rule.level in levels:
                        self.symbolic.places.update(zip(action.event.parameters, map(opened, arguments), strict=True))
                        yield index, clause.rule, self._holds(clause.rule)
                elif clause.rule.level in ir.SOUND_LEVELS and not clause.holds(self.r):
                    yield index, clause.rule, False
            self.interpreter.apply(action, self.r, arguments)
            count = index + 1
        for clause in self.interpreter.ending if ended else ():
            if clause.rule not in self._needs:
                if not clause.holds(self.r):
                    yield count, clause.rule, False
            elif clause.rule.level in levels:
                yield count, clause.rule, self._holds(clause.rule)

    def depends(self, rule: ir.Rule) -> bool:
        """Whether a rule asks for what is open."""
        return rule in self._needs

    def _known(self, function: ir.Function, values: Sequence[Any]) -> Found | None:
        """What the reference says that a function of the problem is; None where it depends on what is open."""
        if function not in self._codes:
            open_ended = self.dependence.on(function.body)
            self._codes[function] = None if open_ended else self.interpreter.function(function)
            self.interpreter.evaluator.widen(self.r)
        found = self._codes[function]
        if found is None:
            return None
        for slot, value in zip(found[0], values, strict=True):
            self.r[slot] = value
        try:
            return True, opened(found[1](self.r))
        except Undefined:
            return UNFOUND

    def _holds(self, rule: ir.Rule) -> Truth:
        for symbol in self._needs[rule]:
            self.symbolic.places[symbol] = self._state(symbol)
        return self.symbolic.holds(rule.condition)

    def _register(self, symbol: ir.Symbol) -> Any:
        return self.r[self.interpreter.evaluator.slot(symbol)]

    def _state(self, symbol: ir.Symbol) -> Any:
        value = self._register(symbol)
        if not isinstance(value, KeyedQueue):
            return opened(value)
        return Table(tuple(self._slot(self._queues[symbol], element, entry) for element, entry in value.items()))

    def _slot(self, variable: ir.Variable, element: Any, entry: Any) -> Slot:
        """An entry of a queue with its rank, which depends on the problem and the entry only."""
        known = variable.symbol, element, entry
        if known not in self._ranks:
            fields = (element, entry) if len(variable.entry) == 2 else (element, *entry)
            self.symbolic.places.update(zip(variable.entry, map(opened, fields), strict=True))
            assert variable.key is not None
            there, rank = self.symbolic.value(variable.key)
            self._ranks[known] = Slot(there, element, opened(entry), rank)
        return self._ranks[known]
