"""Primitive operations → closures over registers: arithmetic, comparisons, collections, queues, chance."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

from tracecourt.engines.queues import KeyedQueue
from tracecourt.engines.values import freeze, whole
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

Registers = list[Any]
Code = Callable[[Registers], Any]

FROZEN = {"=": (0, 1), "!=": (0, 1), "in": (0,), "index": (1,), "key": (1,), "chain": (1,)}  # operands asked for as parts
MENTIONS, RANDOM = 0, 1  # registers that every system has


class Undefined(Exception):
    """The expression has no value here."""


def stored(code: Code, sort: t.Sort) -> Code:
    """The closure of a value that is put into another or compared with parts of others: collections in it are frozen."""
    return (lambda r: freeze(code(r))) if t.compound(sort) else code


def primitive(e: ir.Prim, parts: list[Code]) -> Code:
    """The closure of an operation, from those of its operands."""
    if len(parts) == 2:
        frozen = FROZEN.get(e.op, ())
        parts = [stored(c, a.sort) if i in frozen else c for i, (c, a) in enumerate(zip(parts, e.args, strict=True))]
        binary = _binary(e, parts[0], parts[1])
        if binary is not None:
            return binary
    code = parts[0]
    match e.op:
        case "not":
            return lambda r: not code(r)
        case "if":
            then, otherwise = parts[1], parts[2]
            return lambda r: then(r) if code(r) else otherwise(r)
        case "min" | "max":
            pick = min if e.op == "min" else max
            if len(parts) == 1:
                return _nonempty(code, pick)
            return lambda r: pick([p(r) for p in parts])
        case op if op in _UNARY:
            function = _UNARY[op]
            return lambda r: function(code(r))
        case "chance":
            return lambda r: _random(r).random() < code(r)
        case "pick":
            return _nonempty(code, None)
        case "shuffled":
            return lambda r: _random(r).sample(list(v := code(r)), len(v))
    raise AssertionError(e.op)


def _binary(e: ir.Prim, a: Code, b: Code) -> Code | None:
    match e.op:
        case "and":
            return lambda r: a(r) and b(r)
        case "or":
            return lambda r: a(r) or b(r)
        case "=>":
            return lambda r: b(r) if a(r) else True
        case "=":
            return lambda r: a(r) == b(r)
        case "!=":
            return lambda r: a(r) != b(r)
        case "<":
            return lambda r: a(r) < b(r)
        case "<=":
            return lambda r: a(r) <= b(r)
        case ">":
            return lambda r: a(r) > b(r)
        case ">=":
            return lambda r: a(r) >= b(r)
        case "+":
            return lambda r: a(r) + b(r)
        case "-":
            return lambda r: a(r) - b(r)
        case "*":
            return lambda r: a(r) * b(r)
        case "/":
            return lambda r: whole(Fraction(a(r)) / _nonzero(b(r)))
        case "div":
            return lambda r: a(r) // _nonzero(b(r))
        case "mod":
            return lambda r: a(r) % _nonzero(b(r))
        case "in":
            return lambda r: a(r) in b(r)
        case "index":
            return _index_list(a, b) if isinstance(e.args[0].sort, t.List) else _index(a, b)
        case "??":
            return _fallback(a, b)
        case "union":
            return (lambda r: [*a(r), *b(r)]) if isinstance(e.sort, t.List) else (lambda r: {**a(r), **b(r)})
        case "minus":
            if isinstance(e.sort, t.List):
                return lambda r: [v for v in a(r) if v not in b(r)]
            return lambda r: {k: v for k, v in a(r).items() if k not in b(r)}
        case "key":
            return _key(a, b)
        case "chain":
            return _chain(a, b)
        case "between":
            return lambda r: _between(_random(r), a(r), b(r))
        case "choose":
            return lambda r: dict.fromkeys(_random(r).sample(list(b(r)), _at_most(a(r), b(r))), True)
    return None


def thaw(value: Any) -> Any:
    """A constant of the specification as a run-time value."""
    if isinstance(value, frozenset):
        return dict.fromkeys(sorted(value, key=repr), True)
    return value


def display(kind: str, items: list[Code]) -> Code:
    """The closure of a tuple, list, set or map written out."""
    if kind == "tuple":
        if len(items) == 2:
            a, b = items
            return lambda r: (a(r), b(r))
        return lambda r: tuple([i(r) for i in items])
    if kind == "list":
        return lambda r: [i(r) for i in items]
    if kind == "set":
        return lambda r: {i(r): True for i in items}
    entries = list(zip(items[::2], items[1::2], strict=True))
    return lambda r: {k(r): v(r) for k, v in entries}


def _index(a: Code, b: Code) -> Code:
    def index(r: Registers) -> Any:
        try:
            return a(r)[b(r)]
        except KeyError:
            raise Undefined from None

    return index


def _index_list(a: Code, b: Code) -> Code:
    def index(r: Registers) -> Any:
        values, at = a(r), b(r)
        if not 0 <= at < len(values):
            raise Undefined
        return values[at]

    return index


def _fallback(a: Code, b: Code) -> Code:
    def fallback(r: Registers) -> Any:
        try:
            value = a(r)
        except Undefined:
            return b(r)
        return b(r) if value is None else value

    return fallback


def _key(a: Code, b: Code) -> Code:
    def key(r: Registers) -> Any:
        queue: KeyedQueue = a(r)
        try:
            return queue.keys[b(r)]
        except KeyError:
            raise Undefined from None

    return key


def _chain(a: Code, b: Code) -> Code:
    def chain(r: Registers) -> Any:
        links, node = a(r), b(r)
        path, seen = [node], {node}
        while node in links:
            node = links[node]
            if node in seen:
                raise Undefined
            path.append(node)
            seen.add(node)
        return path[::-1]

    return chain


def _nonempty(code: Code, pick: Callable[[Any], Any] | None) -> Code:
    def choose(r: Registers) -> Any:
        values = code(r)
        if not values:
            raise Undefined
        return pick(values) if pick else _random(r).choice(list(values))

    return choose


def _nonzero(number: Any) -> Any:
    if number == 0:
        raise Undefined
    return number


def _at_most(number: int, values: Any) -> int:
    if not 0 <= number <= len(values):
        raise Undefined
    return number


def _between(generator: Random, low: int, high: int) -> int:
    if low > high:
        raise Undefined
    return generator.randint(low, high)


def _random(r: Registers) -> Random:
    generator: Random = r[RANDOM]
    return generator


def _the(value: Any) -> Any:
    if value is None:
        raise Undefined
    return value


def _first(values: Any) -> Any:
    for value in values:
        return value
    raise Undefined


def _last(values: Any) -> Any:
    if not values:
        raise Undefined
    return list(values)[-1] if isinstance(values, dict) else values[-1]


def _best(queue: KeyedQueue) -> Any:
    if not queue.keys:
        raise Undefined
    return queue.best()


_UNARY: dict[str, Callable[[Any], Any]] = {
    "the": _the,
    "abs": abs,
    "negate": lambda v: -v,
    "sum": sum,
    "size": len,
    "count": len,
    "keys": list,
    "values": lambda v: list(v.values()),
    "first": _first,
    "front": _first,
    "last": _last,
    "top": _last,
    "flat": lambda v: [part for inner in v for part in inner],
    "pairs": lambda v: list(pairwise(v)),
    "best": _best,
    "bests": lambda q: q.bests(),
    "elements": lambda v: dict.fromkeys(v, True),
}
