"""Every expression that a trial of a full trace evaluates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tracecourt.spec import ir
from tracecourt.spec.rewrite import limits, parts


def expressions(system: ir.System) -> Iterator[ir.Expr]:
    """The expressions of rules, updates, parameters and the answer, those inside others and in functions included."""
    seen: set[ir.Function] = set()
    todo = list(_roots(system))
    while todo:
        e = todo.pop()
        yield e
        todo += parts(e)
        for f in called(e):
            if f not in seen:
                seen.add(f)
                todo.append(f.body)
        if isinstance(e, (ir.Within, ir.Inhabitants)):
            todo += limits(e.of)


def called(e: ir.Expr) -> tuple[ir.Function, ...]:
    """The functions that an expression itself calls."""
    match e:
        case ir.Call(function=f):
            return (f,)
        case ir.Distance(successors=successors, goal=goal):
            return successors, goal
        case ir.Distances(successors=successors):
            return (successors,)
        case ir.Replay(step=step):
            return (step,)
    return ()


def grows(e: ir.Expr, *, by: tuple[str, ...] = ("+", "-", "*", "sum")) -> bool:
    """Whether a value may be larger than those that it is computed from: by more than a constant each time."""
    todo = [e]
    while todo:
        e = todo.pop()
        if isinstance(e, ir.Prim) and e.op in by and (e.op not in "+-" or not any(isinstance(a, ir.Const) for a in e.args)):
            return True
        todo += (*parts(e), *(f.body for f in called(e)))
    return False


def _roots(system: ir.System) -> Iterator[ir.Expr]:
    for param in system.params:
        yield from (e for e in (param.default, param.inferred) if e is not None)
    for rule in (*system.demands, *system.rules):
        yield rule.condition
    for variable in system.state:
        yield variable.initial
        if variable.key is not None:
            yield variable.key
    yield from _updates(system.initially)
    for event in system.events.values():
        yield from _updates(event.updates)
    if system.answer is not None:
        yield from (e for name, e in system.answer.clauses.items() if name != "among")


def _updates(updates: Iterable[ir.Update]) -> Iterator[ir.Expr]:
    for update in updates:
        yield from (e for e in (update.key, update.value) if e is not None)
        yield from _updates(update.block)


def flattened(updates: Iterable[ir.Update]) -> Iterator[ir.Update]:
    """Updates, those in blocks included."""
    for update in updates:
        yield update
        yield from flattened(update.block)
