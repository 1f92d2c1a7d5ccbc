"""Collections of which not all is known, and what is asked of values of any kind.

A collection is a row of slots, each with the condition under which it is there. Keys that are known stand in one slot each;
two slots that may hold the same key are never both there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import z3

from tracecourt.engines.symbolic.terms import (
    ABSENT,
    WIDEST,
    Choice,
    NotSymbolic,
    Truth,
    both,
    compare,
    conj,
    disj,
    either,
    iff,
    implied,
    is_number,
    keys,
    known,
    neg,
    number,
    same,
    spread,
    ways,
)
from tracecourt.engines.values import freeze

LONGEST = 400  # slots of one collection of which it is not known whether they are there


@dataclass(frozen=True, eq=False)
class Slot:
    """An entry of a table, or an element of a row (which is its key): there if the guard holds. `rank`: of a queue's entry."""

    guard: Truth
    key: Any
    value: Any = True
    rank: Any = None


@dataclass(frozen=True, eq=False)
class Table:
    """A set, a map or a queue. `ordered`: whether the slots stand in the order in which entries came."""

    slots: tuple[Slot, ...] = ()
    ordered: bool = True

    @cached_property
    def places(self) -> dict[Any, int]:
        """Where the keys that are known stand."""
        return {slot.key: place for place, slot in enumerate(self.slots) if known(slot.key)}

    @cached_property
    def loose(self) -> tuple[int, ...]:
        """Where the others stand."""
        return tuple(place for place, slot in enumerate(self.slots) if not known(slot.key))

    @cached_property
    def closed(self) -> dict[Any, Any]:
        """The run-time value; who asks for it must not change it."""
        _settled(self.slots)
        return {freeze(closed(slot.key)): freeze(closed(slot.value)) for slot in self.slots}

    def alike(self, key: Any) -> Iterable[tuple[Truth, int]]:
        """The slots that may have a plain key, and when they do, if they are there."""
        if known(key):
            place = self.places.get(key)
            if place is not None:
                yield True, place
            candidates: Iterable[int] = self.loose
        else:
            candidates = range(len(self.slots))
        for place in candidates:
            if (alike := equal(self.slots[place].key, key)) is not False:
                yield alike, place


@dataclass(frozen=True, eq=False)
class Row:
    """A list. Those of its slots that are there follow each other; `ordered`: whether in the order that the list has.

    `tail`: where a slot is there, so are all after it, which makes neighbours of slots neighbours in the list.
    """

    slots: tuple[Slot, ...] = ()
    ordered: bool = True
    tail: bool = False


# ---------------------------------------------------------------- one of several values
def union(found: Iterable[tuple[Truth, Any]]) -> Any:
    """One of several values, each with its guard; those that are the same are one."""
    kept = [(g, v) for g, v in found if g is not False and v is not ABSENT]
    if not kept:
        return ABSENT
    first = kept[0][1]
    if len(kept) == 1 or all(same(first, v) for _, v in kept[1:]):
        return first
    if any(isinstance(v, (Table, Row)) for _, v in kept):
        kept = [(g, opened(list(v) if isinstance(v, tuple) else v)) for g, v in kept]  # a list in another value is a tuple
        if any(not isinstance(v, (Table, Row)) for _, v in kept):
            raise NotSymbolic("a collection may be something else")
        result = kept[-1][1]
        for guard, value in reversed(kept[:-1]):
            result = merged(guard, value, result)
        return result
    if isinstance(first, (bool, z3.BoolRef)):
        return disj(both(g, v) for g, v in kept)
    return _choice(kept)


def _choice(found: Iterable[tuple[Truth, Any]]) -> Any:
    plain: list[tuple[Truth, Any]] = []
    places: dict[Any, int] = {}
    open_numbers: list[tuple[Truth, Any]] = []
    for guard, value in found:
        for inner, way in ways(value):
            held = both(guard, inner)
            if held is False:
                continue
            if isinstance(way, z3.ArithRef):
                open_numbers.append((held, way))
                continue
            if known(way):
                place = places.setdefault((type(way), way), len(plain))
            else:
                place = next((i for i, (_, v) in enumerate(plain) if same(v, way)), len(plain))
            if place == len(plain):
                plain.append((held, way))
            else:
                plain[place] = (either(plain[place][0], held), way)
    if open_numbers:
        open_numbers += [(g, v) for g, v in plain if is_number(v)]
        plain = [(g, v) for g, v in plain if not is_number(v)]
        plain.append((disj(g for g, _ in open_numbers), number(Choice(tuple(open_numbers)))))
    if len(plain) > WIDEST:
        raise NotSymbolic("a value has too many possibilities")
    return plain[0][1] if len(plain) == 1 else Choice(tuple(plain))


