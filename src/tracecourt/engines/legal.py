"""The other direction: from a state to the events that a rule book allows in it.

The rules themselves say where arguments come from: `g = open[n]` computes one, `n in open` lists candidates, a premise
tells when. What no rule names is taken from the sort, if that is finite. Every candidate is then asked against all rules,
so the answer is exact whatever the order of the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracecourt.engines.interpreter import Action, Interpreter
from tracecourt.engines.primitives import Code, Registers, TooLarge, Undefined
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
    few: bool


def _width(source: _Source) -> int:
    """How many values a source is likely to give: one, the best few of a queue, or all of a collection."""
    return 0 if source.single else 1 if source.few else 2


@dataclass(frozen=True)
class _Guard:
    """A rule, and the parameters that it speaks of: once they are bound it can be asked."""

    rule: ir.Rule
    needs: frozenset[int]
    holds: Code


@dataclass(frozen=True)
class _Plan:
    """How the arguments of an event are found: from `sources`, else from the whole sort, else from `spare` sources."""

    action: Action
    sources: tuple[tuple[_Source, ...], ...]
    fallbacks: tuple[Code, ...]
    guards: tuple[_Guard, ...]
    spare: tuple[tuple[_Source, ...], ...] = ()


Asked = Sequence[tuple[_Guard, bool]]  # rules with the answers that are wanted of them


class LegalEvents:
    """Lists the events that may happen in a state."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self._plans = {name: self._plan(action) for name, action in interpreter.actions.items()}

    def legal(self, r: Registers, levels: Iterable[str] = ir.SOUND_LEVELS) -> Iterator[tuple[Action, tuple[Any, ...]]]:
        """Every event that breaks no rule of the levels, the answer's events excepted."""
        answer = self.interpreter.system.answer
        for plan in self._plans.values():
            if not (answer and answer.apart and plan.action.event is answer.event):
                yield from ((plan.action, arguments) for arguments in self.arguments(plan.action, r, levels))

    def arguments(
        self,
        action: Action,
        r: Registers,
        levels: Iterable[str] = ir.SOUND_LEVELS,
        fixed: Mapping[int, Any] | None = None,
    ) -> Iterator[tuple[Any, ...]]:
        """The arguments with which an event breaks no rule of the levels; `fixed` holds those that are known, by position."""
        plan, wanted = self._of(action), frozenset(levels)
        sources = tuple(tuple(s for s in found if s.rule.level in wanted) for found in plan.sources)
        spare = tuple(tuple(s for s in found if s.rule.level not in wanted) for found in plan.sources)
        asked = [(guard, True) for guard in plan.guards if guard.rule.level in wanted]
        yield from self._candidates(replace(plan, sources=sources, spare=spare), r, asked, fixed=fixed)

    def nearly(self, action: Action, r: Registers, fixed: Mapping[int, Any]) -> Iterator[tuple[Any, ...]]:
        """Arguments that some rules speak for, whether the others allow them or not; what more rules speak for first.

        Raises:
            TooLarge: when the budget runs out.
        """
        plan = self._of(action)
        tried = None
        for last in range(len(plan.guards), 0, -1):
            followed = {guard.rule for guard in plan.guards[:last]}
            sources = tuple(tuple(s for s in found if s.rule in followed) for found in plan.sources)
            if sources != tried and all(index in fixed or found for index, found in enumerate(sources)):
                yield from self._candidates(replace(plan, sources=sources), r, (), fixed=fixed)
            tried = sources

    def known_broken(self, action: Action, r: Registers, fixed: Mapping[int, Any]) -> ir.Rule | None:
        """The first rule that is broken whatever the arguments are that are not known."""
        parameters = {symbol: index for index, symbol in enumerate(action.event.parameters)}
        for index, value in fixed.items():
            r[action.slots[index]] = value
        known = (c for c in action.clauses if self._needs((c.rule.condition,), parameters) <= fixed.keys())
        return next((c.rule for c in known if c.rule.level in ir.SOUND_LEVELS and not c.holds(r)), None)

    def first_source(self, action: Action, r: Registers, parameters: Iterable[int]) -> ir.Rule | None:
        """The rule that says where these parameters come from in this state."""
        plan = self._of(action)
        sources = (s for index in parameters for s in plan.sources[index] if not s.needs)
        speaking = {s.rule for s in sources if all(p(r) for p in s.premises)}
        return next((c.rule for c in action.clauses if c.rule in speaking), None)

    def breaking(self, action: Action, rule: ir.Rule, r: Registers, extra: Proposals) -> Iterator[tuple[Any, ...]]:
        """Arguments with which an event breaks this rule before any other; `extra` proposes values of a sort.

        A parameter that the rule speaks of follows the rules before it; the others follow all that can be followed.
        """
        plan = self._of(action)
        (at,) = (i for i, guard in enumerate(plan.guards) if guard.rule is rule)
        before = [guard for guard in plan.guards[:at] if guard.rule.level in ir.SOUND_LEVELS]
        followed, spoken = {guard.rule for guard in before}, plan.guards[at].needs
        free = tuple(
            tuple(s for s in found if s.rule in followed or (s.rule is not rule and index not in spoken))
            for index, found in enumerate(plan.sources)
        )
        asked = [*((guard, True) for guard in before), (plan.guards[at], False)]
        yield from self._candidates(replace(plan, sources=free), r, asked, extra)

    def _of(self, action: Action) -> _Plan:
        return self._plans[action.event.name]

    # ------------------------------------------------------------ plans
    def _plan(self, action: Action) -> _Plan:
        parameters = {symbol: index for index, symbol in enumerate(action.event.parameters)}
        sources: list[list[_Source]] = [[] for _ in parameters]
        guards = []
        for clause in action.clauses:
            guards.append(_Guard(clause.rule, self._needs((clause.rule.condition,), parameters), clause.holds))
            for premises, atom in atoms(clause.rule.condition):
                for symbol, values, single in definitions(atom, parameters):
                    needs = self._needs((*premises, values), parameters)
                    if parameters[symbol] not in needs:
                        codes = tuple(self.interpreter.evaluator.code(p) for p in premises)
                        code = self.interpreter.evaluator.code(values)
                        sources[parameters[symbol]].append(_Source(clause.rule, needs, codes, code, single, is_bests(values)))
        fallbacks = tuple(self.interpreter.evaluator.inhabitants(p.sort) for p in parameters)
        ordered = tuple(tuple(sorted(found, key=_width)) for found in sources)
        return _Plan(action, ordered, fallbacks, tuple(guards))

    def _needs(self, expressions: Sequence[ir.Expr], parameters: dict[ir.Symbol, int]) -> frozenset[int]:
        return frozenset(parameters[s] for e in expressions for s in symbols(e) if s in parameters)

    # ------------------------------------------------------------ candidates
    def _candidates(
        self,
        plan: _Plan,
        r: Registers,
        asked: Asked,
        extra: Proposals | None = None,
        fixed: Mapping[int, Any] | None = None,
    ) -> Iterator[tuple[Any, ...]]:
        """Arguments that the sources lead to and the asked rules answer as wanted; each rule is asked as soon as it can be.

        Raises:
            TooLarge: when the budget runs out.
        """
        slots, total = plan.action.slots, len(plan.action.slots)
        compound = [t.compound(p.sort) for p in plan.action.event.parameters]
        seen: set[tuple[Any, ...]] = set()
        budget = [CANDIDATES]

        def fill(bound: frozenset[int]) -> Iterator[tuple[Any, ...]]:
            if len(bound) == total:
                arguments = tuple(r[slot] for slot in slots)
                if arguments not in seen:
                    seen.add(arguments)
                    yield arguments
                return
            index, values = self._next(plan, r, bound, extra)
            held = [(slot, r[slot]) for i, slot in enumerate(slots) if i in bound]
            after = bound | {index}
            now = [(g.holds, wanted) for g, wanted in asked if index in g.needs and g.needs <= after]
            for value in values:
                budget[0] -= 1
                if budget[0] < 0:
                    raise TooLarge
                for slot, kept in held:
                    r[slot] = kept
                r[slots[index]] = freeze(value) if compound[index] else value
                if all(holds(r) == wanted for holds, wanted in now):
                    yield from fill(after)

        for index, value in (fixed or {}).items():
            r[slots[index]] = freeze(value) if compound[index] else value
        known = frozenset(fixed or ())
        if all(g.holds(r) == wanted for g, wanted in asked if g.needs <= known):
            yield from fill(known)

    def _next(
        self,
        plan: _Plan,
        r: Registers,
        bound: frozenset[int],
        extra: Proposals | None,
    ) -> tuple[int, Sequence[Any]]:
        """The parameter to choose now, and its values: computed if possible, listed if not."""
        found = self._spoken(plan, plan.sources, r, bound, extra)
        if found is not None:
            return found
        index = next(i for i in range(len(plan.sources)) if i not in bound)
        if extra is not None:
            return index, list(extra(plan.action.event.parameters[index].sort))
        try:
            return index, list(plan.fallbacks[index](r))
        except TooLarge:
            found = self._spoken(plan, plan.spare, r, bound, extra)
            if found is None:
                raise
            return found

    def _spoken(
        self,
        plan: _Plan,
        speaking: tuple[tuple[_Source, ...], ...],
        r: Registers,
        bound: frozenset[int],
        extra: Proposals | None,
    ) -> tuple[int, Sequence[Any]] | None:
        """A parameter of which a rule says where it comes from, and its values."""
        listed: tuple[int, Sequence[Any]] | None = None
        for index, sources in enumerate(speaking):
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
                    return index, (freeze(found),)
                listed = listed or (index, list(found))
        return listed if listed and (listed[1] or extra is None) else None


