"""The reference engine: runs events on a system's state, one rule and one update at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tracecourt.engines.evaluate import Evaluator
from tracecourt.engines.primitives import MENTIONS, RANDOM, Code, Registers, Undefined, stored
from tracecourt.engines.queues import KeyedQueue
from tracecourt.engines.values import show
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import symbols

Change = Callable[[Registers], None]
UNDEFINED = "(no value)"  # what a message shows of an expression that has none
Mentions = Callable[[t.Sort], list[Any]]


@dataclass(frozen=True)
class Clause:
    """A rule ready to be asked: `holds` of the registers."""

    rule: ir.Rule
    holds: Code


@dataclass(frozen=True)
class Action:
    """An event ready to be run: where its arguments go, what it requires, what it changes."""

    event: ir.Event
    slots: tuple[int, ...]
    clauses: tuple[Clause, ...]
    changes: tuple[Change, ...]


class Undetermined(Exception):
    """A parameter of the problem has no value: neither given, nor inferred, nor a default."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class Interpreter:
    """A system with its rules and updates compiled to closures; holds no state of any trace."""

    def __init__(self, system: ir.System) -> None:
        self.system = system
        self.evaluator = Evaluator()
        code, slot = self.evaluator.code, self.evaluator.slot
        collected = [system.answer.collected] if system.answer else []
        for symbol in (*system.facts, *(p.symbol for p in system.params), *collected):
            slot(symbol)  # a register even for what no rule speaks of
        self.demands = tuple(Clause(rule, code(rule.condition)) for rule in system.demands)
        self.ending = tuple(Clause(rule, code(rule.condition)) for rule in system.ending)
        self.actions = {name: self._action(event) for name, event in system.events.items()}
        self._initial = [(slot(v.symbol), v, code(v.initial)) for v in system.state]
        self._params = [
            (p, code(p.inferred) if p.inferred else None, code(p.default) if p.default else None) for p in system.params
        ]
        self._slots = [slot(fact) for fact in system.facts], [slot(p.symbol) for p in system.params]
        self._messages: dict[ir.Template, list[str | tuple[ir.Expr, Code]]] = {}
        self._answer = {name: code(e) for name, e in system.answer.clauses.items()} if system.answer else {}
        self.views = {
            (name, part.index): code(part.view)
            for name, shown in system.shown.items()
            for part in shown
            if part.view is not None
        }
        self._initially = tuple(self._change(u) for u in system.initially)
        self._sample = [(s, slot(s.symbol) if s.symbol else 0, code(s.value)) for s in system.sample]
        self._promises: dict[ir.Rule, Code] = {}  # made when they are first asked
        self._functions: dict[ir.Function, tuple[tuple[int, ...], Code]] = {}
        self._histories = {name: slot(symbol) for name, symbol in system.histories.items()}
        for rule in (*system.rules, *system.demands):
            self._messages[rule.message] = self._template(rule.message)

    def _template(self, message: ir.Template) -> list[str | tuple[ir.Expr, Code]]:
        return [p if isinstance(p, str) else (p, self.evaluator.code(p)) for p in message.parts]

    def _action(self, event: ir.Event) -> Action:
        code = self.evaluator.code
        return Action(
            event,
            tuple(self.evaluator.slot(p) for p in event.parameters),
            tuple(Clause(rule, code(rule.condition)) for rule in event.rules),
            tuple(self._change(u) for u in event.updates),
        )

    # ------------------------------------------------------------ updates
    def _change(self, update: ir.Update) -> Change:
        """An update as a function of the registers; one without a value changes nothing."""
        made = self._plain_change(update)

        def change(r: Registers) -> None:
            with suppress(Undefined):
                made(r)

        return change if self._partial(update) else made

    def _partial(self, update: ir.Update) -> bool:
        parts = [update.value, *([update.key] if update.key else [])]
        queue = self._variable(update.target).key if update.target and isinstance(update.target.sort, t.Queue) else None
        return any(map(self.evaluator.partial, [*parts, *([queue] if queue else [])]))

    def _plain_change(self, update: ir.Update) -> Change:
        value = stored(self.evaluator.code(update.value), update.value.sort)
        if update.kind == "when":
            block = [self._change(u) for u in update.block]

            def when(r: Registers) -> None:
                if value(r):
                    for change in block:
                        change(r)

            return when
        assert update.target is not None
        slot, sort = self.evaluator.slot(update.target), update.target.sort
        if update.kind == "put":
            assert update.key is not None
            return self._put(update.target, slot, stored(self.evaluator.code(update.key), update.key.sort), value)
        match update.kind, sort:
            case "assign", t.Map() | t.Set():
                return lambda r: r.__setitem__(slot, dict(value(r)))
            case "assign", t.List():
                return lambda r: r.__setitem__(slot, list(value(r)))
            case "assign", _:
                return lambda r: r.__setitem__(slot, value(r))
            case "insert", t.Set():
                return lambda r: r[slot].__setitem__(value(r), True)
            case "insert", t.List():
                return lambda r: r[slot].append(value(r))
            case "remove", t.Queue():
                return lambda r: r[slot].remove(value(r))
            case "remove", t.Map() | t.Set():
                return lambda r: r[slot].pop(value(r), None)
        return lambda r: drop(r[slot], value(r), last=isinstance(sort, t.Stack))

    def _put(self, target: ir.Symbol, slot: int, key: Code, value: Code) -> Change:
        if not isinstance(target.sort, t.Queue):
            return lambda r: r[slot].__setitem__(key(r), value(r))
        variable = self._variable(target)
        assert variable.key is not None
        order = self.evaluator.code(variable.key)
        fields = [self.evaluator.slot(s) for s in variable.entry]
        single = len(fields) == 2

        def put(r: Registers) -> None:
            element, entry = key(r), value(r)
            for field, part in zip(fields, (element, entry) if single else (element, *entry), strict=True):
                r[field] = part
            r[slot].put(element, entry, order(r))

        return put

    def _variable(self, symbol: ir.Symbol) -> ir.Variable:
        return next(v for v in self.system.state if v.symbol is symbol)

    # ------------------------------------------------------------ problems
    def problem(
        self, facts: Mapping[str, Any], params: Mapping[str, Any], mentions: Mentions
    ) -> tuple[Registers, dict[str, Any], tuple[str, ...]]:
        """Registers that hold a problem and the initial state, every parameter's value, and which were inferred.

        A parameter that the problem does not give is inferred from what the problem and the trace print, within the
        bounds of its sort; where nothing can be inferred its default holds.

        Raises:
            Undetermined: when a parameter has neither.
        """
        r = self.evaluator.registers()
        r[MENTIONS] = mentions
        of_facts, of_params = self._slots
        for slot, fact in zip(of_facts, self.system.facts, strict=True):
            r[slot] = facts[fact.name]
        found, inferred = dict(params), []
        for slot, (param, infer, default) in zip(of_params, self._params, strict=True):
            name = param.symbol.name
            if name not in found:
                value = None if infer is None else self._value(infer, r)
                if value is not None:
                    found[name] = self._clamped(param.symbol.sort, value, r)
                    inferred.append(name)
                elif default is not None:
                    found[name] = default(r)
                else:
                    raise Undetermined(name)
            r[slot] = found[name]
        self.restart(r)
        return r, found, tuple(inferred)

    def _clamped(self, sort: t.Sort, value: Any, r: Registers) -> Any:
        if not isinstance(sort, t.Range):
            return value
        return min(max(value, self.evaluator.code(sort.low)(r)), self.evaluator.code(sort.high)(r))

    def restart(self, r: Registers) -> None:
        """Put the initial state into registers that hold a problem."""
        for slot, variable, initial in self._initial:
            r[slot] = KeyedQueue() if isinstance(variable.symbol.sort, t.Queue) else _copy(initial(r))
        if self.system.answer:
            r[self.evaluator.slot(self.system.answer.collected)] = []
        for change in self._initially:
            change(r)

    def saved(self, r: Registers) -> Registers:
        """A copy of registers in which events can be tried without a trace in the others."""
        answer = self.system.answer
        changing = [v.symbol for v in self.system.state] + ([answer.collected] if answer else [])
        twin = list(r)
        for slot in map(self.evaluator.slot, changing):
            twin[slot] = _copy(twin[slot])
        return twin

    def sampled(self, random: Any, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """The facts of a random problem as the sampler draws them; None when this draw is rejected."""
        r = self.evaluator.registers()
        r[RANDOM], r[MENTIONS] = random, lambda sort: []
        for fact in self.system.facts:
            r[self.evaluator.slot(fact)] = empty(fact.sort)
        for param, _, default in self._params:
            name = param.symbol.name
            r[self.evaluator.slot(param.symbol)] = params[name] if name in params else default(r) if default else None
        for step, slot, value in self._sample:
            found = self._value(value, r)
            if found is None or (step.kind == "reject" and not found):
                return None
            if step.kind != "reject":
                r[slot] = found
                for memo in self.evaluator.memos:
                    r[memo] = {}
        if any(not clause.holds(r) for clause in self.demands):
            return None
        return {fact.name: r[self.evaluator.slot(fact)] for fact in self.system.facts}

    # ------------------------------------------------------------ events
    def bind(self, action: Action, r: Registers, arguments: Sequence[Any]) -> None:
        """Put the arguments of an event into its registers."""
        for slot, value in zip(action.slots, arguments, strict=True):
            r[slot] = value

    def broken(self, action: Action, r: Registers, arguments: Sequence[Any]) -> list[ir.Rule]:
        """The rules that an event breaks in this state, in the order of the specification."""
        self.bind(action, r, arguments)
        return [clause.rule for clause in action.clauses if not clause.holds(r)]

    def apply(self, action: Action, r: Registers, arguments: Sequence[Any]) -> None:
        """Make an event's changes, whether it breaks rules or not."""
        self.bind(action, r, arguments)
        for change in action.changes:
            change(r)
        answer = self.system.answer
        if answer and action.event is answer.event:
            r[self.evaluator.slot(answer.collected)].append(arguments[0] if len(arguments) == 1 else tuple(arguments) or True)

    def unfinished(self, r: Registers) -> list[ir.Rule]:
        """The rules that a trace breaks if it ends in this state."""
        return [clause.rule for clause in self.ending if not clause.holds(r)]

    def demanded(self, r: Registers) -> list[ir.Rule]:
        """The conditions on the problem that it does not meet."""
        return [clause.rule for clause in self.demands if not clause.holds(r)]

    # ------------------------------------------------------------ promises
    def promised(self, rule: ir.Rule, r: Registers, happened: Mapping[str, Sequence[Sequence[Any]]]) -> bool:
        """Whether the rule of a claim, a lemma or a given holds in this state; `message` then tells of it.

        Args:
            rule: what is promised or assumed; it is compiled when it is first asked for.
            r: the registers, which are widened by what the rule needs, and given the histories.
            happened: the arguments of all events so far, by the event's name.

        Raises:
            TooLarge: when a budget ran out.
        """
        if rule not in self._promises:
            self._promises[rule] = self.evaluator.code(rule.condition)
            self._messages[rule.message] = self._template(rule.message)
        self.evaluator.widen(r)
        for name, at in self._histories.items():
            single = len(self.actions[name].slots) == 1
            r[at] = [a[0] if single else tuple(a) for a in happened.get(name, ())]
        return bool(self._promises[rule](r))

    # ------------------------------------------------------------ values
    def message(self, rule: ir.Rule, r: Registers, unknown: Mapping[ir.Symbol, str] | None = None) -> str:
        """A rule's message, the arguments of the event being bound; `unknown` ones are shown by these texts."""
        parts = self._messages[rule.message]
        return "".join(p if isinstance(p, str) else self._shown(*p, r, unknown or {}) for p in parts)

    def _shown(self, e: ir.Expr, code: Code, r: Registers, unknown: Mapping[ir.Symbol, str]) -> str:
        if isinstance(e, ir.Ref) and e.symbol in unknown:
            return unknown[e.symbol]
        if unknown and not unknown.keys().isdisjoint(symbols(e)):
            return UNDEFINED
        try:
            return show(code(r))
        except Undefined:
            return UNDEFINED

    def value(self, e: ir.Expr, r: Registers) -> Any:
        """The value of an expression, or None where it has none."""
        return self._value(self.evaluator.code(e), r)

    def function(self, function: ir.Function) -> tuple[tuple[int, ...], Code]:
        """A function for its own sake: where its arguments go, and its value; registers made before are to be widened."""
        if function not in self._functions:
            own = [ir.Symbol(p.name, p.sort, "local") for p in function.parameters]
            call = ir.Call(function.sort, function.span, function, tuple(ir.Ref(s.sort, function.span, s) for s in own))
            self._functions[function] = tuple(map(self.evaluator.slot, own)), self.evaluator.code(call)
        return self._functions[function]

    def judged(self, clause: str, r: Registers) -> Any:
        """The value of a clause on the answer, or None where it has none or is not given."""
        code = self._answer.get(clause)
        return None if code is None else self._value(code, r)

    def _value(self, code: Code, r: Registers) -> Any:
        try:
            return code(r)
        except Undefined:
            return None

    def state(self, r: Registers) -> dict[str, Any]:
        """Every state variable's value; the values are the live ones."""
        return {v.symbol.name: r[self.evaluator.slot(v.symbol)] for v in self.system.state}


def empty(sort: t.Sort) -> Any:
    """The value of a fact that no one stated: an empty collection, or None."""
    if isinstance(sort, t.List):
        return []
    return {} if isinstance(sort, t.Collection) else None


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, (dict, list, KeyedQueue)) else value


def drop(values: list[Any], value: Any, *, last: bool) -> None:
    """Remove one occurrence: a stack's topmost, else the first."""
    if value in values:
        at = len(values) - 1 - values[::-1].index(value) if last else values.index(value)
        del values[at]
