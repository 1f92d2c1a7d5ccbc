"""Primitive operations over values of which not all is known; where all is, the reference does them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from operator import add, mul, sub
from typing import Any

import z3

from tracecourt.engines.primitives import TooLarge, Undefined, primitive
from tracecourt.engines.symbolic.terms import (
    ABSENT,
    Choice,
    NotSymbolic,
    Truth,
    both,
    compare,
    conj,
    disj,
    implied,
    neg,
    number,
    spread,
    term,
    ways,
)
from tracecourt.engines.symbolic.values import (
    Row,
    Slot,
    Table,
    closed,
    contains,
    entry,
    equal,
    first,
    has,
    in_order,
    lift,
    opened,
    put,
    row_of,
    union,
    without,
)
from tracecourt.engines.symbolic.world import Found, World
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

Operation = Callable[..., Found]


def known_operation(e: ir.Prim, values: Sequence[Any]) -> Found | None:
    """What the reference says, where all operands are known; None where one is not, or is a queue."""
    if any(isinstance(part.sort, t.Queue) for part in e.args):
        return None
    if any(isinstance(v, (Table, Row)) and not v.ordered for v in values):
        return None  # the reference would take the order of slots for that of the entries
    try:
        plain = [closed(value) for value in values]
    except NotSymbolic:
        return None
    code = primitive(e, [lambda r, v=value: v for value in plain])  # type: ignore[misc]
    try:
        return True, opened(code([]))
    except Undefined:
        return False, ABSENT
    except TooLarge:
        raise NotSymbolic("something is too large to be listed") from None


def minimum_of(world: World, found: Iterable[tuple[Truth, Any]], op: str) -> Found:
    """The least or the greatest of numbers, each there if its guard holds."""
    numbers = [(guard, number(value)) for guard, value in found if guard is not False]
    some = disj(guard for guard, _ in numbers)
    if not numbers:
        return False, ABSENT
    if len(numbers) == 1:
        return some, numbers[0][1]
    if all(guard is True and not isinstance(value, z3.ArithRef) for guard, value in numbers):
        return True, (min if op == "min" else max)(value for _, value in numbers)
    whole = all(isinstance(v, int) or (isinstance(v, z3.ArithRef) and v.is_int()) for _, v in numbers)
    result = world.number(op, whole=whole)
    beyond = "<=" if op == "min" else ">="
    world.define(*(implied(guard, compare(beyond, result, value)) for guard, value in numbers))
    world.define(implied(some, disj(both(guard, equal(result, value)) for guard, value in numbers)))
    return some, result


def least(found: Sequence[tuple[Truth, Any, Any, bool]]) -> Found:
    """The element with the least key, the first among equals; rows of guard, element, key and whether they stand in order."""
    if len(found) > 1 and not all(ordered for *_, ordered in found):
        raise NotSymbolic("`least` asks for the order in which entries came")
    chosen = []
    for place, (guard, element, key, _) in enumerate(found):
        better = [
            implied(other, compare("<" if i < place else "<=", number(key), number(value)) if i != place else True)
            for i, (other, _, value, _) in enumerate(found)
        ]
        chosen.append((both(guard, conj(better)), element))
    return disj(guard for guard, _ in chosen), union(chosen)


# ---------------------------------------------------------------- comparing
def _equal(e: ir.Prim, a: Any, b: Any) -> Found:
    return True, equal(a, b)


def _different(e: ir.Prim, a: Any, b: Any) -> Found:
    return True, neg(equal(a, b))


def _order(e: ir.Prim, a: Any, b: Any) -> Found:
    return True, disj(both(guard, compare(e.op, *row)) for guard, row in spread((a, b)))


def _in(e: ir.Prim, value: Any, collection: Any) -> Found:
    if isinstance(collection, Choice):
        return True, disj(both(g, _inside(value, way)) for g, way in collection.ways)
    return True, _inside(value, collection)


def _inside(value: Any, collection: Any) -> Truth:
    if isinstance(collection, dict):
        collection = opened(collection)
    return has(collection, value) if isinstance(collection, Table) else contains(row_of(collection), value)


# ---------------------------------------------------------------- numbers
def _arithmetic(e: ir.Prim, a: Any, b: Any) -> Found:
    operation: Callable[[Any, Any], Any] = {"+": add, "-": sub, "*": mul}[e.op]
    if isinstance(a, z3.ArithRef) or isinstance(b, z3.ArithRef):
        a, b = number(a), number(b)
    elif isinstance(a, Choice) or isinstance(b, Choice):
        return True, lift(operation, a, b)
    ctx = a.ctx if isinstance(a, z3.ArithRef) else b.ctx
    return True, operation(term(a, ctx), term(b, ctx))


def _negated(e: ir.Prim, a: Any) -> Found:
    return True, lift(lambda x: -x, a)


def _absolute(e: ir.Prim, a: Any) -> Found:
    return True, lift(lambda x: z3.If(x >= 0, x, -x) if isinstance(x, z3.ArithRef) else abs(x), a)


def _division(e: ir.Prim, a: Any, b: Any) -> Found:
    """Only by numbers that are known, or one of several: Z3 decides no other."""
    found = []
    for guard, divisor in ways(b):
        if isinstance(divisor, z3.ArithRef):
            raise NotSymbolic(f"`{e.op}` by a number that is not known")
        if divisor != 0:
            found.append((guard, lift(lambda x, d=divisor: _divided(e.op, x, d), a)))
    return disj(g for g, _ in found), union(found)


def _divided(op: str, a: Any, b: Any) -> Any:
    if not isinstance(a, z3.ArithRef):
        return {"/": lambda: Fraction(a) / b, "div": lambda: a // b, "mod": lambda: a % b}[op]()
    if op == "/":
        return (z3.ToReal(a) if a.is_int() else a) / term(Fraction(b), a.ctx)
    if not a.is_int() or not isinstance(b, int) or b < 0:
        raise NotSymbolic(f"`{op}` of numbers that are not whole")
    return a / b if op == "div" else a % b


def _extreme(e: ir.Prim, *values: Any) -> Found:
    if any(isinstance(v, z3.ArithRef) for v in values):
        values = tuple(map(number, values))
    result = values[0]
    for value in values[1:]:
        result = lift(lambda x, y: _chosen(e.op, x, y), result, value)
    return True, result


def _chosen(op: str, a: Any, b: Any) -> Any:
    first_one = compare("<=" if op == "min" else ">=", a, b)
    return union(((first_one, a), (neg(first_one), b)))


def _sum(e: ir.Prim, collection: Any) -> Found:
    slots = [slot for slot in row_of(collection).slots if slot.guard is not False]
    terms = [(slot.guard, number(slot.key)) for slot in slots]
    fixed = sum(value for guard, value in terms if guard is True and not isinstance(value, z3.ArithRef))
    rest = [
        value if guard is True else number(Choice(((guard, value), (neg(guard), 0))))
        for guard, value in terms
        if not (guard is True and not isinstance(value, z3.ArithRef))
    ]
    if not rest:
        return True, fixed
    return True, z3.Sum(*rest) + fixed if fixed else (z3.Sum(*rest) if len(rest) > 1 else rest[0])


# ---------------------------------------------------------------- collections
def _slots(collection: Any) -> tuple[Slot, ...]:
    if isinstance(collection, dict):
        collection = opened(collection)
    return (collection if isinstance(collection, Table) else row_of(collection)).slots


def _size(e: ir.Prim, collection: Any) -> Found:
    guards = [slot.guard for slot in _slots(collection)]
    fixed = sum(1 for guard in guards if guard is True)
    rest = [number(Choice(((g, 1), (neg(g), 0)))) for g in guards if not isinstance(g, bool)]
    return True, (z3.Sum(*rest) if len(rest) > 1 else rest[0]) + fixed if rest else fixed


def _keys(e: ir.Prim, table: Any) -> Found:
    return True, row_of(table)


def _values(e: ir.Prim, table: Table) -> Found:
    return True, Row(tuple(Slot(slot.guard, slot.value) for slot in table.slots), table.ordered)


def _index(e: ir.Prim, collection: Any, key: Any) -> Found:
    if isinstance(collection, dict):
        collection = opened(collection)
    if isinstance(collection, Table):
        return entry(collection, key)
    row = in_order(row_of(collection))
    if any(slot.guard is not True for slot in row.slots):
        raise NotSymbolic("an element is asked for by its place in a list that is not known")
    found = [(equal(key, place), slot.key) for place, slot in enumerate(row.slots)]
    return disj(g for g, _ in found), union(found)


def _first(e: ir.Prim, collection: Any) -> Found:
    return first(row_of(collection), last=e.op in ("last", "top"))


def _the(e: ir.Prim, value: Any) -> Found:
    present = [(guard, way) for guard, way in ways(value) if way is not None]
    return disj(g for g, _ in present), union(present)


def _key_of(e: ir.Prim, queue: Table, key: Any) -> Found:
    return entry(queue, key, lambda slot: slot.rank)


def _bests(e: ir.Prim, queue: Table) -> Found:
    slots = []
    for slot in queue.slots:
        best = conj(implied(other.guard, compare("<=", slot.rank, other.rank)) for other in queue.slots if other is not slot)
        slots.append(Slot(both(slot.guard, best), slot.key))
    return True, Row(tuple(s for s in slots if s.guard is not False), ordered=False)


def _elements(e: ir.Prim, collection: Any) -> Found:
    row, table = row_of(collection), Table()
    for slot in row.slots:
        table = put(table, slot.key, True, slot.guard)
    return True, Table(table.slots, table.ordered and row.ordered)


def _union(e: ir.Prim, a: Any, b: Any) -> Found:
    if isinstance(e.sort, t.List):
        left, right = row_of(a), row_of(b)
        return True, Row((*left.slots, *right.slots), left.ordered and right.ordered)
    table, other = (opened(v) if isinstance(v, dict) else v for v in (a, b))
    for slot in other.slots:
        table = put(table, slot.key, slot.value, slot.guard)
    return True, table


def _minus(e: ir.Prim, a: Any, b: Any) -> Found:
    gone = opened(b) if isinstance(b, dict) else b
    slots = tuple(Slot(both(s.guard, neg(_inside(s.key, gone))), s.key, s.value) for s in _slots(a))
    kept = tuple(slot for slot in slots if slot.guard is not False)
    return True, Row(kept, row_of(a).ordered) if isinstance(e.sort, t.List) else Table(kept, row_of(a).ordered)


def _pairs(e: ir.Prim, collection: Any) -> Found:
    row = in_order(row_of(collection))
    if row.tail:
        found = [Slot(slot.guard, (slot.key, after.key)) for slot, after in pairwise(row.slots)]
        return True, Row(tuple(found), tail=True)
    found = []
    for i, slot in enumerate(row.slots):
        between: Truth = True  # nothing stands between the two
        for after in row.slots[i + 1 :]:
            guard = conj((slot.guard, after.guard, between))
            if guard is not False:
                found.append(Slot(guard, (slot.key, after.key)))
            between = both(between, neg(after.guard))
    return True, Row(tuple(found))


def _chain(e: ir.Prim, links: Table, node: Any) -> Found:
    """The list that ends with a node; from the end on, each element is followed to the one before it."""
    guard: Truth = True
    slots = [Slot(True, node)]
    for _ in links.slots:
        there, before = entry(links, slots[-1].key)
        guard = both(guard, there)
        if guard is False:
            break
        slots.append(Slot(guard, before))
    in_circle = both(guard, has(links, slots[-1].key)) if len(slots) > len(links.slots) else False
    return neg(in_circle), Row(tuple(slots[::-1]), tail=True)


def _flat(e: ir.Prim, collection: Any) -> Found:
    slots, ordered = [], True
    for slot in _slots(collection):
        inner = row_of(slot.key)
        ordered = ordered and inner.ordered
        slots += [Slot(both(slot.guard, part.guard), part.key) for part in inner.slots]
    return True, Row(tuple(slots), ordered and row_of(collection).ordered)


def _zip(e: ir.Prim, a: Any, b: Any) -> Found:
    left, right = in_order(row_of(a)), in_order(row_of(b))
    if any(slot.guard is not True for slot in (*left.slots, *right.slots)):
        raise NotSymbolic("`zip` of lists that are not known")
    return True, Row(tuple(Slot(True, (x.key, y.key)) for x, y in zip(left.slots, right.slots, strict=False)))


def _without(e: ir.Prim, collection: Any, gone: Any) -> Found:
    defined: Truth = True
    row = row_of(collection)
    for value in [gone] if e.op == "without" else [slot.key for slot in row_of(gone).slots]:
        there, row = without(row, value, True)
        defined = both(defined, there)
    return defined, row


OPERATIONS: dict[str, Operation] = {
    "=": _equal,
    "!=": _different,
    "<": _order,
    "<=": _order,
    ">": _order,
    ">=": _order,
    "in": _in,
    "+": _arithmetic,
    "-": _arithmetic,
    "*": _arithmetic,
    "/": _division,
    "div": _division,
    "mod": _division,
    "negate": _negated,
    "abs": _absolute,
    "min": _extreme,
    "max": _extreme,
    "sum": _sum,
    "size": _size,
    "count": _size,
    "keys": _keys,
    "values": _values,
    "index": _index,
    "first": _first,
    "front": _first,
    "last": _first,
    "top": _first,
    "the": _the,
    "key": _key_of,
    "bests": _bests,
    "elements": _elements,
    "union": _union,
    "minus": _minus,
    "pairs": _pairs,
    "chain": _chain,
    "flat": _flat,
    "zip": _zip,
    "without": _without,
    "without_all": _without,
}
