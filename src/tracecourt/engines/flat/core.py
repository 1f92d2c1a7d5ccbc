"""What the writers of terms, conditions and collections ask of each other, since these stand inside each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TypeAlias

from tracecourt.engines.flat.keeping import Keeping
from tracecourt.engines.flat.layout import NotFlat, Val
from tracecourt.engines.flat.stores import Local, Store
from tracecourt.spec import ir
from tracecourt.spec.rewrite import symbols

Body: TypeAlias = Callable[..., None]  # what is written for each element: it is given its value, or those of a key and a value
Listing: TypeAlias = tuple[str, str, "str | None"]  # where a row begins, how many elements it has, where it has a value


class Core(Keeping, ABC):
    """The expressions of a system as lines.

    Where a condition is given for a value to exist, it is the text of one, or None where there is always a value.
    """

    @abstractmethod
    def cond(self, e: ir.Expr) -> str:
        """A condition; where a term in an atom has no value, the atom is false."""

    @abstractmethod
    def loop(self, e: ir.Expr, body: Body, *, pairs: bool = False, loose: bool = False, again: bool = False) -> str | None:
        """Go through a collection: `body` is given each element, or with `pairs` each key and value of a map.

        With `loose`, neither the order of elements nor how often they come matters; with `again`, only the latter does not.
        The condition under which the collection has a value is told afterwards: what `body` does must not matter without.
        """

    @abstractmethod
    def elements(self, listed: Val, e: ir.Expr, body: Body) -> str | None:
        """Go through the value of an expression that is a list, as `loop` does.

        Raises:
            NotFlat: when it is a set.
        """

    @abstractmethod
    def through(self, b: ir.Binding, body: Body, *, pairs: bool, loose: bool, again: bool = False) -> str | None:
        """Go through what a binding takes its elements from, as `loop` does."""

    @abstractmethod
    def listing(self, e: ir.Expr) -> Listing:
        """Write a list to the scratchpad."""

    @abstractmethod
    def distance(self, e: ir.Distance) -> Val:
        """The least cost of a path to a goal."""

    @abstractmethod
    def outlined(self, e: ir.Call) -> Val | None:
        """The value of a call of a function that is too long to be written out where it is called; None for the others."""

    @abstractmethod
    def mentioned(self, e: ir.Mentioned, body: Body) -> None:
        """Go through what a document prints where a sort is asked for."""

    @abstractmethod
    def extreme(self, values: ir.Expr, op: str) -> Val | None:
        """The least or greatest of what a document prints somewhere, if that is asked for."""

    # ------------------------------------------------------------ symbols
    def place(self, e: ir.Expr) -> Any:
        """Where a symbol's value is, if an expression is one: a `Val`, or what it is kept in; else None."""
        return self.scope.get(e.symbol) if isinstance(e, ir.Ref) else None

    def handled(self, e: ir.Expr) -> bool:
        """Whether a list has a handle that is found without going through its elements."""
        if isinstance(self.place(e), (Val, Local)) or isinstance(e, ir.Project):
            return True
        return isinstance(e, ir.Prim) and e.op in ("the", "index", "??", "first", "last", "front", "top")

    def store_of(self, e: ir.Expr) -> Store:
        """What a map or queue is kept in.

        Raises:
            NotFlat: where it is not kept.
        """
        store = self.place(e)
        if not isinstance(store, Store):
            raise NotFlat("a queue that is not a variable")
        return store

    def taken(self, b: ir.Binding, vals: Sequence[Val]) -> ExitStack:
        """The symbols of a binding for an element, where its guard holds."""
        stack = ExitStack()
        if len(b.symbols) == 1:
            values = {b.symbols[0]: vals[0]}
        elif len(vals) == len(b.symbols):
            values = dict(zip(b.symbols, vals, strict=True))
        else:
            values, at = {}, 0
            for symbol in b.symbols:
                count = self.cells(symbol.sort)
                values[symbol] = Val(vals[0].cells[at : at + count])
                at += count
        stack.enter_context(self.bound(values))
        if b.guard is not None:
            stack.enter_context(self.block(f"if {self.cond(b.guard)}:"))
        return stack


def named_parts(b: ir.Binding) -> Iterator[tuple[ir.Symbol, ir.Expr]]:
    """What the guard of a binding says its symbols are: `symbol = value`, the value not depending on the element."""
    for part, value in _equations(b):
        if isinstance(part, ir.Ref) and part.symbol in b.symbols:
            yield part.symbol, value


def parts_named(b: ir.Binding, *, whole: bool) -> Iterator[tuple[int, ir.Expr]]:
    """The components of a key that a guard names: `part = value`, the value not depending on the element.

    `whole`: the first of the symbols is a key, not a component of one.
    """
    for part, value in _equations(b):
        match part:
            case ir.Ref(symbol=symbol) if symbol in b.symbols and len(b.symbols) > 1 and not whole:
                yield b.symbols.index(symbol), value
            case ir.Project(base=ir.Ref(symbol=symbol), index=index) if symbol in b.symbols and (
                len(b.symbols) == 1 or (whole and symbol is b.symbols[0])
            ):
                yield index, value


def _equations(b: ir.Binding) -> Iterator[tuple[ir.Expr, ir.Expr]]:
    """The equations in a guard, each way round, whose right side does not depend on the element."""
    todo = [] if b.guard is None else [b.guard]
    while todo:
        match todo.pop():
            case ir.Prim(op="and", args=args):
                todo += args
            case ir.Prim(op="=", args=(one, other)):
                for part, value in ((one, other), (other, one)):
                    if not set(symbols(value)) & set(b.symbols):
                        yield part, value
