"""Calls of functions: remembered by argument, shared within an event, kept for many traces, or written out where they stand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile

from tracecourt.engines.evaluate import Evaluator
from tracecourt.engines.source import REMEMBERED, Draft, Lines, Tables
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import symbols


class Calls(Draft):
    """What a writer of expressions knows of functions."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self.functions: list[str] = []
        self.memos: dict[str, tuple[str, int]] = {}  # by name: the function and the register
        self.rebound: set[ir.Symbol] = set()  # state variables that are assigned: functions must be told their values
        self.tables: dict[str, list[tuple[str, str]]] = {}  # by function that is remembered: names for what lasts, and its text
        # Values of functions of an event's arguments that are found whatever happens at this depth, by function and arguments.
        self.shared: dict[tuple[ir.Function | str, ...], str] | None = None
        self.given: set[str] = set()
        self.depth = 0
        self.present: set[str] = set()  # names of values that are not none where something is written
        self._argument: ir.Symbol | None = None  # of the function that is written, if its values are remembered
        self._owner = ""  # its name

    @abstractmethod
    def value(self, e: ir.Expr) -> str:
        """The text of an expression's value."""

    @abstractmethod
    def values(self, expressions: Sequence[ir.Expr], made: Callable[[ir.Expr], str] | None = None) -> list[str]:
        """The texts of several values, which are found in this order."""

    @abstractmethod
    def stored(self, e: ir.Expr) -> str:
        """The text of a value that is put into another."""

    def any_partial(self, *expressions: ir.Expr) -> bool:
        """Whether one of some expressions may have no value."""
        return any(map(self.evaluator.partial, expressions))

    @contextmanager
    def sharing(self, given: set[str]) -> Iterator[None]:
        """What is written inside belongs to one event with these names of arguments: values may be found once for all of it."""
        self.shared, self.given, self.depth = {}, given, self.out.depth
        yield
        self.shared = None

    @contextmanager
    def knowing(self, condition: ir.Expr, *, holds: bool) -> Iterator[None]:
        """What is written inside is done only where a condition holds, or does not."""
        found: set[str] = set()
        for part in conjuncts(condition) if holds else (condition,):
            match part:
                case ir.Prim(op="!=" | "=" as op, args=(ir.Ref(symbol=symbol), ir.Const(value=None))) if (op == "!=") == holds:
                    found.add(self.scope[symbol])
        found -= self.present
        self.present |= found
        yield
        self.present -= found

    def call(self, e: ir.Call) -> str:
        """The text of a call: remembered, written out, or a call of a function that is written."""
        f = e.function
        args = self.values(e.args)
        if self.memo(f) is not None:
            remembered = self._remembered(f)
            if not args:
                return f"{remembered}[None]"  # a function without parameters has one value
            return f"{remembered}.of({args[0]})" if t.compound(f.parameters[0].sort) else f"{remembered}[{args[0]}]"
        if self.inline(f):
            key: tuple[ir.Function | str, ...] = (f, *args)
            lasts = self.shared is not None and self.sum(f.body) and all(arg in self.given for arg in args)
            if self.shared is not None and key in self.shared:
                return self.shared[key]
            with self.bound(dict(zip(f.parameters, map(self.held, args), strict=True))):
                text = self.held(self.value(f.body))
            if lasts and self.shared is not None and self.out.depth == self.depth:
                self.shared[key] = text
            return text
        return f"{self._function(f)}({', '.join([*args, *(self.scope[s] for s in self.told(f))])})"

    def callable_of(self, f: ir.Function) -> str:
        """What gives the values of a function of one argument."""
        if self.memo(f) is None:
            return self._function(f)
        return f"{self._remembered(f)}.{'of' if t.compound(f.parameters[0].sort) else '__getitem__'}"

    def told(self, f: ir.Function) -> list[ir.Symbol]:
        """The state variables whose values a function must be told."""
        return [s for s in dict.fromkeys(symbols(f.body)) if s in self.rebound]

    def _function(self, f: ir.Function) -> str:
        """The name of the function that is written for one of the specification."""
        if f in self._names:
            return self._names[f]
        name, told = self.name(f), self.told(f)
        names = {s: self.name(s) for s in (*f.parameters, *told)}
        unused = "_" if not f.parameters and self.memo(f) is not None else ""
        outer = {s: self.scope[s] for s in told if s in self.scope}
        head = f"def {name}({', '.join(names.values()) or unused}):"
        before, shared = (self._argument, self._owner), self.shared
        self.shared = None
        self._argument, self._owner = f.parameters[0] if f.parameters and self.memo(f) is not None else None, name
        with self.elsewhere(Lines(1)) as lines, self.bound(names), lines.block(head):
            lines.add(f"return {self.value(f.body)}")
        (self._argument, self._owner), self.shared = before, shared
        self.scope |= outer
        self.functions.append("\n".join(lines.lines))
        return name

    def _remembered(self, f: ir.Function) -> str:
        """The name of the memory of a function."""
        name = f"{self._function(f)}_of"
        slot = self.memo(f)
        assert slot is not None
        self.memos[name] = (self.name(f), slot)
        return name

    # ------------------------------------------------------------ what outlives a trace
    def lasting(self, b: ir.Binding) -> tuple[str, tuple[ir.Expr, ...]] | None:
        """Elements of which the argument of a function and the parameters decide, whatever the facts: these are found once for
        many traces. With the conditions that are still to be asked.
        """
        argument, guards = self._argument, conjuncts(b.guard)
        settled = tuple(takewhile(self._lasts, guards))
        asked = sum(map(self.size, (b.source, *settled)))
        if argument is None or len(b.symbols) > 1 or asked <= REMEMBERED or not self._lasts(b.source):
            return None
        if not isinstance(b.source.sort, (t.List, t.Set)) or any(map(t.compound, (argument.sort, b.source.sort.element))):
            return None
        name, own = self.fresh("near"), self.name(argument)
        self._argument = None
        symbol, sort, span = b.symbols[0], t.List(b.source.sort.element), b.source.span
        guard = ir.Prim(t.BOOL, span, "and", settled) if settled else None
        each = ir.Each(sort, span, "list", (ir.Ref(symbol.sort, span, symbol),), ir.Binding(b.symbols, b.source, guard))
        with self.elsewhere(Lines(1)) as lines, lines.block(f"def {name}({own}):"):
            lines.add(f"return {self.value(each)}")
        self._argument = argument
        if any("(r)" in line for line in lines.lines):  # what is asked of registers lasts no longer than they do
            return None
        self.functions.append("\n".join(lines.lines))
        used = [s for s in dict.fromkeys(symbols(each)) if s.kind == "param"]
        key = "".join(f"{self._hashed(s)}, " for s in used)
        text = f"{self.object(Tables(), 'tables')}.of(({key}), {name})"
        self.tables.setdefault(self._owner, []).append((f"{name}_of", text))
        return f"{name}_of[{own}]", guards[len(settled) :]

    def _hashed(self, parameter: ir.Symbol) -> str:
        """A parameter as a part of a key; what lists hold is frozen."""
        name, sort = self.scope[parameter], parameter.sort
        return f"tuple({name})" if isinstance(sort, t.List) else f"frozen({name})" if t.compound(sort) else name

    def _lasts(self, e: ir.Expr) -> bool:
        """Whether nothing decides of a value but parameters and the argument of the function that is written."""
        used = set(symbols(e))
        known = {s for s in used if s.kind == "local" and s in self.scope}
        return all(s.kind in ("param", "local") for s in used) and known <= {self._argument} and not self.heavy(e)

    # ------------------------------------------------------------ least costs
    def distance(self, e: ir.Distance) -> str:
        """The text of a search for the least cost, by steps where each costs 1."""
        origin, further, goal = self.stored(e.start), self.callable_of(e.successors), e.goal
        if e.limit is not None or not self.unit_steps(e.successors.body) or self.heavy(e.successors.body):
            return f"shortest({origin}, {further}, {self.callable_of(goal)}, {e.limit})"
        match goal.body:
            case ir.Prim(op="=", args=(ir.Ref(symbol=node), ir.Ref(symbol=fact))) if (
                node is goal.parameters[0] and fact.kind in ("fact", "param") and not t.compound(fact.sort)
            ):
                return f"steps_to({origin}, {further}, {self.scope[fact]})"
        return f"steps({origin}, {further}, {self.callable_of(goal)})"

    def unit_steps(self, e: ir.Expr) -> bool:
        """Whether successors always have a value, and cost 1 each."""
        match e:
            case ir.Each(kind="map", head=(_, ir.Const(value=1))):
                return not self.evaluator.partial(e)
            case ir.Prim(op="if", args=(_, then, otherwise)):
                return self.unit_steps(then) and self.unit_steps(otherwise)
            case ir.Call(function=f, args=args):
                return self.unit_steps(f.body) and not self.any_partial(*args)
        return False


def conjuncts(guard: ir.Expr | None) -> tuple[ir.Expr, ...]:
    """The conditions that a guard joins."""
    match guard:
        case None:
            return ()
        case ir.Prim(op="and", args=args):
            return tuple(c for a in args for c in conjuncts(a))
    return (guard,)