def is_bests(values: ir.Expr) -> bool:
    """Whether an expression lists the entries of a queue that have its least key."""
    return isinstance(values, ir.Prim) and values.op == "bests"


def definitions(atom: ir.Expr, parameters: dict[ir.Symbol, int]) -> Iterator[tuple[ir.Symbol, ir.Expr, bool]]:
    """What an atom says of a parameter: the expression that it equals, or the collection that it lies in."""
    match atom:
        case ir.Prim(
            op="=", args=(ir.Prim(op="key", args=(queue, ir.Ref(symbol=symbol))), ir.Prim(op="best", args=(same,)))
        ) if symbol in parameters and isinstance(queue, ir.Ref) and isinstance(same, ir.Ref) and queue.symbol is same.symbol:
            yield symbol, ir.Prim(t.List(symbol.sort), atom.span, "bests", (queue,)), False
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
                if isinstance(one, ir.Prim) and _elements_of(one, parameters):
                    yield from ((symbol, ir.Prim(symbol.sort, one.span, "keys", (other,)), True) for symbol in symbols(one))
        case ir.Prim(op="in", args=(ir.Ref(symbol=symbol), collection)) if symbol in parameters:
            yield symbol, collection, False
        case ir.Prim(op="in", args=(ir.Prim() as one, collection)) if _elements_of(one, parameters):
            for symbol in symbols(one):
                yield symbol, ir.Prim(t.List(symbol.sort), one.span, "listed", (collection,)), False


def _elements_of(e: ir.Prim, parameters: dict[ir.Symbol, int]) -> bool:
    """Whether an expression is the set of the elements of a parameter, which is then known but for its order."""
    return e.op == "elements" and isinstance(e.args[0], ir.Ref) and e.args[0].symbol in parameters
