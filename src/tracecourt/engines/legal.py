"""The other direction: from a state to the events that a rule book allows in it.

The rules themselves say where arguments come from: `g = open[n]` computes one, `n in open` lists candidates, a premise
tells when. What no rule names is taken from the sort, if that is finite. Every candidate is then asked against all rules,
so the answer is exact whatever the order of the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracecourt.engines.evaluate import TooLarge
from tracecourt.engines.interpreter import Action, Interpreter
from tracecourt.engines.primitives import Code, Registers, Undefined
from tracecourt.engines.values import freeze
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import atoms, empty, symbols

CANDIDATES = 20_000
Proposals = Callable[[t.Sort], Sequence[Any]]


@dataclass(frozen=True)
class _Source:
    """Where values of a parameter come from: `values` once the parameters at `needs` are bound and `premises` hold."""

    rule: ir.Rule
    needs: frozenset[int]
    premises: tuple[Code, ...]
    values: Code
    single: bool


@dataclass(frozen=True)
class _Plan:
    action: Action
    sources: tuple[tuple[_Source, ...], ...]
    fallbacks: tuple[Code, ...]
    early: tuple[tuple[ir.Rule, Code], ...]


class LegalEvents:
    """Lists the events that may happen in a state."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self._plans = [self._plan(action) for action in interpreter.actions.values()]

    def legal(self, r: Registers, levels: Iterable[str] = ir.SOUND_LEVELS) -> Iterator[tuple[Action, tuple[Any, ...]]]:
        """Every event that breaks no rule of the levels, the answer's events excepted."""
        answer = self.interpreter.system.answer
        for plan in self._plans:
            if not (answer and plan.action.event is answer.event):
                yield from ((plan.action, arguments) for arguments in self.arguments(plan.action, r, levels))

    def arguments(self, action: Action, r: Registers, levels: Iterable[str] = ir.SOUND_LEVELS) -> Iterator[tuple[Any, ...]]:
        """The arguments with which an event breaks no rule of the levels."""
        plan, wanted = self._of(action), frozenset(levels)
        if any(rule.level in wanted and not holds(r) for rule, holds in plan.early):
            return
        clauses = [c.holds for c in action.clauses if c.rule.level in wanted]
        asked = tuple(tuple(s for s in found if s.rule.level in wanted) for found in plan.sources)
        for arguments in self._candidates(replace(plan, sources=asked), r):
            self.interpreter.bind(action, r, arguments)
            if all(holds(r) for holds in clauses):
                yield arguments

    def breaking(self, action: Action, rule: ir.Rule, r: Registers, extra: Proposals) -> Iterator[tuple[Any, ...]]:
        """Arguments with which an event breaks this rule before any other; `extra` proposes values of a sort.

        A parameter that the rule speaks of follows the rules before it; the others follow all that can be followed.
        """
        plan, clauses = self._of(action), list(action.clauses)
        at = next(i for i, c in enumerate(clauses) if c.rule is rule)
        before = {c.rule for c in clauses[:at] if c.rule.level in ir.SOUND_LEVELS}
        spoken = self._needs((rule.condition,), {p: i for i, p in enumerate(action.event.parameters)})
        free = tuple(
            tuple(s for s in found if s.rule in before or (s.rule is not rule and index not in spoken))
            for index, found in enumerate(plan.sources)
        )
        for arguments in self._candidates(replace(plan, sources=free), r, extra):
            self.interpreter.bind(action, r, arguments)
            if all(c.holds(r) for c in clauses[:at] if c.rule.level in ir.SOUND_LEVELS) and not clauses[at].holds(r):
                yield arguments

    def _of(self, action: Action) -> _Plan:
        return next(plan for plan in self._plans if plan.action is action)

    # ------------------------------------------------------------ plans
    def _plan(self, action: Action) -> _Plan:
        parameters = {symbol: index for index, symbol in enumerate(action.event.parameters)}
        sources: list[list[_Source]] = [[] for _ in parameters]
        early = []
        for clause in action.clauses:
            if not self._needs((clause.rule.condition,), parameters):
                early.append((clause.rule, clause.holds))
            for premises, atom in atoms(clause.rule.condition):
                for symbol, values, single in _definitions(atom, parameters):
                    needs = self._needs((*premises, values), parameters)
                    if parameters[symbol] not in needs:
                        codes = tuple(self.interpreter.evaluator.code(p) for p in premises)
                        code = self.interpreter.evaluator.code(values)
                        sources[parameters[symbol]].append(_Source(clause.rule, needs, codes, code, single))
        fallbacks = tuple(self.interpreter.evaluator.inhabitants(p.sort) for p in parameters)
        ordered = tuple(tuple(sorted(found, key=lambda s: not s.single)) for found in sources)
        return _Plan(action, ordered, fallbacks, tuple(early))

    def _needs(self, expressions: Sequence[ir.Expr], parameters: dict[ir.Symbol, int]) -> frozenset[int]:
        return frozenset(parameters[s] for e in expressions for s in symbols(e) if s in parameters)

    # ------------------------------------------------------------ candidates
    def _candidates(self, plan: _Plan, r: Registers, extra: Proposals | None = None) -> Iterator[tuple[Any, ...]]:
        """Arguments that may be legal; a superset of the legal ones unless the budget ran out."""
        slots, total = plan.action.slots, len(plan.action.slots)
        seen: set[Any] = set()
        budget = [CANDIDATES]

        def fill(bound: frozenset[int]) -> Iterator[tuple[Any, ...]]:
            if len(bound) == total:
                arguments = tuple(freeze(r[slot]) for slot in slots)
                key = repr(arguments)
                if key not in seen:
                    seen.add(key)
                    yield arguments
                return
            index, values = self._next(plan, r, bound, extra)
            held = [(slot, r[slot]) for i, slot in enumerate(slots) if i in bound]
            for value in values:
                budget[0] -= 1
                if budget[0] < 0:
                    raise TooLarge
                for slot, kept in held:
                    r[slot] = kept
                r[slots[index]] = value
                yield from fill(bound | {index})

        yield from fill(frozenset())

    def _next(
        self,
        plan: _Plan,
        r: Registers,
        bound: frozenset[int],
        extra: Proposals | None,
    ) -> tuple[int, Sequence[Any]]:
        """The parameter to choose now, and its values: computed if possible, listed if not."""
        listed: tuple[int, Sequence[Any]] | None = None
        for index, sources in enumerate(plan.sources):
            if index in bound:
                continue
            for source in sources:
                if not source.needs <= bound or not all(p(r) for p in source.premises):
                    continue
                try:
                    found = source.values(r)
                    if found is None and not isinstance(plan.action.event.parameters[index].sort, t.Optional):
                        raise Undefined  # the state has `none` where a value is asked for
                except Undefined:
                    if extra is None:
                        return index, ()
                    continue
                if source.single:
                    return index, (found,)
                listed = listed or (index, list(found))
        if listed:
            return listed
        index = next(i for i in range(len(plan.sources)) if i not in bound)
        sort = plan.action.event.parameters[index].sort
        if extra is not None:
            return index, list(extra(sort))
        return index, list(plan.fallbacks[index](r))


def _definitions(atom: ir.Expr, parameters: dict[ir.Symbol, int]) -> Iterator[tuple[ir.Symbol, ir.Expr, bool]]:
    """What an atom says of a parameter: the expression that it equals, or the collection that it lies in."""
    match atom:
        case ir.Prim(op="=", args=(ir.Prim(op="size", args=(ir.Ref(symbol=symbol),)), ir.Const(value=0))) if (
            symbol in parameters and isinstance(symbol.sort, t.Collection)
        ):
            yield symbol, empty(symbol.sort, atom.span), True
        case ir.Prim(op="=", args=(left, right)):
            for one, other in ((left, right), (right, left)):
                if isinstance(one, ir.Ref) and one.symbol in parameters:
                    yield one.symbol, other, True
                if isinstance(one, ir.Display) and one.kind == "tuple":
                    for index, part in enumerate(one.items):
                        if isinstance(part, ir.Ref) and part.symbol in parameters:
                            yield part.symbol, ir.Project(part.sort, part.span, other, index), True
        case ir.Prim(op="in", args=(ir.Ref(symbol=symbol), collection)) if symbol in parameters:
            yield symbol, collection, False
