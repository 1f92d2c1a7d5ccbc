"""Typed expressions → Python closures over one list of registers.

Functions do not recurse, so each symbol of a system has one register of its own. An expression without a value raises
`Undefined`; an atom (a comparison, a membership, a truth value taken from a map or a function) with a term without a value
is false. docs/spec-language.md gives the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from tracecourt.engines.primitives import (
    MEMBERS,
    MENTIONS,
    RANDOM,
    Code,
    Registers,
    TooLarge,
    Undefined,
    display,
    member,
    primitive,
    stored,
    thaw,
)
from tracecourt.engines.search import SEARCH_LIMIT, cheapest, least_costs
from tracecourt.engines.values import Check, bounds, freeze, whole
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.builtins import PARTIAL_OPERATORS
from tracecourt.spec.rewrite import limits

CONNECTIVES = frozenset({"and", "or", "not", "=>"})


class Evaluator:
    """Compiles the expressions of one system; `registers()` makes a fresh list for a problem."""

    def __init__(self) -> None:
        self._slots: dict[ir.Symbol, int] = {}
        self._functions: dict[ir.Function, Code] = {}
        self._memos: dict[ir.Function | ir.Distances, int] = {}
        self._size = 2
        self._checks: dict[int, Check | None] = {}
        self._pure: dict[ir.Function, bool] = {}
        self._partial: dict[ir.Function, bool] = {}

    # ------------------------------------------------------------ registers
    def slot(self, symbol: ir.Symbol) -> int:
        """The register of a symbol."""
        if symbol not in self._slots:
            self._slots[symbol] = self._allocate()
        return self._slots[symbol]

    @property
    def memos(self) -> list[int]:
        """The registers that remember values of the problem; they are cleared when a fact changes."""
        return list(self._memos.values())

    def memo(self, f: ir.Function) -> int | None:
        """The register that remembers a function's values by its argument, if it depends on nothing else."""
        if not self.pure_function(f) or len(f.parameters) > 1 or isinstance(f.body, (ir.Const, ir.Ref)):
            return None
        return self._memo(f)

    def _memo(self, of: ir.Function | ir.Distances) -> int:
        if of not in self._memos:
            self._memos[of] = self._allocate()
        return self._memos[of]

    def registers(self) -> Registers:
        """A fresh list of registers."""
        fresh: Registers = [None] * self._size
        for slot in self.memos:
            fresh[slot] = {}
        return fresh

    def widen(self, r: Registers) -> None:
        """Give registers that were made before some expressions were compiled what these need."""
        r += self.registers()[len(r) :]

    def _allocate(self) -> int:
        self._size += 1
        return self._size - 1

    def check(self, sort: t.Sort) -> Check | None:
        """Why a value lies outside a sort; None when nothing can."""
        if id(sort) not in self._checks:
            self._checks[id(sort)] = bounds(sort, self.code)
        return self._checks[id(sort)]

    # ------------------------------------------------------------ definedness
    def partial(self, e: ir.Expr) -> bool:
        """Whether an expression may have no value."""
        match e:
            case ir.Const() | ir.Ref() | ir.Mentioned():
                return False
            case ir.Quantifier(binding=b):
                return self.partial(b.source)
            case ir.Within(value=value, of=of):
                return self.partial(value) or any(map(self.partial, limits(of)))
            case ir.Inhabitants(of=of):
                return any(map(self.partial, limits(of)))
            case ir.Least() | ir.Distance() | ir.Replay():
                return True
            case ir.Distances(start=start, successors=f):
                return self.partial(start) or self.partial_function(f)
            case ir.Project(base=base):
                return self.partial(base)
            case ir.Display(items=items):
                return any(map(self.partial, items))
            case ir.Call(function=f, args=args):
                return any(map(self.partial, args)) or self.partial_function(f)
            case ir.Each(head=head, binding=b):
                return any(map(self.partial, head)) or self.partial(b.source)
            case ir.Prim(op=op, args=args):
                if op in CONNECTIVES:
                    return False
                if op == "??":
                    return self.partial(args[1])
                return op in PARTIAL_OPERATORS or any(map(self.partial, args))
        raise AssertionError(e)

    def partial_function(self, f: ir.Function) -> bool:
        """Whether a function may have no value though its arguments have one."""
        if f not in self._partial:
            self._partial[f] = f.sort != t.BOOL and self.partial(f.body)
        return self._partial[f]

    def pure(self, e: ir.Expr) -> bool:
        """Whether a value depends on the problem only, not on the state or on chance."""
        match e:
            case ir.Const() | ir.Inhabitants():
                return True
            case ir.Ref(symbol=symbol):
                return symbol.kind != "state"
            case ir.Project(base=base):
                return self.pure(base)
            case ir.Display(items=items):
                return all(map(self.pure, items))
            case ir.Call(function=f, args=args):
                return self.pure_function(f) and all(map(self.pure, args))
            case ir.Each(head=head, binding=b):
                return all(map(self.pure, head)) and self._pure_binding(b)
            case ir.Quantifier(binding=b, body=body):
                return self.pure(body) and self._pure_binding(b)
            case ir.Least(binding=b, key=key):
                return self.pure(key) and self._pure_binding(b)
            case ir.Within(value=value):
                return self.pure(value)
            case ir.Distance(start=start, successors=f, goal=g):
                return self.pure(start) and self.pure_function(f) and self.pure_function(g)
            case ir.Distances(start=start, successors=f):
                return self.pure(start) and self.pure_function(f)
            case ir.Replay(start=start, actions=actions, step=f):
                return self.pure(start) and self.pure(actions) and self.pure_function(f)
            case ir.Prim(op=op, args=args):
                return op not in ("between", "pick", "choose", "chance", "shuffled") and all(map(self.pure, args))
        return False

    def pure_function(self, f: ir.Function) -> bool:
        """Whether a function depends on its arguments and the problem only."""
        if f not in self._pure:
            self._pure[f] = self.pure(f.body)
        return self._pure[f]

    def _pure_binding(self, b: ir.Binding) -> bool:
        return self.pure(b.source) and (b.guard is None or self.pure(b.guard))

    # ------------------------------------------------------------ code
    def code(self, e: ir.Expr) -> Code:
        """The closure of an expression; an atom without a value is false."""
        made = self._code(e)
        atom = e.sort == t.BOOL and not (isinstance(e, ir.Prim) and (e.op in CONNECTIVES or e.op == "if"))
        if not atom or not self.partial(e):
            return made

        def guarded(r: Registers) -> Any:
            try:
                return made(r)
            except Undefined:
                return False

        return guarded

    def _code(self, e: ir.Expr) -> Code:
        match e:
            case ir.Const(value=value):
                constant = whole(value) if isinstance(value, Fraction) else thaw(value)
                return lambda r: constant
            case ir.Ref(symbol=symbol):
                slot = self.slot(symbol)
                return lambda r: r[slot]
            case ir.Project(base=base, index=index):
                inner = self.code(base)
                return lambda r: inner(r)[index]
            case ir.Display(kind=kind, items=items):
                return display(kind, [stored(self.code(i), i.sort) for i in items])
            case ir.Call():
                return self._call(e)
            case ir.Each():
                return self._each(e)
            case ir.Quantifier(kind=kind, binding=binding, body=body):
                go, holds = self.iterate(binding), self.code(body)
                if kind == "all":
                    return lambda r: all(holds(r) for _ in go(r))
                return lambda r: any(holds(r) for _ in go(r))
            case ir.Least(binding=binding, key=key):
                return self._least(binding, key)
            case ir.Within(value=value, of=of):
                inner, check = self.code(value), self.check(of)
                return (lambda r: (inner(r), True)[1]) if check is None else (lambda r: not check(r, inner(r)))
            case ir.Inhabitants(of=of):
                return self.inhabitants(of)
            case ir.Mentioned(of=of):
                return lambda r: r[MENTIONS](of)
            case ir.Distance():
                return self._distance(e)
            case ir.Distances():
                return self._distances(e)
            case ir.Prim(op="in", args=(value, ir.Prim(op=family, args=(first, second)))) if family in MEMBERS:
                return member(family, self.code(value), self.code(first), self.code(second))
            case ir.Replay():
                return self._replay(e)
            case ir.Prim():
                return primitive(e, [self.code(a) for a in e.args])
        raise AssertionError(e)

    def _call(self, e: ir.Call) -> Code:
        f = e.function
        args = [self.code(a) for a in e.args]
        slots = [self.slot(p) for p in f.parameters]
        body = self._body(f)
        if len(args) == 1:
            only, slot = args[0], slots[0]

            def call_one(r: Registers) -> Any:
                r[slot] = only(r)
                return body(r)

            return call_one

        def call(r: Registers) -> Any:
            values = [a(r) for a in args]
            for slot, value in zip(slots, values, strict=True):
                r[slot] = value
            return body(r)

        return call

    def _body(self, f: ir.Function) -> Code:
        """A function's body, remembered per problem when it depends on nothing else."""
        if f in self._functions:
            return self._functions[f]
        body, memo = self.code(f.body), self.memo(f)
        if memo is not None:
            slots = [self.slot(p) for p in f.parameters]
            slot = slots[0] if slots else RANDOM

            def remembered(r: Registers) -> Any:
                cache, argument = r[memo], r[slot] if slots else None
                try:
                    return cache[argument]
                except KeyError:
                    cache[argument] = value = body(r)
                    return value
                except TypeError:
                    return body(r)

            self._functions[f] = remembered
        else:
            self._functions[f] = body
        return self._functions[f]

    # ------------------------------------------------------------ collections
    def iterate(self, b: ir.Binding) -> Callable[[Registers], Iterator[None]]:
        """Binds the symbols to each element in turn."""
        source, slots = self.code(b.source), [self.slot(s) for s in b.symbols]
        guard = None if b.guard is None else self.code(b.guard)
        pairs = len(slots) > 1 and isinstance(b.source.sort, t.Map)
        if len(slots) == 1:
            slot = slots[0]

            def one(r: Registers) -> Iterator[None]:
                for element in list(source(r)):
                    r[slot] = element
                    if guard is None or guard(r):
                        yield

            return one

        def several(r: Registers) -> Iterator[None]:
            value = source(r)
            for element in list(value.items() if pairs else value):
                for slot, part in zip(slots, element, strict=True):
                    r[slot] = part
                if guard is None or guard(r):
                    yield

        return several

    def _each(self, e: ir.Each) -> Code:
        go, heads = self.iterate(e.binding), [stored(self.code(h), h.sort) for h in e.head]
        head = heads[0]
        if e.kind == "list":
            return lambda r: [head(r) for _ in go(r)]
        if e.kind == "set":
            return lambda r: {head(r): True for _ in go(r)}
        value = heads[1]
        return lambda r: {head(r): value(r) for _ in go(r)}

    def _least(self, binding: ir.Binding, key: ir.Expr) -> Code:
        go, by, slot = self.iterate(binding), self.code(key), self.slot(binding.symbols[0])

        def least(r: Registers) -> Any:
            found, lowest = None, None
            for _ in go(r):
                value = by(r)
                if lowest is None or value < lowest:
                    found, lowest = r[slot], value
            if lowest is None:
                raise Undefined
            return found

        return least

    def inhabitants(self, sort: t.Sort) -> Code:
        """The closure that lists all values of a sort; it raises `TooLarge` where they are too many."""
        match sort:
            case t.Range(low=low, high=high):
                lower, upper = self.code(low), self.code(high)

                def numbers(r: Registers) -> Any:
                    if upper(r) - lower(r) > SEARCH_LIMIT:
                        raise TooLarge
                    return range(lower(r), upper(r) + 1)

                return numbers
            case t.Enum(members=members):
                return lambda r: members
            case t.Bool():
                return lambda r: (False, True)
            case t.Tuple(fields=fields):
                inner = [self.inhabitants(f) for _, f in fields]

                def product(r: Registers) -> Any:
                    rows: list[tuple[Any, ...]] = [()]
                    for part in inner:
                        values = part(r)
                        if len(rows) * len(values) > SEARCH_LIMIT:
                            raise TooLarge
                        rows = [(*row, v) for row in rows for v in values]
                    return rows

                return product

        def infinite(r: Registers) -> Any:
            raise TooLarge

        return infinite

    # ------------------------------------------------------------ search
    def _replay(self, e: ir.Replay) -> Code:
        start, actions, step = stored(self.code(e.start), e.start.sort), self.code(e.actions), self._body(e.step)
        node_slot, action_slot = (self.slot(p) for p in e.step.parameters)

        def replay(r: Registers) -> Any:
            nodes = [start(r)]
            for action in list(actions(r)):
                r[node_slot], r[action_slot] = nodes[-1], action
                reached = freeze(step(r))
                if reached is None:
                    raise Undefined
                nodes.append(reached)
            return nodes

        return replay

    def _distance(self, e: ir.Distance) -> Code:
        start = stored(self.code(e.start), e.start.sort)
        successors, goal = self._body(e.successors), self._body(e.goal)
        node_slot, goal_slot = self.slot(e.successors.parameters[0]), self.slot(e.goal.parameters[0])

        def distance(r: Registers) -> Any:
            def further(node: Any) -> Any:
                r[node_slot] = node
                return successors(r)

            def reached(node: Any) -> Any:
                r[goal_slot] = node
                return goal(r)

            return cheapest(start(r), further, reached, e.limit)

        return distance

    def _distances(self, e: ir.Distances) -> Code:
        """Remembered per problem by the node where the search begins, if the successors depend on nothing else."""
        start, successors = stored(self.code(e.start), e.start.sort), self._body(e.successors)
        node_slot = self.slot(e.successors.parameters[0])
        memo = self._memo(e) if self.pure_function(e.successors) else None

        def distances(r: Registers) -> Any:
            def further(node: Any) -> Any:
                r[node_slot] = node
                return successors(r)

            origin = start(r)
            if memo is None:
                return least_costs(origin, further)
            if origin not in r[memo]:
                r[memo][origin] = least_costs(origin, further)
            return r[memo][origin]

        return distances
