"""A text of Python that is being written: lines, mangled names, what it refers to, what is to be known before it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tracecourt.engines.evaluate import Evaluator
from tracecourt.engines.primitives import Undefined
from tracecourt.engines.values import Frozen
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import parts

INLINED = 60  # parts of a function that is written out where it is called
REMEMBERED = 6  # parts from which on it is quicker to remember a value than to find it again
REMEMBERED_SUMS = 20  # the same, where there is nothing but arithmetic
TABLES, ENTRIES = 256, 50_000  # tables of a function that outlive a trace, and what they hold together
SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "+": "+", "-": "-", "*": "*"}
SUMS = {*SIGNS, "abs", "negate", "not", "and", "or"}
# Total operations whose values are found once, if only the problem matters.
LASTING = {*SIGNS, "abs", "negate", "size", "not", "flat", "keys", "values", "sorted", "sum", "pairs"}
MAY_BE_TOO_LARGE = {"numbers", "subsets", "sequences", "power", "worth", "leaves", "results"}


class Lines:
    """Statements at a depth."""

    def __init__(self, depth: int = 0) -> None:
        self.lines: list[str] = []
        self.depth = depth

    def add(self, line: str) -> None:
        """A statement, or the head of one."""
        self.lines.append("    " * self.depth + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What is added inside stands in the block of `head`."""
        self.add(head)
        self.depth += 1
        yield
        self.depth -= 1


def plain(text: str) -> str:
    """The letters, digits and hyphens of a name, for comments and as a part of mangled names."""
    return re.sub(r"[^A-Za-z0-9_/-]", "", text)


def simple(text: str) -> bool:
    """Whether a text is a name or a numeral: it can be written twice."""
    return text.isidentifier() or text.isdigit()


