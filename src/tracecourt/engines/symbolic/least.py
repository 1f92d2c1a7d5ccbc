"""The least problem of those that were asked for: its measures are made least one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracecourt.engines.symbolic.machine import Machine
from tracecourt.engines.symbolic.solving import Answer, Model, Query
from tracecourt.engines.symbolic.terms import compare
from tracecourt.engines.symbolic.values import equal
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

Tell = Callable[[str], object]


def least_measures(
    machine: Machine,
    query: Query,
    ask: Callable[[], Answer],
    model: Model,
    measures: Sequence[ir.Expr],
    *,
    whole: bool,
    tell: Tell,
) -> tuple[int, Model]:
    """How many measures are proved to be least, the first of them being known to be, and a model where they are.

    Args:
        machine: a problem that is not known.
        query: what is asked of it; that the measures have the values that were found is added to it.
        ask: asks it.
        model: what it has found so far.
        measures: the measures of the problem, the first of which is left alone.
        whole: whether numbers that are not known are integers; the sums of others are not made least.
        tell: is told how far the search has come.
    """
    least = 1
    for number, measure in enumerate(measures[1:], 2):
        there, value = machine.symbolic.value(measure)
        if there is not True or not (whole or isinstance(measure.sort, t.Int)):
            continue
        proved, model = _descend(query, ask, value, model, lambda line, name=f"measure {number}": tell(f"{name}: {line}"))  # type: ignore[misc]
        least += proved and least == number - 1
    return least, model


def _descend(query: Query, ask: Callable[[], Answer], value: Any, model: Model, tell: Tell) -> tuple[bool, Model]:
    """The least value of a measure, looked for from below in growing steps; then it is fixed."""
    low, step, best = 0, 0, model.value(value)
    with query.aside():
        query.require(compare("<", value, 0))
        if ask() != "unsat":  # it may have no least value
            return False, model
    while low < best:
        middle = min(low + step, (low + best) // 2)
        step = 2 * step + 1
        with query.aside():
            query.require(compare("<=", value, middle))
            answer = ask()
            if answer == "sat":
                model = query.model()
                best = model.value(value)
            elif answer == "unsat":
                low = middle + 1
            else:
                break
        tell(f"{low} to {best}")
    query.require(equal(value, best))
    return low >= best, model


def facts_of(machine: Machine, model: Model) -> Mapping[str, Any]:
    """The facts of the problem that was found."""
    return {fact.name: model.value(machine.symbolic.places[fact]) for fact in machine.system.facts}
