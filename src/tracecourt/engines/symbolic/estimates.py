"""Whether some function, put in the place of one by which a queue is ordered, makes a run that is told keep the order.

The function gives numbers that are not below 0. Nothing else is asked of it, or what one of the assumptions on problems says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any

import z3

from tracecourt.engines.evaluate import Evaluator
from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.primitives import Registers
from tracecourt.engines.symbolic.evaluate import UNFOUND
from tracecourt.engines.symbolic.solving import Answer, Limits, Query
from tracecourt.engines.symbolic.terms import NotSymbolic, Truth, compare, conj, implied, known
from tracecourt.engines.symbolic.told import Dependence, OutOfTime, Told
from tracecourt.engines.symbolic.weights import TIME_UP
from tracecourt.engines.symbolic.world import Found, World
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import inside

ORDERED = ir.SOUND_LEVELS[-1]
ANY = "any"  # function, of which nothing is asked
HALVINGS = 12  # questions for a small greatest value
Events = Sequence[tuple[str, Sequence[Any]]]


@dataclass(frozen=True)
class Estimates:
    """What is known of functions that explain the order of a run.

    Attributes:
        function: the function in whose place another is put.
        answers: for `any` function, and for each assumption that speaks of it: `sat`, `unsat` or `unknown`.
        values: of a function that explains the run and meets the last of them that can be met, where the run asks for it.
        values_of: which that is.
        core: events that none of them explains together: of all functions, or of those that meet the first that cannot be met.
        core_of: which that is.
        minimal: whether those that are left explain each other once any of the core is dropped.
        reasons: why something is not known.
    """

    function: str
    answers: Mapping[str, Answer]
    values: Mapping[Any, Any] = field(default_factory=dict)
    values_of: str | None = None
    core: tuple[int, ...] = ()
    core_of: str | None = None
    minimal: bool = True
    reasons: tuple[str, ...] = ()


def rating(system: ir.System) -> ir.Function | None:
    """The first function by which a queue is ordered: it gives the identity of an entry a number, by the problem alone."""
    judge = Evaluator()
    for variable in system.state:
        for e in () if variable.key is None else inside(variable.key):
            if isinstance(e, ir.Call) and t.numeric(e.sort) and judge.pure_function(e.function):
                identity = e.args[0] if len(e.args) == 1 else None
                if isinstance(identity, ir.Ref) and identity.symbol is variable.entry[0]:
                    return e.function
    return None


def speaking_of(system: ir.System, function: ir.Function) -> Iterator[tuple[str, ir.Rule]]:
    """The assumptions on problems that speak of a function, by their names."""
    for promise in system.givens:
        if any(isinstance(e, ir.Call) and e.function is function for e in inside(promise.rule.condition)):
            yield promise.rule.name, promise.rule


def estimates(interpreter: Interpreter, start: Callable[[], Registers], events: Events, limits: Limits) -> Estimates | None:
    """Whether some function explains the order of a run; None where no queue is ordered by one.

    Args:
        interpreter: the reference engine of the system.
        start: makes registers that hold the problem and the initial state.
        events: the run, which is believed.
        limits: how long may be looked.
    """
    function = rating(interpreter.system)
    if function is None:
        return None
    asked = dict(speaking_of(interpreter.system, function))
    try:
        return _Question(interpreter, start, events, limits, function).answered(asked)
    except (NotSymbolic, OutOfTime) as why:
        answers: dict[str, Answer] = dict.fromkeys((ANY, *asked), "unknown")
        return Estimates(function.name, answers, reasons=(str(why) or TIME_UP,))


class _Question:
    """A run, and what it says of a function."""

    def __init__(
        self, interpreter: Interpreter, start: Callable[[], Registers], events: Events, limits: Limits, function: ir.Function
    ) -> None:
        self.interpreter, self.start, self.events = interpreter, start, events
        self.limits, self.function = limits, function
        self.world = World()
        self.numbers: dict[Any, z3.ArithRef] = {}
        self.told = self._told(self._number)
        self.said = _ordered(self.told, events, limits)
        self.seen = tuple(self.numbers)  # the arguments that the run asks for
        self.query = Query(self.world, limits, incremental=True)
        self.kept: dict[int, z3.BoolRef] = {}
        for index, holds in self.said.items():
            self.kept[index] = self.world.truth(f"event {index}")
            self.query.require(implied(self.kept[index], holds))

    def _told(self, values: Callable[..., Found]) -> Told:
        told = Told(self.interpreter, self.start(), self.world, Dependence(self.interpreter.system, (), [self.function]))
        told.symbolic.unknown[self.function] = values
        return told

    def _number(self, argument: Any) -> Found:
        if not known(argument):
            raise NotSymbolic(f"{self.function.name} is asked for a value that is not known")
        if argument not in self.numbers:
            self.numbers[argument] = number = self.world.number(f"{self.function.name} {argument}")
            self.world.define(compare(">=", number, 0))
        return True, self.numbers[argument]

    # ------------------------------------------------------------ answers
    def answered(self, asked: Mapping[str, ir.Rule]) -> Estimates:
        """All answers, and what goes with them."""
        answers: dict[str, Answer] = {}
        assumed: dict[str, tuple[Truth, ...]] = {ANY: ()}
        reasons: list[str] = []
        for name in (ANY, *asked):
            if name != ANY:
                try:
                    holds = self.told.symbolic.holds(asked[name].condition)
                except NotSymbolic as why:
                    answers[name] = "unknown"
                    reasons.append(str(why))
                    continue
                meant = self.world.truth(name)
                self.query.require(implied(meant, holds))
                assumed[name] = (meant,)
            answers[name] = self.query.ask(*assumed[name], *self.kept.values())
        if self.limits.over:
            reasons.append(TIME_UP)
        elif "unknown" in answers.values() and not reasons:
            reasons.append("the solver gave up")
        refuted = next((name for name, answer in answers.items() if answer == "unsat"), None)
        core, minimal = ([], True) if refuted is None else self._core(assumed[refuted])
        met = next((name for name, answer in reversed(answers.items()) if answer == "sat"), None)
        values = {} if met is None else self._values(assumed[met], asked.get(met))
        return Estimates(
            function=self.function.name,
            answers=answers,
            values=values,
            values_of=met if values else None,
            core=tuple(core),
            core_of=refuted,
            minimal=minimal,
            reasons=tuple(dict.fromkeys(reasons)),
        )

    def _core(self, assumed: tuple[Truth, ...]) -> tuple[list[int], bool]:
        """Events that cannot all be kept, none of which can be left out; and whether that is certain."""
        indices = list(self.kept)
        assumptions = [*assumed, *self.kept.values()]
        used = self._used(assumptions, assumed)
        core = [indices[place] for place in used]
        minimal = True
        for index in list(core):
            if index not in core:
                continue
            rest = [other for other in core if other != index]
            assumptions = [*assumed, *(self.kept[other] for other in rest)]
            match self.query.ask(*assumptions):
                case "unsat":
                    core = [rest[place] for place in self._used(assumptions, assumed)]
                case "unknown":
                    minimal = False
        return core, minimal

    def _used(self, assumptions: Sequence[Truth], assumed: Sequence[Truth]) -> list[int]:
        """The places of the events that the last answer needed."""
        if self.query.ask(*assumptions) != "unsat":
            raise OutOfTime
        return [place - len(assumed) for place in self.query.core(assumptions) if place >= len(assumed)]

    # ------------------------------------------------------------ a function
    def _values(self, assumed: tuple[Truth, ...], given: ir.Rule | None) -> dict[Any, Any]:
        """Values that explain the run, the greatest of which is small; none where they do not pass the trial."""
        if not self.numbers or self.query.ask(*assumed, *self.kept.values()) != "sat":
            return {}
        found = self._read()
        most = self.world.number("most")
        self.query.require(*(compare("<=", n, most) for n in self.numbers.values()))
        low, high = -1, ceil(max(found.values()))
        for _ in range(HALVINGS):
            if high - low <= 1:
                break
            bound = (low + high) // 2
            if self.query.ask(compare("<=", most, bound), *assumed, *self.kept.values()) == "sat":
                found, high = self._read(), bound
            else:
                low = bound
        wholly = [{a: rounded(v) for a, v in found.items()} for rounded in (floor, ceil)]
        passing = (values for values in (*wholly, found) if self._explains(values, given))
        return next(({argument: values[argument] for argument in self.seen} for values in passing), {})

    def _read(self) -> dict[Any, Any]:
        model = self.query.model()
        return {argument: model.value(number) for argument, number in self.numbers.items()}

    def _explains(self, values: Mapping[Any, Any], given: ir.Rule | None) -> bool:
        """Whether a function of these values makes the run keep its order, and meets an assumption, when all is tried again."""
        told = self._told(lambda argument: (True, values[argument]) if argument in values else UNFOUND)
        told.symbolic.paths = self.told.symbolic.paths  # which do not depend on the function
        if not all(holds is True for holds in _ordered(told, self.events, self.limits).values()):
            return False
        return given is None or told.symbolic.holds(given.condition) is True


def _ordered(told: Told, events: Events, limits: Limits) -> dict[int, Truth]:
    """By event: when it keeps the order. Events that are refuted by themselves are not asked about."""
    found: dict[int, list[Truth]] = {}
    refuted: set[int] = set()
    for index, rule, holds in told.said(events, ended=False, levels=(ORDERED,), limits=limits):
        if told.depends(rule):
            found.setdefault(index, []).append(holds)
        elif rule.level != ORDERED:
            refuted.add(index)
    kept = {index: conj(holds) for index, holds in found.items()}
    return {i: holds for i, holds in kept.items() if holds is not True and not (holds is False and i in refuted)}
