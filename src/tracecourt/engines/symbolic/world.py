"""What the formulas of one question share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from tracecourt.engines.symbolic.terms import Choice, NotSymbolic, Truth

Found = tuple[Truth, Any]  # whether a term has a value, and the value


class World:
    """What the formulas of one question share: Z3's context, fresh variables, and what is true of these.

    `whole`: numbers that are not known are integers; otherwise they are rational.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self.ctx = z3.Context()
        self.whole = whole
        self.axioms: list[z3.BoolRef] = []  # definitions of auxiliary variables; every problem and run meets them
        self._count = 0

    def truth(self, name: str) -> z3.BoolRef:
        """A truth value that is not known."""
        return z3.Bool(self._name(name), self.ctx)

    def number(self, name: str, *, whole: bool = False) -> z3.ArithRef:
        """A number that is not known."""
        made = z3.Int if whole or self.whole else z3.Real
        return made(self._name(name), self.ctx)

    def _name(self, name: str) -> str:
        self._count += 1
        return f"{name}#{self._count}"

    def define(self, *conditions: Truth) -> None:
        """Say what is true of auxiliary variables."""
        for condition in conditions:
            if isinstance(condition, z3.BoolRef):
                self.axioms.append(condition)
            elif not condition:
                raise AssertionError("a definition contradicts itself")

    def one_of(self, name: str, values: Sequence[Any]) -> Any:
        """A value that is not known, one of several."""
        if not values:
            raise NotSymbolic(f"{name} has no value that it could have")
        if len(values) == 1:
            return values[0]
        guards = [self.truth(f"{name}={value}") for value in values]
        self.define(z3.PbEq([(guard, 1) for guard in guards], 1))
        return Choice(tuple(zip(guards, values, strict=True)))
