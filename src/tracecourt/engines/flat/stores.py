"""State variables and facts as records and rows in the memory.

A map or set is a field, or several, of records that its keys number; a record belongs to it as long as its stamp is the
variable's generation, so that emptying takes one step. A queue counts its entries by their keys and keeps the keys on a heap.
A list that grows is a row of cells. Everything else is held in local names.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracecourt.engines.flat.layout import NotFlat, Val, dimensions, width
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

MOST_KEYS = 1 << 18  # the least key of a queue that is too large
MOST_ROWS = 1 << 20  # cells of a list that grows
NUMBERED = "numbered"  # the group of keys that are numbered as they come


@dataclass(frozen=True)
class Group:
    """Records that are numbered by the values of some ranges, or by the handles of values."""

    name: str
    dims: tuple[t.Sort, ...] | None


@dataclass(frozen=True, eq=False)
class Store:
    """A map, set or queue."""

    name: str
    symbol: ir.Symbol
    key: t.Sort
    value: t.Sort | None
    group: Group
    variable: ir.Variable | None = None

    @property
    def queue(self) -> bool:
        """Whether its entries are ordered by a key."""
        return isinstance(self.symbol.sort, t.Queue)

    @property
    def generation(self) -> str:
        """The name of its generation."""
        return f"{self.name}_now"

    @property
    def count(self) -> str:
        """The name of its number of entries."""
        return f"{self.name}_count"


@dataclass(frozen=True, eq=False)
class Row:
    """A list that grows: where its first and last elements are."""

    name: str
    symbol: ir.Symbol
    element: t.Sort
    cells: int

    @property
    def first(self) -> str:
        """The name of the place of its first cell."""
        return f"{self.name}_first"

    @property
    def last(self) -> str:
        """The name of the place behind its last cell."""
        return f"{self.name}_last"

    @property
    def base(self) -> str:
        """The name of the place where its cells begin."""
        return f"{self.name}_base".upper()


@dataclass(frozen=True, eq=False)
class Bits:
    """A set of few members: a bit for each, in one local name."""

    name: str
    element: t.Sort


@dataclass(frozen=True)
class Table:
    """A list that is known when the code is written: a constant row for each cell of its elements."""

    names: tuple[str, ...]
    count: int
    element: t.Sort


@dataclass(frozen=True)
class Local:
    """A state variable in local names, one for each cell."""

    names: tuple[str, ...]
    sort: t.Sort
    den: int = 1

    @property
    def val(self) -> Val:
        """Its value."""
        return Val(self.names, None, self.den)


@dataclass
class Groups:
    """The groups of a system, by their dimensions."""

    found: list[Group] = field(default_factory=list)

    def of(self, key: t.Sort) -> Group:
        """The group whose records are numbered by the values of a sort."""
        dims = dimensions(key)
        name = NUMBERED if dims is None else None
        for group in self.found:
            if group.dims is None and dims is None:
                return group
            if group.dims is None or dims is None or len(dims) != len(group.dims):
                continue
            if all(a is b or a == b for a, b in zip(dims, group.dims, strict=True)):
                return group
        group = Group(name or f"group{len(self.found)}", None if dims is None else tuple(dims))
        self.found.append(group)
        return group


def kept(
    symbol: ir.Symbol, name: str, groups: Groups, variable: ir.Variable | None, grows: bool, exact: bool
) -> Store | Row | None:
    """Where a collection is kept; None for what is held in local names.

    Raises:
        NotFlat: for what cannot be kept.
    """
    match symbol.sort:
        case t.Map(element=key, value=value):
            width(key, exact), width(value, exact)
            return Store(name, symbol, key, value, groups.of(key), variable)
        case t.Set(element=key):
            width(key, exact)
            return Store(name, symbol, key, None, groups.of(key), variable)
        case t.List(element=element) if grows:
            return Row(name, symbol, element, width(element, exact))
        case t.Collection() if not isinstance(symbol.sort, t.List):
            raise NotFlat(f"{symbol.name} is a {type(symbol.sort).__name__.lower()}")
    width(symbol.sort, exact)
    return None
