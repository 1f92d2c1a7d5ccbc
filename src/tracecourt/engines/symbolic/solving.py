"""Asking Z3, within limits: the answer is yes with a model, no, or not known."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import z3

from tracecourt.engines.symbolic.terms import Choice, NotSymbolic, Truth, compare
from tracecourt.engines.symbolic.values import Row, Table
from tracecourt.engines.symbolic.world import World
from tracecourt.engines.values import freeze, whole

Answer = Literal["sat", "unsat", "unknown"]
LIGHT = 2_000_000  # steps of Z3 after which a question is put again, to a fresh solver
LONGEST = 2**31 - 1  # milliseconds that Z3 can be told
GRACE = 2.0  # seconds after which Z3 is interrupted if it has not kept its own limit


@dataclass
class Limits:
    """How long may be looked: seconds for everything that is asked with it, and Z3's own count of steps for each question.

    Of the two only `rlimit` gives the same answer on every machine, with the same version of Z3.
    """

    timeout: float | None = None
    rlimit: int | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float | None:
        """The seconds that are left; never less than none."""
        return None if self.timeout is None else max(0.0, self.timeout - (time.monotonic() - self.started))

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.left == 0


class Query:
    """Conditions on what is not known in a world. Definitions that the world gets later are taken up before the next question.

    A question is first put to a solver that is kept, which is faster for many small questions; where it does not answer
    within `LIGHT` steps, to a fresh one, which simplifies before it searches. `incremental`: only to the one that is kept.
    """

    def __init__(self, world: World, limits: Limits, *, incremental: bool = False) -> None:
        self.world = world
        self.limits = limits
        self.incremental = incremental
        self._conditions: list[z3.BoolRef] = []
        self._aside: list[z3.BoolRef] | None = None  # conditions that will be dropped again
        self._kept = self._solver()
        self._asked = self._kept  # the solver that gave the last answer
        self._added = self._defined = 0

    def require(self, *conditions: Truth) -> None:
        """Ask from now on only for what meets these conditions."""
        wanted = self._conditions if self._aside is None else self._aside
        wanted += map(self._formula, conditions)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Conditions that are made inside are dropped again."""
        self._aside = []
        yield
        self._aside = None

    def ask(self, *assumptions: Truth) -> Answer:
        """Whether something meets all conditions and these assumptions."""
        asked = [*(self._aside or ()), *map(self._formula, assumptions)]
        self._kept.add(*self.world.axioms[self._defined :], *self._conditions[self._added :])
        self._defined, self._added = len(self.world.axioms), len(self._conditions)
        rlimit = self.limits.rlimit
        if self.incremental:
            return self._answer(self._kept, asked, rlimit)
        light = LIGHT if rlimit is None else min(LIGHT, rlimit)
        answer = self._answer(self._kept, asked, light)
        if answer != "unknown" or light == rlimit:
            return answer
        solver = self._solver()
        solver.add(*self.world.axioms, *self._conditions, *asked)
        return self._answer(solver, [], rlimit)

    def _answer(self, solver: z3.Solver, asked: Sequence[z3.BoolRef], rlimit: int | None) -> Answer:
        if self.limits.over:
            return "unknown"
        if rlimit is not None:
            solver.set("rlimit", rlimit)
        if self.limits.left is not None:
            solver.set("timeout", max(1, min(LONGEST, int(self.limits.left * 1000))))
        self._asked = solver
        with self._interrupted():
            try:
                found = solver.check(*asked)
            except z3.Z3Exception:  # out of memory, or stopped in a place that does not expect it
                return "unknown"
        return "sat" if found == z3.sat else "unsat" if found == z3.unsat else "unknown"

    def core(self, assumptions: Sequence[Truth]) -> list[int]:
        """The places of assumptions that were enough for the last answer of an incremental query, which was `unsat`."""
        used = {a.get_id() for a in self._kept.unsat_core()}
        return [place for place, a in enumerate(assumptions) if self._formula(a).get_id() in used]

    def _solver(self) -> z3.Solver:
        solver = z3.Solver(ctx=self.world.ctx)
        solver.set("random_seed", 0)
        solver.set("ctrl_c", False)  # an interrupt is for the program, not for one question
        return solver

    def _formula(self, condition: Truth) -> z3.BoolRef:
        return condition if isinstance(condition, z3.BoolRef) else z3.BoolVal(condition, self.world.ctx)

    def extreme(self, number: z3.ArithRef, *, least: bool) -> tuple[Answer, Any, bool]:
        """The least or the greatest value of a number under all conditions, None without one; and whether it is taken."""
        answer = self.ask()
        if answer != "sat":
            return answer, None, False
        optimize = z3.Optimize(ctx=self.world.ctx)
        optimize.set("timeout", max(1, int(1000 * (self.limits.left or 0))) if self.limits.left is not None else 0)
        if self.limits.rlimit is not None:
            optimize.set("rlimit", self.limits.rlimit)
        optimize.add(*self.world.axioms, *self._conditions)
        handle = optimize.minimize(number) if least else optimize.maximize(number)
        with self._interrupted():
            try:
                if optimize.check() != z3.sat:
                    return "unknown", None, False
            except z3.Z3Exception:
                return "unknown", None, False
        unbounded, value, beyond = (
            _rational(z3.simplify(part)) for part in (optimize.lower_values(handle) if least else optimize.upper_values(handle))
        )
        if unbounded:
            return "sat", None, False
        passed = compare("<" if least else ">", number, value)
        confirmed = self.ask(passed)  # it is no optimum where the conditions are not linear
        return ("sat", value, not beyond) if confirmed == "unsat" else ("unknown", None, False)

    def model(self) -> Model:
        """What the last answer, which was `sat`, has found."""
        return Model(self._asked.model())

    @contextmanager
    def _interrupted(self) -> Iterator[None]:
        left = self.limits.left
        if left is None:
            yield
            return
        timer = threading.Timer(left + GRACE, self.world.ctx.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _rational(value: z3.ArithRef) -> Any:
    """A number that was found.

    Raises:
        NotSymbolic: when it is a root, which no value at run time is.
    """
    if z3.is_int_value(value) or z3.is_rational_value(value):
        return whole(Fraction(value.as_fraction() if value.is_real() else value.as_long()))
    raise NotSymbolic("a number that was found is no fraction")


class Model:
    """Values for what was not known."""

    def __init__(self, model: z3.ModelRef) -> None:
        self._model = model

    def truth(self, condition: Truth) -> bool:
        """Whether a condition holds."""
        return condition if isinstance(condition, bool) else z3.is_true(self._model.eval(condition, model_completion=True))

    def value(self, value: Any) -> Any:
        """The run-time value."""
        match value:
            case z3.BoolRef():
                return self.truth(value)
            case z3.ArithRef():
                return _rational(self._model.eval(value, model_completion=True))
            case Choice(ways=ways):
                return self.value(next(v for guard, v in ways if self.truth(guard)))
            case Table(slots=slots):
                return {freeze(self.value(s.key)): freeze(self.value(s.value)) for s in slots if self.truth(s.guard)}
            case Row(slots=slots):
                return [freeze(self.value(slot.key)) for slot in slots if self.truth(slot.guard)]
            case tuple():
                return tuple(map(self.value, value))
        return value
