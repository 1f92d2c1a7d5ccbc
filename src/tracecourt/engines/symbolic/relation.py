"""That one procedure allows whatever another does, in traces of any length: proved by induction over their common events.

States of the two are related by what they have in common: variables of the same name hold the same. What does not stay so is
dropped, as are the lemmas of either that are not inductive (Flanagan & Leino 2001, Houdini), until the rest stands by itself.
If it is enough for every rule of the one to follow from the rules of the other, the one never refuses what the other accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracecourt.engines.symbolic.induction import looks_back, proves
from tracecourt.engines.symbolic.machine import Machine, State
from tracecourt.engines.symbolic.run import allowed, any_state, bound, chosen_parameters, searching
from tracecourt.engines.symbolic.solving import Query
from tracecourt.engines.symbolic.terms import NotSymbolic, Truth, both, conj, implied, neg
from tracecourt.engines.symbolic.values import equal
from tracecourt.spec import ir

Pair = tuple[Machine, Machine]
States = tuple[State, State]
Condition = Callable[[States], Truth]


@dataclass(frozen=True, eq=False)
class _Step:
    """An event of any two states: when the one side allows it, and the other; their states after it."""

    accepted: Truth
    allowed: Truth
    states: States


def preserved(opened: Callable[[], tuple[Machine, Machine, Query]], assumed: Sequence[ir.Rule]) -> bool:
    """Whether it is proved that the second machine refuses nothing that the first accepts, however long the trace.

    Args:
        opened: two machines over a problem of which only the assumptions are known.
        assumed: the assumptions.
    """
    try:
        one, other, query = opened()
        start = one.initial(), other.initial()
        states = any_state(one), any_state(other)
        conditions = [*_common(one, other), *_lemmas(one, query, assumed), *_lemmas(other, query, assumed)]
        kept = [condition for condition in conditions if proves(query, condition(start))]
        steps = list(_steps((one, other), states))
        before = {condition: condition(states) for condition in kept}
        ends = implied(_may_end(one, states[0]), _may_end(other, states[1]))
        wanted = [*(implied(step.accepted, step.allowed) for step in steps), ends]

        def enough() -> bool:
            return all(proves(query, truth, *(before[c] for c in kept)) for truth in wanted)

        if not enough():
            return False
        after = {c: [both(step.accepted, neg(c(step.states))) for step in steps] for c in kept}
    except NotSymbolic:
        return False
    while True:
        premises = [before[c] for c in kept]
        failed = [c for c in kept if not all(proves(query, neg(broken), *premises) for broken in after[c])]
        kept = [c for c in kept if c not in failed]
        if not kept or not failed:
            return bool(kept) and enough()
        if not enough():
            return False


def _common(one: Machine, other: Machine) -> Iterator[Condition]:
    """That a variable which both have holds the same in both."""
    there = {v.symbol.name: v.symbol for v in other.system.state}
    for variable in one.system.state:
        symbol = variable.symbol
        if symbol.name in there:
            yield lambda states, a=symbol, b=there[symbol.name]: equal(states[0][a], states[1][b])  # type: ignore[misc]


def _lemmas(machine: Machine, query: Query, assumed: Sequence[ir.Rule]) -> Iterator[Condition]:
    """The lemmas of a machine's procedure that are promised under these assumptions, or under what follows from them."""
    system, names = machine.system, {rule.name for rule in assumed}
    wanted = [p for p in system.promises if p.kind == "lemma" and not looks_back(system, p.rule)]
    under = {name for p in wanted for name in p.under}
    follows: Mapping[str, bool] = {
        p.rule.name: p.rule.name in names or proves(query, machine.symbolic.holds(p.rule.condition))
        for p in system.givens
        if p.rule.name in under
    }
    for promise in wanted:
        if all(follows.get(name, False) for name in promise.under):
            yield lambda states, rule=promise.rule: _asked(machine, states, rule)  # type: ignore[misc]


def _asked(machine: Machine, states: States, rule: ir.Rule) -> Truth:
    machine.enter(next(state for state in states if machine.system.state[0].symbol in state))
    return machine.symbolic.holds(rule.condition)


def _may_end(machine: Machine, state: State) -> Truth:
    machine.enter(state)
    return conj(truth for _, truth in machine.ending())


def _steps(pair: Pair, states: States) -> Iterator[_Step]:
    """Each kind of event."""
    one, other = pair
    for event in searching(one.system):
        chosen = {p: one.unknown(p.sort, p.name) for p in chosen_parameters(one, event)}
        arguments = bound(one, event, chosen, states[0])
        accepted = allowed(one, event, ir.SOUND_LEVELS)
        same = other.system.events[event.name]
        other.enter(states[1])
        other.bind(same, arguments)
        fits = allowed(other, same, ir.SOUND_LEVELS)
        after = one.after(event, arguments, states[0]), other.after(same, arguments, states[1])
        yield _Step(accepted, fits, after)
