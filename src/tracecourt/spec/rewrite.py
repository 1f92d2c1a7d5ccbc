"""Going through typed expressions: their parts, the symbols they use, replacing symbols, splitting conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.text import Span


def parts(e: ir.Expr) -> tuple[ir.Expr, ...]:
    """The expressions directly inside an expression; the body of a called function is not one of them."""
    match e:
        case ir.Project(base=base):
            return (base,)
        case ir.Display(items=items) | ir.Prim(args=items) | ir.Call(args=items):
            return items
        case ir.Each(head=head, binding=b):
            return (*head, *_binding_parts(b))
        case ir.Quantifier(binding=b, body=body):
            return (body, *_binding_parts(b))
        case ir.Least(binding=b, key=key):
            return (key, *_binding_parts(b))
        case ir.Within(value=value):
            return (value,)
        case ir.Distance(start=start) | ir.Distances(start=start):
            return (start,)
        case ir.Replay(start=start, actions=actions):
            return (start, actions)
    return ()


def _binding_parts(b: ir.Binding) -> tuple[ir.Expr, ...]:
    return (b.source,) if b.guard is None else (b.source, b.guard)


def symbols(e: ir.Expr) -> Iterator[ir.Symbol]:
    """Every symbol that is used in an expression, bound ones included, those of called functions' bodies too."""
    if isinstance(e, ir.Ref):
        yield e.symbol
    if isinstance(e, ir.Call):
        yield from symbols(e.function.body)
    if isinstance(e, ir.Distance):
        yield from (*symbols(e.successors.body), *symbols(e.goal.body))
    if isinstance(e, ir.Distances):
        yield from symbols(e.successors.body)
    if isinstance(e, ir.Replay):
        yield from symbols(e.step.body)
    if isinstance(e, (ir.Within, ir.Inhabitants)):
        for limit in limits(e.of):
            yield from symbols(limit)
    for part in parts(e):
        yield from symbols(part)


def inside(e: ir.Expr) -> Iterator[ir.Expr]:
    """An expression and every expression in it, those of called functions' bodies and of the bounds of sorts too."""
    yield e
    called: tuple[ir.Function, ...] = ()
    match e:
        case ir.Call(function=function):
            called = (function,)
        case ir.Distance(successors=successors, goal=goal):
            called = (successors, goal)
        case ir.Distances(successors=successors):
            called = (successors,)
        case ir.Replay(step=step):
            called = (step,)
        case ir.Within(of=of) | ir.Inhabitants(of=of):
            for limit in limits(of):
                yield from inside(limit)
    for function in called:
        yield from inside(function.body)
    for part in parts(e):
        yield from inside(part)


def limits(sort: t.Sort) -> Iterator[ir.Expr]:
    """The expressions that bound the ranges in a sort."""
    match sort:
        case t.Range(low=low, high=high):
            yield from (low, high)
        case t.Tuple(fields=fields):
            for _, inner in fields:
                yield from limits(inner)
        case t.Optional(inner=inner):
            yield from limits(inner)
        case t.Map(element=element, value=value):
            yield from (*limits(element), *limits(value))
        case t.Collection(element=element):
            yield from limits(element)


def substitute(e: ir.Expr, values: Mapping[ir.Symbol, ir.Expr]) -> ir.Expr:
    """The expression with symbols replaced; functions do not recurse and names are unique, so nothing is captured."""
    match e:
        case ir.Ref(symbol=symbol):
            return values.get(symbol, e)
        case ir.Project(base=base):
            return replace(e, base=substitute(base, values))
        case ir.Display(items=items):
            return replace(e, items=tuple(substitute(i, values) for i in items))
        case ir.Prim(args=args) | ir.Call(args=args):
            return replace(e, args=tuple(substitute(a, values) for a in args))
        case ir.Each(head=head, binding=b):
            return replace(e, head=tuple(substitute(h, values) for h in head), binding=_in_binding(b, values))
        case ir.Quantifier(binding=b, body=body):
            return replace(e, binding=_in_binding(b, values), body=substitute(body, values))
        case ir.Least(binding=b, key=key):
            return replace(e, binding=_in_binding(b, values), key=substitute(key, values))
        case ir.Within(value=value):
            return replace(e, value=substitute(value, values))
        case ir.Distance(start=start) | ir.Distances(start=start):
            return replace(e, start=substitute(start, values))
        case ir.Replay(start=start, actions=actions):
            return replace(e, start=substitute(start, values), actions=substitute(actions, values))
    return e


def _in_binding(b: ir.Binding, values: Mapping[ir.Symbol, ir.Expr]) -> ir.Binding:
    guard = None if b.guard is None else substitute(b.guard, values)
    return replace(b, source=substitute(b.source, values), guard=guard)


def opened(e: ir.Expr) -> ir.Expr:
    """A call of a boolean function replaced by the function's body."""
    while isinstance(e, ir.Call) and e.sort == t.BOOL:
        e = substitute(e.function.body, dict(zip(e.function.parameters, e.args, strict=True)))
    return e


def empty(sort: t.Collection, span: Span) -> ir.Expr:
    """The empty collection of a sort."""
    kind: Literal["map", "set", "list"] = "map" if isinstance(sort, t.Map) else "set" if isinstance(sort, t.Set) else "list"
    return ir.Display(sort, span, kind, ())


def settled(e: ir.Expr, wanted: t.Sort) -> ir.Expr:
    """The same value, in which every `{}` and `[]` is the empty collection that is wanted there."""
    if isinstance(wanted, t.Optional):
        return settled(e, wanted.inner)
    if not t.unsettled(e.sort) or not isinstance(wanted, (t.Tuple, t.Collection)):
        return e
    inner = [s for _, s in wanted.fields] if isinstance(wanted, t.Tuple) else [wanted.element]
    inner += [wanted.value] if isinstance(wanted, t.Map) else []
    match e:
        case ir.Display(sort=t.Empty()) if isinstance(wanted, t.Collection):
            return empty(wanted, e.span)
        case ir.Display(items=parts):
            return replace(e, sort=wanted, items=tuple(settled(p, inner[i % len(inner)]) for i, p in enumerate(parts)))
        case ir.Each(head=parts):
            return replace(e, sort=wanted, head=tuple(settled(p, s) for p, s in zip(parts, inner, strict=True)))
        case ir.Prim(op="if", args=(condition, then, otherwise)):
            return replace(e, sort=wanted, args=(condition, settled(then, wanted), settled(otherwise, wanted)))
        case ir.Prim(op="??", args=(left, right)):
            return replace(e, sort=wanted, args=(settled(left, wanted), settled(right, wanted)))
    return e


def atoms(e: ir.Expr, premises: tuple[ir.Expr, ...] = ()) -> Iterator[tuple[tuple[ir.Expr, ...], ir.Expr]]:
    """What a condition says: pairs of premises and an atom that holds wherever they do."""
    e = opened(e)
    match e:
        case ir.Prim(op="and", args=args):
            for part in args:
                yield from atoms(part, premises)
        case ir.Prim(op="=>", args=(premise, consequence)):
            yield from atoms(consequence, (*premises, premise))
        case ir.Prim(op="if", args=(condition, then, otherwise)):
            yield from atoms(then, (*premises, condition))
            negation = ir.Prim(t.BOOL, condition.span, "not", (condition,))
            yield from atoms(otherwise, (*premises, negation))
        case ir.Prim(op="not", args=(ir.Prim(op="or", args=args),)):
            for part in args:
                yield from atoms(ir.Prim(t.BOOL, part.span, "not", (part,)), premises)
        case _:
            yield premises, e