def merged(guard: Truth, a: Any, b: Any) -> Any:
    """The first value where the guard holds, else the second."""
    if isinstance(guard, bool):
        return a if guard else b
    if a is b or same(a, b):
        return a
    if isinstance(a, Table) and isinstance(b, Table):
        return _merged_tables(guard, a, b)
    if isinstance(a, Row) and isinstance(b, Row):
        return _merged_rows(guard, a, b)
    if isinstance(a, tuple) and isinstance(b, tuple) and not (known(a) and known(b)) and len(a) == len(b):
        return tuple(merged(guard, x, y) for x, y in zip(a, b, strict=True))
    return union(((guard, a), (neg(guard), b)))


def _merged_tables(guard: Truth, a: Table, b: Table) -> Table:
    """Slots of the same key are one; where both tables have these in the same order, the orders of both are kept."""
    partners = _partners(a, b)
    places = [partners[i] for i in range(len(a.slots)) if i in partners]
    in_line = places == sorted(places)
    taken, slots, reached = set(places), list[Slot](), 0

    def theirs(until: int) -> Iterable[Slot]:
        return (replace(b.slots[j], guard=both(neg(guard), b.slots[j].guard)) for j in range(reached, until) if j not in taken)

    for i, slot in enumerate(a.slots):
        j = partners.get(i)
        if j is None:
            slots.append(replace(slot, guard=both(guard, slot.guard)))
            continue
        if in_line:
            slots += theirs(j)
            reached = j + 1
        slots.append(slot if slot is b.slots[j] else _merged_slots(guard, slot, b.slots[j]))
    slots += theirs(len(b.slots))
    return Table(_kept(slots), a.ordered and b.ordered and in_line)


def _partners(a: Table, b: Table) -> dict[int, int]:
    """By place in the first table: where the second has the same key; one that is not known, if it is the same term."""
    loose: dict[int, list[int]] = {}
    for j in reversed(b.loose):
        loose.setdefault(_mark(b.slots[j].key), []).append(j)
    found = {}
    for i, slot in enumerate(a.slots):
        if known(slot.key):
            if slot.key in b.places:
                found[i] = b.places[slot.key]
        elif alike := loose.get(_mark(slot.key)):
            found[i] = alike.pop()
    return found


def _mark(key: Any) -> int:
    """A number that no other term has."""
    return int(key.get_id()) if isinstance(key, z3.ExprRef) else -id(key)


def _merged_slots(guard: Truth, a: Slot, b: Slot) -> Slot:
    if same(a.guard, b.guard):
        there = a.guard
    elif a.guard is True:
        there = either(guard, b.guard)
    else:
        there = either(both(guard, a.guard), both(neg(guard), b.guard))
    if a.guard is False or b.guard is False:  # the value of what is not there does not matter
        kept = b if a.guard is False else a
        return replace(kept, guard=there)
    rank = None if a.rank is None else merged(guard, a.rank, b.rank)
    return Slot(there, a.key, merged(guard, a.value, b.value), rank)


def _merged_rows(guard: Truth, a: Row, b: Row) -> Row:
    shared: list[Slot] = []  # the same elements in the same places, there or not
    for x, y in zip(a.slots, b.slots, strict=False):
        if x is not y and not same(x.key, y.key):
            break
        shared.append(x if x is y else _merged_slots(guard, x, y))
    start = len(shared)
    ours = [replace(slot, guard=both(guard, slot.guard)) for slot in a.slots[start:]]
    theirs = [replace(slot, guard=both(neg(guard), slot.guard)) for slot in b.slots[start:]]
    tail = (a.tail and not b.slots) or (b.tail and not a.slots)
    return Row(_kept([*shared, *ours, *theirs]), a.ordered and b.ordered, tail)


