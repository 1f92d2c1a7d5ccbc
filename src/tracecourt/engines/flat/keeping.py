"""Reading and changing what is kept in the memory: the lines for each operation on a store or a row."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from math import lcm

from tracecourt.engines.flat.draft import ALWAYS, NEVER, Draft, Plan, both, conj, negated
from tracecourt.engines.flat.layout import Val, width
from tracecourt.engines.flat.runtime import COUNTERS, HANDLE, PAIR, SCRATCH
from tracecourt.engines.flat.stores import MOST_KEYS, NUMBERED, Group, Row, Store
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

ELSEWHERE = "return ELSEWHERE"  # another engine decides

assert COUNTERS and PAIR == 0


class Keeping(Draft):
    """Lines for stores and rows. `m` is the memory."""

    exact: bool

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.groups = plan.groups

    def term(self, e: ir.Expr) -> Val:
        """The value of an expression."""
        raise NotImplementedError

    # ------------------------------------------------------------ values of several cells
    def cells(self, sort: t.Sort) -> int:
        """The number of cells of a sort."""
        return width(sort, self.exact)

    def packed(self, val: Val) -> str:
        """One cell for a value: itself, or its handle."""
        first, *rest = val.cells
        for cell in rest:
            first = self.named(f"made(m, {first}, {cell}, {PAIR})")
        return first

    def unpacked(self, cell: str, count: int) -> tuple[str, ...]:
        """The cells of a value that was packed."""
        found: list[str] = []
        for _ in range(count - 1):
            found.append(self.named(f"m[{HANDLE + 1} + 4 * {cell}]"))
            cell = self.named(f"m[{HANDLE} + 4 * {cell}]")
        return (cell, *reversed(found))

    # ------------------------------------------------------------ records
    def bound_of(self, sort: t.Sort) -> tuple[str, str]:
        """The least value of a range and the number of its values, as names or numerals."""
        match sort:
            case t.Enum(members=members):
                return "0", str(len(members))
            case t.Bool():
                return "0", "2"
            case t.Range(low=low, high=high):
                known = self.recall(("bounds", id(low), id(high)))
                if known is None:
                    least, most = self.term(low).cell, self.term(high).cell
                    count = (
                        str(int(most) - int(least) + 1)
                        if least.isdigit() and most.isdigit()
                        else self.named(f"{most} - {least} + 1")
                    )
                    known = least, count
                    self.learn(("bounds", id(low), id(high)), known)
                return known  # type: ignore[no-any-return]
        raise AssertionError(sort)

    def number(self, group: Group, key: Val) -> tuple[str, str]:
        """The number of a key, and the condition under which it has one."""
        if group.dims is None:
            return self._handle(key), ALWAYS
        facts = ("number", group.name, *key.cells)
        known = self.recall(facts)
        if known is not None:
            return known  # type: ignore[no-any-return]
        tests, text = [], ""
        for cell, dim in zip(key.cells, group.dims, strict=True):
            low, count = self.bound_of(dim)
            place = cell if low == "0" else f"({cell} - {low})"
            text = place if not text else f"({text}) * {count} + {place}"
            if not isinstance(dim, (t.Enum, t.Bool)):
                tests += [f"0 <= {place}", f"{place} < {count}"]
        name = self.held(text)
        inside = conj(*tests)
        if self.recall(("inside", *key.cells)):
            inside = ALWAYS
        elif inside not in (ALWAYS, NEVER):
            inside = self.named(inside)
        self.learn(facts, (name, inside))
        return name, inside

    def _handle(self, key: Val) -> str:
        facts = ("handle", *key.cells)
        known = self.recall(facts)
        if known is None:
            # a number alone is no handle: it is made one, so that there are no more records than values
            known = self.packed(key) if len(key.cells) > 1 else self.named(f"made(m, 0, {key.cells[0]}, 2)")
            self.learn(facts, known)
        return known  # type: ignore[no-any-return]

    def record(self, store: Store, key: Val) -> tuple[str, str]:
        """The place of a key's record, and the condition under which it has one; without it, the place is that of another."""
        at = self.recall(("at", store.group.name, *key.cells))
        if at is not None:
            return at, ALWAYS
        number, inside = self.number(store.group, key)
        facts = ("record", store.group.name, number)
        known = self.recall(facts)
        if known is None:
            group = store.group.name.upper()
            safe = number if inside == ALWAYS else f"({number} if {inside} else 0)"
            known = self.named(f"{group} + {safe} * {group}_SIZE", "r")
            self.learn(facts, known)
        return known, inside

    def field(self, store: Store, record: str, name: str) -> str:
        """A field of a record."""
        return f"m[{record} + {self.offset(store.group.name, store.name, name)}]"

    # ------------------------------------------------------------ maps, sets, queues
    def present(self, store: Store, key: Val) -> str:
        """Whether there is an entry."""
        if self.recall(("there", store.name, *key.cells)):
            return conj(key.ok)
        record, inside = self.record(store, key)
        return conj(key.ok, inside, f"{self.field(store, record, 'stamp')} == {store.generation}")

    def entry(self, store: Store, record: str) -> Val:
        """The value in a record."""
        assert store.value is not None
        self.need(store.name, "values")
        cells = tuple(self.named(self.field(store, record, f"value{i}")) for i in range(self.cells(store.value)))
        return Val(cells, None, self.den(store.name) if isinstance(store.value, t.Rational) else 1)

    def found(self, store: Store, key: Val) -> Val:
        """The value of a key."""
        there = self.present(store, key)
        record, _ = self.record(store, key)
        val = self.entry(store, record)
        return Val(val.cells, None if there == ALWAYS else there, val.den)

    def den(self, name: str) -> int:
        """The denominator of the numbers in a variable."""
        return self.plan.dens.get(name, 1)

    def widened(self, name: str, den: int) -> int:
        """The denominator of a variable that is to hold a number with this one."""
        self.plan.dens[name] = lcm(self.den(name), den)
        return self.plan.dens[name]

    def put(self, store: Store, key: Val, value: Val | None, order: Val | None = None) -> None:
        """Insert an entry or replace the one with this key."""
        record, inside = self.record(store, key)
        if inside != ALWAYS:
            with self.block(f"if {negated(inside)}:"):
                self.add(ELSEWHERE)
        stamp = self.field(store, record, "stamp")
        with self.block(f"if {stamp} != {store.generation}:"):
            self.add(f"{stamp} = {store.generation}")
            self.add(f"{store.count} += 1")
            for i, cell in enumerate(key.cells if self.has(store.name, "keys") else ()):
                self.add(f"{self.field(store, record, f'key{i}')} = {cell}")
            if self.has(store.name, "ordered"):
                self._append(store, record)
            if self.has(store.name, "places"):
                self.add(f"{store.name}_places += 1")
                self.add(f"{self.field(store, record, 'place')} = {store.name}_places")
            self._join(store, record, key)
        if order is not None:
            with self.block("else:"):
                self._leave(store, record)
        for i, cell in enumerate(value.cells if value and self.has(store.name, "values") else ()):
            self.add(f"{self.field(store, record, f'value{i}')} = {cell}")
        if order is not None:
            self._enter(store, record, order)

    def remove(self, store: Store, key: Val) -> None:
        """Remove an entry, if it is there."""
        with self.block(f"if {self.present(store, key)}:"):
            record, _ = self.record(store, key)
            self.add(f"{self.field(store, record, 'stamp')} = 0")
            self.add(f"{store.count} -= 1")
            if self.has(store.name, "ordered"):
                self._unlink(store, record)
            if store.queue:
                self._leave(store, record)

    def clear(self, store: Store) -> None:
        """Empty a store."""
        self.add("m[0] += 1")
        self.add(f"{store.generation} = m[0]")
        self.add(f"{store.count} = 0")
        if self.has(store.name, "ordered"):
            self.add(f"{store.name}_head = 0")
            self.add(f"{store.name}_tail = 0")
        if store.queue:
            self.add(f"{store.name}_heaped = 0")
        if self.has(store.name, "places"):
            self.add(f"{store.name}_places = 0")

    # ------------------------------------------------------------ in order of arrival
    def _append(self, store: Store, record: str) -> None:
        after, before = self.field(store, record, "next"), self.field(store, record, "before")
        tail = f"{store.name}_tail"
        self.add(f"{after} = 0")
        self.add(f"{before} = {tail}")
        with self.block(f"if {tail} == 0:"):
            self.add(f"{store.name}_head = {record}")
        with self.block("else:"):
            self.add(f"{self.field(store, tail, 'next')} = {record}")
        self.add(f"{tail} = {record}")

    def _unlink(self, store: Store, record: str) -> None:
        after, before = self.named(self.field(store, record, "next")), self.named(self.field(store, record, "before"))
        with self.block(f"if {before} == 0:"):
            self.add(f"{store.name}_head = {after}")
        with self.block("else:"):
            self.add(f"{self.field(store, before, 'next')} = {after}")
        with self.block(f"if {after} == 0:"):
            self.add(f"{store.name}_tail = {before}")
        with self.block("else:"):
            self.add(f"{self.field(store, after, 'before')} = {before}")

    def key_of(self, store: Store, record: str) -> Val:
        """The key of a record."""
        self.need(store.name, "keys")
        cells = tuple(self.named(self.field(store, record, f"key{i}")) for i in range(self.cells(store.key)))
        if store.group.dims is not None:
            self.learn(("inside", *cells), True)
        self.learn(("at", store.group.name, *cells), record)
        self.learn(("there", store.name, *cells), True)
        return Val(cells)

    def each_entry(self, store: Store, body: Callable[[Val, str], None]) -> None:
        """Go through a store in order of arrival, with keys and records."""
        self.need(store.name, "ordered")
        at, record = self.named(f"{store.name}_head", "r"), self.fresh("r")
        with self.block(f"while {at} != 0:"):
            self.add(f"{record} = {at}")
            self.add(f"{at} = {self.field(store, record, 'next')}")
            body(self.key_of(store, record), record)

    def first_entry(self, store: Store) -> Val:
        """The key that came first."""
        self.need(store.name, "ordered")
        record = f"({store.name}_head if {store.count} > 0 else {self._anyone(store)})"
        key = self.key_of(store, self.named(record, "r"))
        return Val(key.cells, f"{store.count} > 0")

    def _anyone(self, store: Store) -> str:
        return store.group.name.upper()

    # ------------------------------------------------------------ joins: the entries whose key has a given component
    def _join(self, store: Store, record: str, key: Val) -> None:
        for index, (group, cells) in self.joins(store).items():
            if self.has(store.name, f"join{index}"):
                head, there = self._joint(store, index, group, Val(tuple(key.cells[i] for i in cells)))
                stamp = self.field(head, there, "stamp")
                tail = self.field(head, there, "tail")
                self.add(f"{self.field(store, record, f'along{index}')} = 0")
                with self.block(f"if {stamp} != {store.generation}:"):
                    self.add(f"{stamp} = {store.generation}")
                    self.add(f"{self.field(head, there, 'head')} = {record}")
                with self.block("else:"):
                    last = self.named(tail)
                    self.add(f"{self.field(store, last, f'along{index}')} = {record}")
                self.add(f"{tail} = {record}")

    def joins(self, store: Store) -> dict[int, tuple[Group, range]]:
        """The components of a store's keys by which its entries can be found: their groups, and their cells."""
        if not isinstance(store.key, t.Tuple) or store.symbol.kind != "fact":
            return {}
        found, at = {}, 0
        for index, (_, sort) in enumerate(store.key.fields):
            count = self.cells(sort)
            found[index] = self.groups.of(sort), range(at, at + count)
            at += count
        return found

    def _joint(self, store: Store, index: int, group: Group, key: Val) -> tuple[Store, str]:
        joint = Store(f"{store.name}_by{index}", store.symbol, store.key, None, group)
        number, inside = self.number(group, key)
        safe = number if inside == ALWAYS else f"({number} if {inside} else 0)"
        return joint, self.named(f"{group.name.upper()} + {safe} * {group.name.upper()}_SIZE", "r")

    def along(self, store: Store, index: int, key: Val, body: Callable[[Val, str], None]) -> None:
        """Go through the entries whose key has a component, in order of arrival."""
        self.need(store.name, f"join{index}")
        group, _ = self.joins(store)[index]
        head, there = self._joint(store, index, group, key)
        _, inside = self.number(group, key)
        some = conj(key.ok, inside, f"{self.field(head, there, 'stamp')} == {store.generation}")
        at, record = self.named(f"{self.field(head, there, 'head')} if {some} else 0", "r"), self.fresh("r")
        with self.block(f"while {at} != 0:"):
            self.add(f"{record} = {at}")
            self.add(f"{at} = {self.field(store, record, f'along{index}')}")
            body(self.key_of(store, record), record)

    # ------------------------------------------------------------ what a queue is ordered by
    def _bucket(self, store: Store, key: str) -> str:
        return f"{store.name.upper()}_KEYS + 4 * {key}"

    def _enter(self, store: Store, record: str, order: Val) -> None:
        den = self.widened(f"{store.name} by", order.den)
        key = self.held(order.cell if den == order.den else f"{den // order.den} * {order.cell}")
        with self.block(f"if ({key} < 0) | ({key} >= {MOST_KEYS}):"):
            self.add(ELSEWHERE)
        self.add(f"{self.field(store, record, 'order')} = {key}")
        bucket = self.named(self._bucket(store, key))
        with self.block(f"if m[{bucket}] != {store.generation}:"):
            self.add(f"m[{bucket}] = {store.generation}")
            self.add(f"m[{bucket} + 1] = 0")
            if self.has(store.name, "bests"):
                self.add(f"m[{bucket} + 2] = 0")
            self.add(f"{store.name}_heaped = push(m, {store.name.upper()}_HEAP, {store.name}_heaped, {key}, 0)")
        self.add(f"m[{bucket} + 1] += 1")
        if self.has(store.name, "bests"):
            head = self.named(f"m[{bucket} + 2]", "r")
            self.add(f"{self.field(store, record, 'beside')} = {head}")
            self.add(f"{self.field(store, record, 'ahead')} = 0")
            with self.block(f"if {head} != 0:"):
                self.add(f"{self.field(store, head, 'ahead')} = {record}")
            self.add(f"m[{bucket} + 2] = {record}")

    def _leave(self, store: Store, record: str) -> None:
        bucket = self.named(self._bucket(store, self.named(self.field(store, record, "order"))))
        self.add(f"m[{bucket} + 1] -= 1")
        if self.has(store.name, "bests"):
            ahead, beside = self.named(self.field(store, record, "ahead")), self.named(self.field(store, record, "beside"))
            with self.block(f"if {ahead} == 0:"):
                self.add(f"m[{bucket} + 2] = {beside}")
            with self.block("else:"):
                self.add(f"{self.field(store, ahead, 'beside')} = {beside}")
            with self.block(f"if {beside} != 0:"):
                self.add(f"{self.field(store, beside, 'ahead')} = {ahead}")

    def order_of(self, store: Store, key: Val) -> Val:
        """What an entry is ordered by."""
        there = self.present(store, key)
        record, _ = self.record(store, key)
        cell = self.named(self.field(store, record, "order"))
        return Val((cell,), None if there == ALWAYS else there, self.den(f"{store.name} by"))

    def best(self, store: Store) -> Val:
        """The least key of a queue."""
        heap, keys = f"{store.name.upper()}_HEAP", f"{store.name.upper()}_KEYS"
        with self.block(f"while ({store.count} > 0) & (m[{keys} + 1 + 4 * m[{heap}]] == 0):"):
            self.add(f"m[{keys} + 4 * m[{heap}]] = 0")
            self.add(f"{store.name}_heaped = pop(m, {heap}, {store.name}_heaped)")
        return Val((self.named(f"m[{heap}]"),), f"{store.count} > 0", self.den(f"{store.name} by"))

    def each_best(self, store: Store, body: Callable[[Val, str], None]) -> None:
        """Go through the entries with the least key, in no order."""
        self.need(store.name, "bests")
        least = self.best(store)
        at = self.named(f"m[{store.name.upper()}_KEYS + 2 + 4 * {least.cell}] if {least.ok} else 0", "r")
        record = self.fresh("r")
        with self.block(f"while {at} != 0:"):
            self.add(f"{record} = {at}")
            self.add(f"{at} = {self.field(store, record, 'beside')}")
            body(self.key_of(store, record), record)

    def first_best(self, store: Store) -> Val:
        """The key that came first of those with the least."""
        self.need(store.name, "places")
        found = self.named(self._anyone(store), "r")
        self.add(f"{(lowest := self.fresh())} = 0")

        def earlier(key: Val, record: str) -> None:
            place = self.named(self.field(store, record, "place"))
            with self.block(f"if {lowest} == 0 or {place} < {lowest}:"):
                self.add(f"{lowest} = {place}")
                self.add(f"{found} = {record}")

        self.each_best(store, earlier)
        return Val(self.key_of(store, found).cells, f"{store.count} > 0")

    # ------------------------------------------------------------ rows
    def append(self, row: Row, val: Val) -> None:
        """Put an element at the end of a row."""
        with self.block(f"if {row.last} + {row.cells} > {row.base} + ROW:"):
            self.add(ELSEWHERE)
        for i, cell in enumerate(val.cells):
            self.add(f"m[{row.last} + {i}] = {cell}")
        self.add(f"{row.last} += {row.cells}")

    def empty(self, row: Row) -> None:
        """Empty a row."""
        self.add(f"{row.first} = {row.base}")
        self.add(f"{row.last} = {row.base}")

    def at(self, row: Row, place: str) -> Val:
        """The element at a place."""
        den = self.den(row.name) if isinstance(row.element, t.Rational) else 1
        return Val(tuple(self.named(f"m[{place} + {i}]") for i in range(row.cells)), None, den)

    def length(self, row: Row) -> str:
        """The number of elements of a row."""
        cells = f"({row.last} - {row.first})"
        return cells if row.cells == 1 else f"({cells} // {row.cells})"

    def each_element(self, row: Row, body: Callable[[Val], None], *, backwards: bool = False) -> None:
        """Go through a row."""
        at = self.fresh("i")
        over = (
            f"{row.last} - {row.cells}, {row.first} - 1, -{row.cells}" if backwards else f"{row.first}, {row.last}, {row.cells}"
        )
        with self.block(f"for {at} in range({over}):"):
            body(self.at(row, at))

    # ------------------------------------------------------------ the scratchpad
    @contextmanager
    def scratch(self):  # type: ignore[no-untyped-def]
        """Cells that are taken inside are given back behind it."""
        top = self.named(f"m[{SCRATCH}]")
        yield
        self.add(f"m[{SCRATCH}] = {top}")


__all__ = ["ELSEWHERE", "NUMBERED", "Keeping", "both"]
