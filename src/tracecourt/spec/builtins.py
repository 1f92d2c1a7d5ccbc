"""The functions every specification may use: their names, the sorts they take and give.

Each builtin becomes a primitive of the typed form; `partial` ones may have no value, and an atom with a term
without value is false (docs/spec-language.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracecourt.spec import sorts as t


@dataclass(frozen=True)
class Builtin:
    """`result` gives the sort for the argument sorts, or None when they do not fit; `usage` words the error."""

    usage: str
    result: Callable[[tuple[t.Sort, ...]], t.Sort | None]
    partial: bool = False
    random: bool = False


def _abs(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (a,) if t.numeric(a):
            return t.INT if isinstance(a, t.Int) else a
    return None


def _extreme(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Collection() as c,) if t.numeric(c.element):
            return t.INT if isinstance(c.element, t.Int) else c.element
        case (_, _, *_) if all(map(t.numeric, args)):
            return t.INT if all(isinstance(a, t.Int) for a in args) else t.RATIONAL
    return None


def _sum(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return _extreme(args) if len(args) == 1 else None


def _size(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.INT if len(args) == 1 and isinstance(args[0], t.Collection) else None


def _keys(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.List(args[0].element) if len(args) == 1 and isinstance(args[0], t.Map) else None


def _values(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.List(args[0].value) if len(args) == 1 and isinstance(args[0], t.Map) else None


def _element(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return args[0].element if len(args) == 1 and isinstance(args[0], (t.List, t.Set)) else None


def _flat(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Collection(element=t.Collection(element=e)),):
            return t.List(e)
    return None


def _pairs(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.List(element=e),):
            return t.List(t.Tuple((("", e), ("", e))))
    return None


def _chain(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Map(element=k, value=v), n) if t.accepts(k, v) and t.accepts(k, n):
            return t.List(k)
    return None


def _key(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Queue(element=k), n) if t.accepts(k, n):
            return t.RATIONAL
    return None


def _best(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.RATIONAL if len(args) == 1 and isinstance(args[0], t.Queue) else None


def _bests(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.List(args[0].element) if len(args) == 1 and isinstance(args[0], t.Queue) else None


def _to_set(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Collection(element=e),) if t.keyable(e):
            return t.Set(e)
    return None


def _without(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.List(element=e), value) if t.join(e, value):
            return t.List(e)
    return None


def _without_all(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.List(element=e), t.List(element=gone) | t.Empty(element=gone)) if t.join(e, gone):
            return t.List(e)
    return None


def _sorted(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Collection(element=e),) if t.numeric(e):
            return t.List(e)
    return None


def _worth(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.RATIONAL if len(args) == 1 and t.accepts(t.FORMULA, args[0]) else None


def _worths(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.List(t.RATIONAL) if _worth(args) else None


def _between(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.INT if len(args) == 2 and all(isinstance(a, t.Int) for a in args) else None


def _pick(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return args[0].element if len(args) == 1 and isinstance(args[0], t.Collection) else None


def _choose(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Int(), t.Collection(element=e)) if t.keyable(e):
            return t.Set(e)
    return None


def _chance(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.BOOL if len(args) == 1 and t.numeric(args[0]) else None


def _shuffled(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.List(args[0].element) if len(args) == 1 and isinstance(args[0], t.Collection) else None


def _power(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (base, t.Int()) if t.numeric(base):
            return t.INT if isinstance(base, t.Int) else t.RATIONAL
    return None


def _numbers(args: tuple[t.Sort, ...]) -> t.Sort | None:
    return t.List(t.INT) if len(args) == 2 and all(isinstance(a, t.Int) for a in args) else None


def _zip(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.List(element=a), t.List(element=b)):
            return t.List(t.Tuple((("", a), ("", b))))
    return None


def _groups(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Int(), t.Collection(element=e)):
            return t.List(t.List(e))
    return None


def _subsets(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.Int(), t.Collection(element=e)) if t.keyable(e):
            return t.List(t.Set(e))
    return None


def _words(args: tuple[t.Sort, ...]) -> t.Sort | None:
    match args:
        case (t.List(element=t.Text() | t.Enum()),):
            return t.TEXT
    return None


BUILTINS: dict[str, Builtin] = {
    "abs": Builtin("abs(number)", _abs),
    "min": Builtin("min(a, b, …) or min(e for x in S)", _extreme, partial=True),
    "max": Builtin("max(a, b, …) or max(e for x in S)", _extreme, partial=True),
    "sum": Builtin("sum(e for x in S)", _sum),
    "size": Builtin("size(collection)", _size),
    "count": Builtin("count(e for x in S)", _size),
    "keys": Builtin("keys(map)", _keys),
    "values": Builtin("values(map)", _values),
    "first": Builtin("first(list)", _element, partial=True),
    "last": Builtin("last(list)", _element, partial=True),
    "top": Builtin("top(stack)", _element, partial=True),
    "front": Builtin("front(fifo)", _element, partial=True),
    "flat": Builtin("flat(collection of collections)", _flat),
    "pairs": Builtin("pairs(list)", _pairs),
    "chain": Builtin("chain(map from a sort to itself, element)", _chain, partial=True),
    "key": Builtin("key(queue, element)", _key, partial=True),
    "best": Builtin("best(queue)", _best, partial=True),
    "bests": Builtin("bests(queue)", _bests),
    "elements": Builtin("elements(collection)", _to_set),
    "power": Builtin("power(base, exponent)", _power, partial=True),
    "numbers": Builtin("numbers(low, high)", _numbers),
    "zip": Builtin("zip(list, list)", _zip),
    "subsets": Builtin("subsets(greatest size, collection)", _subsets),
    "sequences": Builtin("sequences(length, collection)", _groups, partial=True),
    "words": Builtin("words(list of texts)", _words),
    "without": Builtin("without(list, element)", _without, partial=True),
    "without_all": Builtin("without_all(list, list)", _without_all, partial=True),
    "sorted": Builtin("sorted(collection of numbers)", _sorted),
    "worth": Builtin("worth(arithmetic)", _worth, partial=True),
    "leaves": Builtin("leaves(arithmetic)", _worths),
    "results": Builtin("results(arithmetic)", _worths, partial=True),
    "between": Builtin("between(low, high)", _between, partial=True, random=True),
    "pick": Builtin("pick(collection)", _pick, partial=True, random=True),
    "choose": Builtin("choose(how many, collection)", _choose, partial=True, random=True),
    "chance": Builtin("chance(probability)", _chance, random=True),
    "shuffled": Builtin("shuffled(collection)", _shuffled, random=True),
}

PARTIAL_OPERATORS = {"index", "the", "/", "div", "mod"} | {n for n, b in BUILTINS.items() if b.partial}