class Memo(dict[Any, Any]):
    """The values of a function of the problem, found when they are asked for."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[Any], Any], known: dict[Any, Any]) -> None:
        super().__init__(known)
        self.make = make

    def __missing__(self, argument: Any) -> Any:
        self[argument] = value = self.make(argument)
        return value

    def of(self, argument: Any) -> Any:
        """The value for an argument that can perhaps not be remembered."""
        try:
            return self[argument]
        except TypeError:
            return self.make(argument)


class Tables:
    """The values of a function of parameters and an argument, by the parameters: they outlive a trace."""

    def __init__(self) -> None:
        self._tables: dict[Any, Memo] = {}

    def of(self, parameters: tuple[Any, ...], make: Callable[[Any], Any]) -> Memo:
        """The values for these parameters; the oldest tables are given up for new ones."""
        tables = self._tables
        found = tables.get(parameters)
        if found is None or len(found) > ENTRIES:
            while tables and (len(tables) >= TABLES or sum(map(len, tables.values())) > ENTRIES):
                del tables[next(iter(tables))]
            found = tables[parameters] = Memo(make, {})
        return found


def nothing() -> Any:
    """An expression without a value.

    Raises:
        Undefined: always.
    """
    raise Undefined


def item(values: Any, at: int) -> Any:
    """An element of a list.

    Raises:
        Undefined: outside the list.
    """
    if not 0 <= at < len(values):
        raise Undefined
    return values[at]


def shut(values: dict[Any, Any]) -> Frozen:
    """A set or map, with nothing in it that could change, as it is stored in others."""
    return values if values.__class__ is Frozen else Frozen(values)


class Draft:
    """The text of a system's module while it is written; `objects` are what the text refers to by name."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.objects: dict[str, Any] = {}
        self.out = Lines()
        self.scope: dict[ir.Symbol, str] = {}
        self.initial: dict[ir.Symbol, ir.Expr] = {}  # what state variables begin with; all that is added to them is frozen
        self._names: dict[ir.Symbol | ir.Function, str] = {}
        self._heavy: dict[ir.Function, bool] = {}
        self._sizes: dict[ir.Function, int] = {}
        self._count = 0

    # ------------------------------------------------------------ names
    def fresh(self, hint: str = "t") -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{hint}{self._count}"

    def name(self, thing: ir.Symbol | ir.Function) -> str:
        """The mangled name of a symbol or function: a letter and a number make it no word of Python's."""
        if thing not in self._names:
            letter = thing.kind[0] if isinstance(thing, ir.Symbol) else "c"
            self._names[thing] = f"{self.fresh(letter)}_{plain(thing.name).replace('/', '').replace('-', '_')}"
        return self._names[thing]

    def object(self, value: Any, hint: str) -> str:
        """A name in the text for an object that cannot be written."""
        name = self.fresh(hint)
        self.objects[name] = value
        return name

    def held(self, text: str) -> str:
        """A name for a value that is used more than once."""
        return text if simple(text) else self.named(text)

    def named(self, text: str) -> str:
        """A name for a value, even for one that is written as a numeral."""
        if text.isidentifier():
            return text
        name = self.fresh()
        self.out.add(f"{name} = {text}")
        return name

    @contextmanager
    def elsewhere(self, lines: Lines) -> Iterator[Lines]:
        """What is written inside goes to other lines."""
        before, self.out = self.out, lines
        yield lines
        self.out = before

    @contextmanager
    def bound(self, values: dict[ir.Symbol, str]) -> Iterator[None]:
        """The values of symbols inside."""
        self.scope |= values
        yield
        for symbol in values:
            del self.scope[symbol]

    # ------------------------------------------------------------ what an expression is like
    def heavy(self, e: ir.Expr) -> bool:
        """Whether a budget may run out while it is evaluated."""
        match e:
            case ir.Inhabitants(of=of):
                return listed(of) is None
            case ir.Distance() | ir.Distances() | ir.Replay() | ir.Mentioned():
                return True
            case ir.Prim(op=op) if op in MAY_BE_TOO_LARGE:
                return True
            case ir.Call(function=f):
                if f not in self._heavy:
                    self._heavy[f] = self.heavy(f.body)
                if self._heavy[f]:
                    return True
        return any(map(self.heavy, parts(e)))

    def fixed(self, e: ir.Expr) -> bool:
        """Whether it always has a value, and the same throughout a trace."""
        match e:
            case ir.Const():
                return True
            case ir.Ref(symbol=symbol):
                return symbol.kind in ("param", "fact")
            case ir.Project(base=base):
                return self.fixed(base)
            case ir.Prim(op=op, args=args):
                return op in LASTING and all(map(self.fixed, args))
        return False

    def size(self, e: ir.Expr) -> int:
        """How much would be written for it."""
        inner = 0
        if isinstance(e, ir.Call):
            if e.function not in self._sizes:
                self._sizes[e.function] = self.size(e.function.body)
            inner = min(self._sizes[e.function], INLINED)
        return 1 + inner + sum(map(self.size, parts(e)))

    def memo(self, f: ir.Function) -> int | None:
        """The register that remembers a function's values, unless they are found more quickly than remembered."""
        quick = self.size(f.body) <= (REMEMBERED_SUMS if self.sum(f.body) else REMEMBERED) and not self.heavy(f.body)
        return None if quick else self.evaluator.memo(f)

    def sum(self, e: ir.Expr) -> bool:
        """Whether an expression is found by arithmetic and comparisons alone."""
        match e:
            case ir.Const() | ir.Ref():
                return True
            case ir.Project(base=base):
                return self.sum(base)
            case ir.Prim(op=op, args=args):
                return op in SUMS and not any(t.compound(a.sort) for a in args) and all(map(self.sum, args))
        return False

    def inline(self, f: ir.Function) -> bool:
        """Whether a function is written out where it is called."""
        return self.memo(f) is None and self.size(f.body) <= INLINED

    def sealed(self, e: ir.Expr) -> bool:
        """Whether a value is certain to be a collection in which all collections are frozen already."""
        if not isinstance(e.sort, (t.List, t.Set, t.Map)) or isinstance(e.sort, t.Queue):
            return False
        if not t.compound(e.sort.element) and not (isinstance(e.sort, t.Map) and t.compound(e.sort.value)):
            return True
        match e:
            case ir.Each() | ir.Display():
                return True
            case ir.Ref(symbol=symbol):
                return symbol in self.initial and self.sealed(self.initial[symbol])
            case ir.Call(function=f):
                return self.sealed(f.body)
            case ir.Prim(op="if", args=(_, *rest)) | ir.Prim(op="union" | "elements" | "keys", args=rest):
                return all(map(self.sealed, rest))
            case ir.Prim(op="minus" | "without" | "without_all", args=(rest, _)):
                return self.sealed(rest)
        return False


def listed(sort: t.Sort) -> str | None:
    """The text of all values of a sort, where they are few for certain."""
    match sort:
        case t.Enum(members=members):
            return repr(members)
        case t.Bool():
            return "(False, True)"
    return None
