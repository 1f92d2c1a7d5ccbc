"""Values of several cells, and the records that they number: handles, places, fields."""

from __future__ import annotations

from abc import abstractmethod
from math import lcm

from tracecourt.engines.flat.draft import ALWAYS, NEVER, Plan, conj
from tracecourt.engines.flat.layout import Val, whole, width
from tracecourt.engines.flat.runtime import HANDLE, PAIR
from tracecourt.engines.flat.scratchpad import Scratchpad
from tracecourt.engines.flat.stores import Group, Store
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

LONE = 2  # the kind of a handle for a number alone


class Records(Scratchpad):
    """Finds the record of a key in the memory `m`. `exact`: rational numbers have denominators of their own."""

    exact: bool

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.groups = plan.groups

    @abstractmethod
    def term(self, e: ir.Expr) -> Val:
        """The value of an expression."""

    # ------------------------------------------------------------ values of several cells
    def cells(self, sort: t.Sort) -> int:
        """The number of cells of a sort."""
        return width(sort, self.exact)

    def packed(self, val: Val) -> str:
        """One cell for a value: itself, or its handle."""
        first, *rest = whole(val).cells
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
                known: tuple[str, str] | None = self.recall(("bounds", id(low), id(high)))
                if known is None:
                    least, most = self.term(low).cell, self.term(high).cell
                    count = (
                        str(int(most) - int(least) + 1)
                        if least.isdigit() and most.isdigit()
                        else self.named(f"{most} - {least} + 1")
                    )
                    known = least, count
                    self.learn(("bounds", id(low), id(high)), known)
                return known
        raise AssertionError(sort)

    def number(self, group: Group, key: Val) -> tuple[str, str]:
        """The number of a key, and the condition under which it has one."""
        if group.dims is None:
            return self._handle(key), ALWAYS
        facts = ("number", group.name, *key.cells)
        known: tuple[str, str] | None = self.recall(facts)
        if known is not None:
            return known
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
        known: str | None = self.recall(facts)
        if known is None:
            # a number alone is no handle: it is made one, so that there are no more records than values
            known = self.packed(key) if len(key.cells) > 1 else self.named(f"made(m, 0, {key.cells[0]}, {LONE})")
            self.learn(facts, known)
        return known

    def record(self, store: Store, key: Val) -> tuple[str, str]:
        """The place of a key's record, and the condition under which it has one; without it, the place is that of another."""
        whole(key)
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

    def present(self, store: Store, key: Val) -> str:
        """Whether there is an entry."""
        if self.recall(("there", store.name, *key.cells)):
            return conj(key.ok)
        record, inside = self.record(store, key)
        return conj(key.ok, inside, f"{self.field(store, record, 'stamp')} == {store.generation}")

    def key_of(self, store: Store, record: str) -> Val:
        """The key of a record."""
        self.need(store.name, "keys")
        cells = tuple(self.named(self.field(store, record, f"key{i}")) for i in range(self.cells(store.key)))
        if store.group.dims is not None:
            self.learn(("inside", *cells), True)
        self.learn(("at", store.group.name, *cells), record)
        self.learn(("there", store.name, *cells), True)
        return Val(cells)

    def anyone(self, store: Store) -> str:
        """The place of some record, to be read where there is no other."""
        return store.group.name.upper()

    # ------------------------------------------------------------ denominators
    def den(self, name: str) -> int:
        """The denominator of the numbers in a variable."""
        return self.plan.dens.get(name, 1)

    def widened(self, name: str, den: int) -> int:
        """The denominator of a variable that is to hold a number with this one."""
        self.plan.dens[name] = lcm(self.den(name), den)
        return self.plan.dens[name]
