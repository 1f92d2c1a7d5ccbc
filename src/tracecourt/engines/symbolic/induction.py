"""What holds in every state of every sound run, however long: proved by induction over its events.

A condition is inductive if it holds in the initial state, and after any legal event in any state where it holds. Conditions
may lean on each other: those that fail are dropped until the rest stands by itself (Flanagan & Leino 2001, Houdini).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracecourt.engines.symbolic.machine import Machine, State
from tracecourt.engines.symbolic.run import allowed, any_state, bound, chosen_parameters, searching
from tracecourt.engines.symbolic.solving import Query
from tracecourt.engines.symbolic.terms import NotSymbolic, Truth, conj, neg
from tracecourt.spec import ir
from tracecourt.spec.rewrite import symbols

Opened = Callable[[], tuple[Machine, Query]]  # a machine over a problem of which only the assumptions are known


def inductive(opened: Opened, conditions: Sequence[ir.Rule], levels: Sequence[str]) -> list[ir.Rule]:
    """Those of some conditions on states that Z3 proves for runs of any length; none where states cannot be left open."""
    try:
        machine, query = opened()
        start = machine.initial()
        kept = [rule for rule in conditions if proves(query, _asked(machine, start, rule))]
        state = any_state(machine)
        steps = _steps(machine, state, levels)
        before = {rule: _asked(machine, state, rule) for rule in kept}
        after = {rule: [(taken, _asked(machine, result, rule)) for taken, result in steps] for rule in kept}
    except NotSymbolic:
        return []
    while True:
        premises = [before[rule] for rule in kept]
        failed = [r for r in kept if not all(proves(query, truth, taken, *premises) for taken, truth in after[r])]
        kept = [rule for rule in kept if rule not in failed]
        if not failed or not kept:
            return kept


def _steps(machine: Machine, state: State, levels: Sequence[str]) -> list[tuple[Truth, State]]:
    """For each kind of event: when it is legal, and the state after it."""
    found = []
    for event in searching(machine.system):
        chosen = {p: machine.unknown(p.sort, p.name) for p in chosen_parameters(machine, event)}
        arguments = bound(machine, event, chosen, state)
        legal = allowed(machine, event, levels)
        found.append((legal, machine.after(event, arguments, state)))
    return found


def _asked(machine: Machine, state: State, rule: ir.Rule) -> Truth:
    machine.enter(state)
    return machine.symbolic.holds(rule.condition)


def proves(query: Query, condition: Truth, *premises: Truth) -> bool:
    """Whether a condition follows from premises."""
    return query.ask(conj(premises), neg(condition)) == "unsat"


def follows(opened: Opened, lemmas: Sequence[ir.Rule], claim: ir.Rule) -> bool:
    """Whether a claim holds in every state in which a run may end and these conditions hold, so that no run breaks it."""
    try:
        machine, query = opened()
        state = any_state(machine)
        premises = [_asked(machine, state, rule) for rule in lemmas]
        machine.enter(state)
        premises += [truth for _, truth in machine.ending()]
        return proves(query, machine.symbolic.holds(claim.condition), *premises)
    except NotSymbolic:
        return False


def looks_back(system: ir.System, rule: ir.Rule) -> bool:
    """Whether a condition asks what happened, which no state that is left open can tell."""
    return not set(system.histories.values()).isdisjoint(symbols(rule.condition))
