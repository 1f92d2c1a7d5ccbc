"""Scopes: which names can be used at a place, and what they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tracecourt.spec import ir
from tracecourt.spec import sorts as t

Declared = ir.Symbol | ir.Function | t.Sort


@dataclass
class Scope:
    """The names that can be used at a place; an inner scope sees the outer one."""

    names: dict[str, Declared] = field(default_factory=dict)
    outer: Scope | None = None

    def find(self, name: str) -> Declared | None:
        """What a name stands for here."""
        found = self.names.get(name)
        return found if found is not None or self.outer is None else self.outer.find(name)

    def visible(self) -> set[str]:
        """All names that can be used here."""
        return set(self.names) | (self.outer.visible() if self.outer else set())

    def named(self, kind: type[Declared]) -> set[str]:
        """The names that stand for symbols, functions or sorts here."""
        found = {name for name, thing in self.names.items() if isinstance(thing, kind)}
        return found | (self.outer.named(kind) if self.outer else set())

    def enums(self) -> list[t.Enum]:
        """The enumerations that are named here."""
        return [e for e in self.names.values() if isinstance(e, t.Enum)] + (self.outer.enums() if self.outer else [])

    def inner(self, symbols: Iterable[ir.Symbol]) -> Scope:
        """A scope with some locals."""
        return Scope({symbol.name: symbol for symbol in symbols}, self)


def meets(wanted: Declared, found: Declared) -> bool:
    """Whether what is found may stand where the other is needed."""
    match wanted, found:
        case t.Sort(), t.Sort():
            return True
        case ir.Symbol(sort=w), ir.Symbol(sort=g, kind="fact" | "param"):
            return t.accepts(w, g)
        case ir.Symbol(sort=w), ir.Function(sort=g, parameters=()):
            return t.accepts(w, g)
        case ir.Function(), ir.Function():
            return (
                len(wanted.parameters) == len(found.parameters)
                and all(t.accepts(f.sort, w.sort) for w, f in zip(wanted.parameters, found.parameters, strict=True))
                and t.accepts(wanted.sort, found.sort)
            )
    return False


def signature(found: Declared) -> str:
    """What something is, in words."""
    match found:
        case ir.Function():
            inner = ", ".join(f"{p.name}: {p.sort}" for p in found.parameters)
            return f"it is {found.name}({inner}): {found.sort}"
        case ir.Symbol():
            return f"it is {found.name}: {found.sort}"
    return "it is a sort"
