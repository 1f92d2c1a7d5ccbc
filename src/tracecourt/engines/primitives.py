"""Primitive operations → closures over registers: arithmetic, comparisons, collections, queues, chance."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import chain as concatenated
from itertools import combinations, pairwise, product
from math import comb
from random import Random
from typing import Any

from tracecourt.engines.queues import KeyedQueue
from tracecourt.engines.values import Frozen, freeze, whole
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

Registers = list[Any]
Code = Callable[[Registers], Any]

# Operands that are asked for as parts of others.
FROZEN = {"=": (0, 1), "!=": (0, 1), "in": (0,), "index": (1,), "key": (1,), "chain": (1,), "without": (1,)}
LARGEST_EXPONENT = 10_000
LISTED = 100_000  # numbers, subsets, sequences that are listed at most
MENTIONS, RANDOM = 0, 1  # registers that every system has


class Undefined(Exception):
    """The expression has no value here."""


class TooLarge(Exception):
    """A budget ran out; the caller answers `unknown`."""


def stored(code: Code, sort: t.Sort) -> Code:
    """The closure of a value that is put into another or compared with parts of others: collections in it are frozen."""
    if not t.compound(sort):
        return code
    return lambda r: frozen(code(r))


def frozen(value: Any) -> Any:
    """A value that is put into another or compared with parts of others; a tuple that cannot change is kept as it is."""
    if value.__class__ is tuple:
        try:
            hash(value)  # nothing in it can change
        except TypeError:
            return freeze(value)
        return value
    return freeze(value)


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
        case "and":
            return lambda r: all(p(r) for p in parts)
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
        case op if op in UNARY:
            function = UNARY[op]
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
        case op if op in BINARY:
            function = BINARY[op]
            return lambda r: function(a(r), b(r))
        case "between":
            return lambda r: _between(_random(r), a(r), b(r))
        case "choose":
            return lambda r: dict.fromkeys(_random(r).sample(list(b(r)), _at_most(a(r), b(r))), True)
    return None


def member(family: str, value: Code, a: Code, b: Code) -> Code:
    """The closure of a membership in a family that need not be listed for it."""
    inside = MEMBERS[family]
    return lambda r: inside(value(r), a(r), b(r))


MEMBERS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "numbers": lambda value, low, high: low <= value <= high,
    "subsets": lambda value, most, of: len(value) <= most and all(v in of for v in value),
    "sequences": lambda value, length, of: len(value) == length and all(v in of for v in value),
}


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


def _chain(links: Any, node: Any) -> list[Any]:
    path, seen = [node], {node}
    while node in links:
        node = links[node]
        if node in seen:
            raise Undefined
        path.append(node)
        seen.add(node)
    return path[::-1]


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


def _power(base: Any, exponent: int) -> Any:
    if not 0 <= exponent <= LARGEST_EXPONENT:
        raise Undefined
    return base**exponent


def _few(number: int) -> int:
    """A number of elements that are to be listed."""
    if number > LISTED:
        raise TooLarge
    return number


def _subsets(most: int, values: list[Any]) -> list[Any]:
    _few(sum(comb(len(values), size) for size in range(min(most, len(values)) + 1)))
    return [Frozen.fromkeys(chosen, True) for size in range(most + 1) for chosen in combinations(values, size)]


def _sequences(length: int, values: list[Any]) -> list[Any]:
    if length < 0:
        raise Undefined
    _few(len(values) ** min(length, LISTED.bit_length()))
    return list(product(values, repeat=length))


def _without(values: Any, gone: Any) -> list[Any]:
    """A list with one occurrence fewer of each element that is gone."""
    rest = list(values)
    try:
        for value in gone:
            rest.remove(value)
    except ValueError:
        raise Undefined from None
    return rest


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


def _worth(formula: Any) -> Any:
    return formula if not isinstance(formula, tuple) else _results(formula)[-1]


def _leaves(formula: Any) -> list[Any]:
    if not isinstance(formula, tuple):
        return [formula]
    return [*_leaves(formula[0]), *_leaves(formula[2])]


def _results(formula: Any) -> list[Any]:
    """The value of each operation, the inner ones first."""
    if not isinstance(formula, tuple):
        return []
    left, sign, right = formula
    of_left, of_right = _results(left), _results(right)
    a, b = of_left[-1] if of_left else left, of_right[-1] if of_right else right
    if sign == "/":
        return [*of_left, *of_right, whole(Fraction(a) / _nonzero(b))]
    return [*of_left, *of_right, a + b if sign == "+" else a - b if sign == "-" else a * b]


# Operations that are functions of the values of their operands.
UNARY: dict[str, Callable[[Any], Any]] = {
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
    "flat": lambda v: list(concatenated.from_iterable(v)),
    "pairs": lambda v: list(pairwise(v)),
    "best": _best,
    "bests": lambda q: q.bests(),
    "sorted": sorted,
    "worth": _worth,
    "leaves": _leaves,
    "results": _results,
    "elements": lambda v: dict.fromkeys(v, True),
    "words": " ".join,
    "listed": lambda v: list(map(list, v)),
}

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "/": lambda a, b: whole(Fraction(a) / _nonzero(b)),
    "div": lambda a, b: a // _nonzero(b),
    "mod": lambda a, b: a % _nonzero(b),
    "chain": _chain,
    "power": _power,
    "numbers": lambda low, high: list(range(low, _few(high - low) + low + 1)),
    "zip": lambda a, b: list(zip(a, b, strict=False)),
    "subsets": lambda most, of: _subsets(most, list(of)),
    "sequences": lambda length, of: _sequences(length, list(of)),
    "without": lambda values, gone: _without(values, [gone]),
    "without_all": _without,
}
