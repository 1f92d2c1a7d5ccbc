"""Sound traces from a specification: random problems, and the procedure run on them event by event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from tracecourt.documents import Document, Step, unwritten
from tracecourt.engines.interpreter import Action, Interpreter
from tracecourt.engines.primitives import Registers, TooLarge
from tracecourt.engines.values import snapshot, spell
from tracecourt.errors import InputError
from tracecourt.formats import Format, argument_sorts
from tracecourt.grammar.items import Raw
from tracecourt.grammar.printing import Printer
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.declarations import END
from tracecourt.verdict import plain

DRAWS = 2_000  # random problems tried before giving up
LONGEST = 100_000  # events of one run
DROPPED = 0.3  # the share of events left out where a format says that some are

Event = tuple[Action, tuple[Any, ...]]


@dataclass(frozen=True)
class Problem:
    """A random problem: its facts, and the parameters that go with it."""

    facts: dict[str, Any]
    params: dict[str, Any]


def start(interpreter: Interpreter, problem: Problem) -> Registers:
    """Registers with a problem and the initial state."""
    return interpreter.problem(problem.facts, problem.params, lambda sort: [])[0]


class Generator:
    """Draws problems of a format and runs its procedure on them; the same seed gives the same traces."""

    def __init__(self, form: Format, params: Mapping[str, Any]) -> None:
        self.form = form
        self.given = dict(params)

    @cached_property
    def printer(self) -> Printer:
        """Events as text."""
        return Printer(self.form.grammar)

    # ------------------------------------------------------------ problems
    def problem(self, random: Random) -> Problem:
        """A random problem.

        Raises:
            InputError: when the domain does not say how problems are drawn, or every draw was rejected.
        """
        if not self.form.system.sample:
            domain = self.form.system.domain
            raise InputError(f"the domain {domain} has no sample block, so there are no random problems of {self.form.name}")
        for _ in range(DRAWS):
            try:
                facts = self.form.interpreter.sampled(random, self.given)
            except TooLarge:
                domain = self.form.system.domain
                raise InputError(f"a random problem of {domain} is too large with these parameters") from None
            if facts is not None:
                return Problem(facts, self._params(facts))
        raise InputError(f"{DRAWS} random problems of {self.form.system.domain} were all rejected by its sample block")

    def _params(self, facts: dict[str, Any]) -> dict[str, Any]:
        """The parameters that a reader of the text could not know: those given, and those otherwise inferred."""
        defaults = {p.symbol.name: self._default(p, facts) for p in self.form.system.params if p.inferred is not None}
        return defaults | self.given

    def _default(self, param: ir.Param, facts: dict[str, Any]) -> Any:
        interpreter = self.form.interpreter
        r = interpreter.evaluator.registers()
        return None if param.default is None else interpreter.value(param.default, r)

    def start(self, problem: Problem) -> Registers:
        """Registers with the problem and the initial state."""
        return start(self.form.interpreter, problem)

    # ------------------------------------------------------------ runs
    def run(self, problem: Problem, random: Random, *, declared: bool = False, after: Sequence[Event] = ()) -> list[Event]:
        """The events of one run, the answer's included; with `declared`, of the declared tie-break and child order.

        Args:
            problem: what is searched.
            random: chooses among the legal events.
            declared: whether the rules of the declared level hold, too.
            after: the events with which the run begins; they need not be legal.

        Raises:
            InputError: when the procedure gets stuck before it may end, which is a fault of the specification or of its
                sample block.
        """
        levels = ir.LEVELS if declared else ir.SOUND_LEVELS
        interpreter, answer = self.form.interpreter, self.form.system.answer
        r, events = self.start(problem), list(after)
        for action, arguments in events:
            interpreter.apply(action, r, arguments)
        if answer is not None and not answer.apart:
            return [*events, *self._solution(r, random, levels)]
        while len(events) < LONGEST:
            may_end = not interpreter.unfinished(r)
            choices = [] if may_end and events else list(self.form.legal.legal(r, levels))
            if not choices:
                break
            action, arguments = random.choice(choices)
            interpreter.apply(action, r, arguments)
            events.append((action, arguments))
        if interpreter.unfinished(r):
            raise InputError(f"{self.form.name}: the procedure has no legal event after {len(events)} events and may not end")
        return [*events, *self.answer(r)]

    def printed(self, problem: Problem, events: Sequence[Event], random: Random) -> list[Event]:
        """What the text shows of a run: some events and arguments are hidden, some shown in part."""
        system, r = self.form.system, self.start(problem)
        shown: list[Event] = []
        for action, arguments in events:
            name = action.event.name
            if name not in system.silent and not (name in system.dropped and random.random() < DROPPED):
                shown.append((action, self.form.hidden.view(action, system.shown[name], arguments, r)))
            self.form.interpreter.apply(action, r, arguments)
        return shown

    def _solution(self, start: Registers, random: Random, levels: Sequence[str]) -> list[Event]:
        """Events that are themselves the answer, found by a search that goes on from any state that it has seen."""
        interpreter = self.form.interpreter
        frontier: list[tuple[Registers, list[Event]]] = [(start, [])]
        seen = {self._state(start)}
        while frontier:
            index = random.randrange(len(frontier))
            frontier[index], frontier[-1] = frontier[-1], frontier[index]
            r, events = frontier.pop()
            choices = list(self.form.legal.legal(r, levels))
            random.shuffle(choices)
            for action, arguments in choices:
                after = interpreter.saved(r)
                interpreter.apply(action, after, arguments)
                if (state := self._state(after)) not in seen:
                    seen.add(state)
                    frontier.append((after, [*events, (action, arguments)]))
                    if not interpreter.unfinished(after):
                        return frontier[-1][1]
        raise InputError(f"{self.form.name}: no events lead to where the procedure may end")

    def _state(self, r: Registers) -> Any:
        """The values of the state variables, as something that can be compared."""
        return tuple(map(snapshot, self.form.interpreter.state(r).values()))

    def answer(self, r: Registers) -> Iterator[Event]:
        """The events that print what the search found."""
        answer = self.form.system.answer
        if answer is None or not answer.apart or "follows" not in answer.clauses:
            return
        action = self.form.interpreter.actions[answer.event.name]
        for element in self.form.interpreter.judged("follows", r) or ():
            yield action, () if not action.slots else (element,) if len(action.slots) == 1 else tuple(element)

    # ------------------------------------------------------------ text
    def prompt(self, problem: Problem) -> str:
        """The problem's text."""
        sorts = {fact.name: fact.sort for fact in self.form.system.facts}
        items = [item for name in self.printer.order("prompt") if name in sorts for item in self._stated(name, sorts, problem)]
        return self.printer.text(items, "prompt")

    def _stated(self, name: str, sorts: dict[str, t.Sort], problem: Problem) -> Iterator[tuple[str, tuple[Raw, ...]]]:
        sort, value = sorts[name], problem.facts[name]
        count = len(self.form.grammar.shapes(name)[0])
        inner = argument_sorts(sort, count)
        for stated in _statements(sort, value):
            parts = _flat(stated, len(inner)) if len(inner) > 1 else (stated,)
            yield name, tuple(spell(s, part) for s, part in zip(inner, parts, strict=True))

    def trace(self, events: Sequence[Event], *, ended: bool = True) -> str:
        """The text of printed events, with the end marker if the format has one and the text is not to stop short of it."""
        shown = self.form.system.shown
        items = [
            (name := action.event.name, tuple(spell(p.sort, v) for p, v in zip(shown[name], values, strict=True)))
            for action, values in events
        ]
        if ended and END in self.form.grammar.items:
            items.append((END, ()))
        return self.printer.text(items, "trace")

    def document(self, problem: Problem, events: Sequence[Event]) -> Document:
        """What the text of a problem and printed events would be read as."""
        shown = self.form.system.shown
        steps = [Step(action, arguments, shown[action.event.name]) for action, arguments in events]
        return unwritten(self.form.system, problem.facts, steps, ended=END in self.form.grammar.items)

    def rows(self, number: int, seed: int, *, declared: bool = False) -> Iterator[dict[str, Any]]:
        """Rows with sound traces."""
        for index in range(number):
            random = Random(f"{seed}/{index}")
            problem = self.problem(random)
            events = self.printed(problem, self.run(problem, random, declared=declared), random)
            expected = {"verdict": "sound", "rule": None, "event": None}
            yield self.row(f"{self.form.name}-{seed}-{index}", problem, events, expected)

    def row(self, id: str, problem: Problem, events: Sequence[Event], expected: dict[str, Any]) -> dict[str, Any]:
        """A row as `check` reads it."""
        params = {name: plain(value) for name, value in problem.params.items()}
        return {
            "id": id,
            "prompt": self.prompt(problem),
            "trace": self.trace(events),
            "params": params,
            "expected": expected,
        }


def _statements(sort: t.Sort, value: Any) -> list[Any]:
    match sort:
        case t.Map():
            return [(key, inner) for key, inner in value.items()]
        case t.Set():
            return sorted(value)
        case t.List():
            return list(value)
    return [] if value is None else [value]


def _flat(value: Any, count: int) -> tuple[Any, ...]:
    """A statement's parts; a map's key that is a tuple may be printed as its fields."""
    if len(value) == count:
        return tuple(value)
    key, rest = value
    return (*key, rest)
