"""Where a procedure breaks its promise: the smallest problem, and a sound run on it; or how far there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracecourt.engines.symbolic.smallest import Asked, Sized, Smallest, Witness
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.engines.symbolic.terms import NotSymbolic
from tracecourt.errors import InputError, suggestion
from tracecourt.formats import Format
from tracecourt.generate import Generator, Problem
from tracecourt.lemmas import Refuted, broken, meets
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import substitute

SCHEMA = "tracecourt/counterexample/1"
OPTIMAL = "optimal"  # what is promised by an answer that tells what the search found, what it costs, and the optimum
NODES = 5
EXPRESSION = "expression"  # the label of what is given as an expression


@dataclass(frozen=True)
class Counterexample:
    """What became of the search for a problem on which a sound run breaks a promise.

    Attributes:
        procedure, domain: what was asked, and over which problems.
        params: parameters of the procedure that were set.
        claim: the promise, by its name or as an expression.
        givens: what was assumed of problems.
        sizes: what is known of each size, the smallest first.
        system: the procedure over the domain.
        refuted: the problem and its run, tried by the interpreter; None where there is none.
        least: how many of the measures of the problem are proved to be least, one after the other.
        row: the same as `check` reads it; None where no format prints such runs.
        format: the format that checks the row.
    """

    procedure: str
    domain: str
    params: Mapping[str, Any]
    claim: str
    givens: tuple[str, ...]
    sizes: tuple[Sized, ...]
    system: ir.System = field(repr=False)
    refuted: Refuted | None = None
    least: int = 0
    row: Mapping[str, Any] | None = None
    format: str | None = None

    @property
    def found(self) -> bool:
        """Whether there is such a problem."""
        return self.refuted is not None

    @property
    def decided(self) -> bool:
        """Whether each size was decided, for runs as long as were looked at."""
        return all(sized.outcome != "unknown" for sized in self.sizes)

    @property
    def minimal(self) -> bool:
        """Whether the problem is proved to be the smallest, in all its measures."""
        return self.found and self.decided and self.least == len(self.system.measures)