def _kept(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    kept = tuple(slot for slot in slots if slot.guard is not False)
    if len(kept) > LONGEST and sum(slot.guard is not True for slot in kept) > LONGEST:
        raise NotSymbolic("a collection has too many possible elements")
    return kept


def lift(function: Callable[..., Any], *values: Any) -> Any:
    """A function of plain values, of each combination that some values may have."""
    if not any(isinstance(v, Choice) for v in values):
        return function(*values)
    return union((guard, function(*row)) for guard, row in spread(values))


# ---------------------------------------------------------------- equality
def equal(a: Any, b: Any) -> Truth:
    """Whether two values are equal."""
    if same(a, b):
        return True
    if isinstance(a, Choice) or isinstance(b, Choice):
        if isinstance(a, Choice) and isinstance(b, Choice):
            return disj(conj((g, h, equal(v, w))) for g, v in a.ways for h, w in b.ways)
        several, one = (a, b) if isinstance(a, Choice) else (b, a)
        return disj(both(g, equal(v, one)) for g, v in several.ways)
    if isinstance(a, (bool, z3.BoolRef)) and isinstance(b, (bool, z3.BoolRef)):
        return iff(a, b)
    if is_number(a) and is_number(b):
        if not isinstance(a, z3.ArithRef) and not isinstance(b, z3.ArithRef):
            return bool(a == b)
        return both(compare("<=", a, b), compare(">=", a, b))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and conj(equal(x, y) for x, y in zip(a, b, strict=True))
    a, b = (opened(v) if isinstance(v, dict) else v for v in (a, b))
    if isinstance(a, Table) and isinstance(b, Table):
        return both(_within(a, b), _within(b, a))
    if isinstance(a, (Row, list, tuple)) and isinstance(b, (Row, list, tuple)):
        return _equal_rows(opened(a), opened(b))
    return known(a) and known(b) and bool(a == b)


def _within(a: Table, b: Table) -> Truth:
    return conj(
        implied(
            slot.guard,
            disj(conj((alike, b.slots[p].guard, equal(slot.value, b.slots[p].value))) for alike, p in b.alike(slot.key)),
        )
        for slot in a.slots
    )


def _equal_rows(a: Row, b: Row) -> Truth:
    in_order(a)
    in_order(b)
    rests: dict[tuple[int, int], Truth] = {}
    for i in range(len(a.slots), -1, -1):
        for j in range(len(b.slots), -1, -1):
            if i == len(a.slots):
                rests[i, j] = conj(neg(s.guard) for s in b.slots[j:])
            elif j == len(b.slots):
                rests[i, j] = conj(neg(s.guard) for s in a.slots[i:])
            else:
                x, y = a.slots[i], b.slots[j]
                rests[i, j] = disj(
                    (
                        both(neg(x.guard), rests[i + 1, j]),
                        conj((x.guard, neg(y.guard), rests[i, j + 1])),
                        conj((x.guard, y.guard, equal(x.key, y.key), rests[i + 1, j + 1])),
                    )
                )
    return rests[0, 0]


def in_order(row: Row) -> Row:
    """A list whose order is known; one that holds at most one element has one."""
    if not row.ordered and len(row.slots) > 1:
        raise NotSymbolic("something asks for the order in which entries came")
    return row


# ---------------------------------------------------------------- tables
def has(table: Table, key: Any) -> Truth:
    """Whether a table has a key."""
    return disj(
        conj((guard, alike, table.slots[place].guard)) for guard, plain in keys(key) for alike, place in table.alike(plain)
    )


def entry(table: Table, key: Any, part: Callable[[Slot], Any] = lambda slot: slot.value) -> tuple[Truth, Any]:
    """Whether a table has a key, and what stands there."""
    found = [
        (conj((guard, alike, table.slots[place].guard)), part(table.slots[place]))
        for guard, plain in keys(key)
        for alike, place in table.alike(plain)
    ]
    return disj(g for g, _ in found), union(found)


def put(table: Table, key: Any, value: Any, guard: Truth, rank: Any = None) -> Table:
    """The table after an entry was put or replaced, if the guard holds."""
    for inner, plain in keys(key):
        if (held := both(guard, inner)) is not False:
            table = _put(table, plain, value, held, rank)
    return table


def _put(table: Table, key: Any, value: Any, guard: Truth, rank: Any) -> Table:
    slots, ordered, there = list(table.slots), table.ordered, False
    for alike, place in list(table.alike(key)):
        old = slots[place]
        if known(key) and known(old.key):
            ordered = ordered and (old.guard is True or not any(s.guard is not False for s in slots[place + 1 :]))
            slots[place] = _merged_slots(guard, Slot(True, key, value, rank), old)
            there = True
        else:
            slots[place] = replace(old, guard=both(old.guard, neg(both(guard, alike))))
            ordered = False
    if not there:
        slots.append(Slot(guard, key, value, rank))
    return Table(_kept(slots), ordered)


def removed(table: Table, key: Any, guard: Truth) -> Table:
    """The table without a key, if the guard holds."""
    slots = list(table.slots)
    for inner, plain in keys(key):
        for alike, place in table.alike(plain):
            old = slots[place]
            slots[place] = replace(old, guard=both(old.guard, neg(conj((guard, inner, alike)))))
    return Table(_kept(slots), table.ordered)


def without(row: Row, value: Any, guard: Truth, *, last: bool = False) -> tuple[Truth, Row]:
    """Whether a list has an element, and the list without one occurrence of it, if the guard holds."""
    in_order(row)
    slots, earlier = list(row.slots), False
    for place in sorted(range(len(slots)), reverse=last):
        hit = both(slots[place].guard, equal(slots[place].key, value))
        gone = conj((guard, hit, neg(earlier)))
        slots[place] = replace(slots[place], guard=both(slots[place].guard, neg(gone)))
        earlier = either(earlier, hit)
    return earlier, Row(_kept(slots), row.ordered)


def contains(row: Row, value: Any) -> Truth:
    """Whether a list has an element."""
    return disj(both(slot.guard, equal(slot.key, value)) for slot in row.slots)


def first(row: Row, *, last: bool = False) -> tuple[Truth, Any]:
    """Whether a list has elements, and the first or the last."""
    in_order(row)
    if row.tail and last:
        return row.slots[-1].guard, row.slots[-1].key
    slots = row.slots[::-1] if last else row.slots
    found, earlier = [], False
    for slot in slots:
        found.append((both(slot.guard, neg(earlier)), slot.key))
        earlier = slot.guard if row.tail else either(earlier, slot.guard)
    return earlier, union(found)


# ---------------------------------------------------------------- from and to run-time values
def opened(value: Any) -> Any:
    """A run-time value as this engine holds it: collections as tables and rows."""
    if isinstance(value, dict):
        return Table(tuple(Slot(True, key, opened(inner)) for key, inner in value.items()))
    if isinstance(value, (list, range)):
        return Row(tuple(Slot(True, element) for element in value))
    if isinstance(value, tuple) and not known(value):
        return tuple(map(opened, value))
    return value


def closed(value: Any) -> Any:
    """The run-time value, where nothing is open.

    Raises:
        NotSymbolic: when something is.
    """
    if isinstance(value, Table):
        return value.closed
    if isinstance(value, Row):
        _settled(value.slots)
        return [freeze(closed(slot.key)) for slot in in_order(value).slots]
    if isinstance(value, tuple):
        return tuple(map(closed, value))
    if not known(value):
        raise NotSymbolic("a value is not known")
    return value


def stored(value: Any) -> Any:
    """A value that is put into another: a collection in it does not change any more.

    Raises:
        NotSymbolic: when it is not known what such a collection holds.
    """
    if isinstance(value, (Table, Row)):
        return freeze(closed(value))
    if isinstance(value, tuple) and not known(value):
        return tuple(map(stored, value))
    return value


def _settled(slots: Sequence[Slot]) -> None:
    if any(slot.guard is not True for slot in slots):
        raise NotSymbolic("it is not known what a collection holds")


def row_of(value: Any) -> Row:
    """The elements of a collection; of a table its keys."""
    if isinstance(value, Row):
        return value
    if isinstance(value, Table):
        return Row(tuple(Slot(slot.guard, slot.key) for slot in value.slots), value.ordered)
    row = opened(list(value))
    assert isinstance(row, Row)
    return row
