"""For which values of a number a run that is told keeps all rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import z3

from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.intervals import Interval
from tracecourt.engines.primitives import Registers
from tracecourt.engines.symbolic.solving import Limits, Query
from tracecourt.engines.symbolic.terms import NotSymbolic, Truth, compare, conj, neg
from tracecourt.engines.symbolic.told import Dependence, OutOfTime, Told
from tracecourt.engines.symbolic.values import equal
from tracecourt.engines.symbolic.world import World
from tracecourt.spec import ir

TIME_UP = "the time is up"
Outcome = Interval | None | str  # no number will do; or why it is not known


def interval(
    interpreter: Interpreter,
    r: Registers,
    events: Iterable[tuple[str, Sequence[Any]]],
    param: ir.Symbol,
    limits: Limits,
    *,
    ended: bool,
    around: Any = None,
) -> Outcome:
    """The numbers that a parameter may be, none below 0, for a run to keep all rules of sound levels.

    Args:
        interpreter: the reference engine of the system.
        r: registers that hold the problem and the initial state; they are changed.
        events: the run.
        param: the parameter.
        limits: how long may be looked.
        ended: whether the run ends after its events.
        around: a number, such as the default; where there are gaps, what is wanted is the part that holds it.
    """
    world = World()
    try:
        told = Told(interpreter, r, world, Dependence(interpreter.system, [param]))
        told.symbolic.places[param] = number = world.number(param.name)
        kept: list[Truth] = []
        for _, _, holds in told.said(events, ended=ended, levels=ir.SOUND_LEVELS, limits=limits):
            if holds is False:
                return None
            kept.append(holds)
        return _Numbers(world, number, conj(kept), limits).interval(around)
    except NotSymbolic as why:
        return str(why)
    except OutOfTime:
        return TIME_UP
    except _Unknown:
        return TIME_UP if limits.over else "the solver gave up"


class _Unknown(Exception):
    pass


class _Numbers:
    """The numbers for which a condition holds."""

    def __init__(self, world: World, number: z3.ArithRef, holds: Truth, limits: Limits) -> None:
        self.world, self.number, self.holds, self.limits = world, number, holds, limits

    def interval(self, around: Any) -> Interval | None:
        low = self._end(compare(">=", self.number, 0), self.holds, least=True)
        high = self._end(compare(">=", self.number, 0), self.holds, least=False)
        if low is None or high is None:
            return None
        whole = Interval(low[0], high[0], not low[1], high[0] is not None and not high[1])
        between = self._query(self._inside(whole), neg(self.holds))
        if self._asked(between) == "unsat":
            return whole
        return self._part(whole, self._anchor(whole, around))

    def _inside(self, whole: Interval) -> Truth:
        below = True if whole.high is None else compare("<", self.number, whole.high)
        return conj((compare(">", self.number, whole.low), below))

    def _anchor(self, whole: Interval, around: Any) -> Any:
        """A number inside: the one that was asked for, else the least, else any."""
        for value in (around, whole.low):
            asked = None if value is None or value not in whole else self._query(equal(self.number, value), self.holds)
            if asked is not None and self._asked(asked) == "sat":
                return value
        query = self._query(self._inside(whole), self.holds)
        self._asked(query)
        return query.model().value(self.number)

    def _part(self, whole: Interval, anchor: Any) -> Interval:
        """What holds a number, up to the next that is not inside; its ends are taken where those of the gap are not."""
        fails = neg(self.holds)
        below = self._end(compare("<", self.number, anchor), compare(">=", self.number, whole.low), fails, least=False)
        above = self._end(compare(">", self.number, anchor), self._inside(whole), fails, least=True)
        low, open_low = (whole.low, whole.open_low) if below is None else below
        high, open_high = (whole.high, whole.open_high) if above is None else above
        return Interval(low, high, open_low, open_high, gaps=True)

    def _end(self, *conditions: Truth, least: bool) -> tuple[Any, bool] | None:
        """The least or the greatest number under conditions, and whether it is one; None where there is none."""
        answer, value, taken = self._query(*conditions).extreme(self.number, least=least)
        if answer == "unknown":
            raise _Unknown
        return None if answer == "unsat" else (value, taken)

    def _query(self, *conditions: Truth) -> Query:
        query = Query(self.world, self.limits)
        query.require(*conditions)
        return query

    def _asked(self, query: Query) -> Literal["sat", "unsat"]:
        answer = query.ask()
        if answer == "unknown":
            raise _Unknown
        return answer
