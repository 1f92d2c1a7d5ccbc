"""Whether sound runs keep what a procedure promises of them: asked of random problems, after every event."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.primitives import Registers, TooLarge
from tracecourt.engines.values import written
from tracecourt.errors import InputError
from tracecourt.formats import Format
from tracecourt.generate import Event, Generator, Problem, start
from tracecourt.spec import ir

RUNS = 5  # random runs for each set of assumptions
DRAWS = 30  # random problems of which one is to meet the assumptions


@dataclass(frozen=True)
class Refuted:
    """A promise that a sound run breaks, in the state after these events."""

    system: ir.System
    promise: ir.Promise
    message: str
    problem: Problem
    events: tuple[Event, ...]

    def run(self) -> str:
        """The problem and the events, as a trace block has them; a collection that is empty is left out."""
        sorts = {s.name: s.sort for s in (*self.system.facts, *(p.symbol for p in self.system.params))}
        known = [*self.problem.facts.items(), *self.problem.params.items()]
        lines = [f"{name} = {written(sorts[name], value)}" for name, value in known if value not in ({}, [])]
        for action, arguments in self.events:
            parts = [written(p.sort, value) for p, value in zip(action.event.parameters, arguments, strict=True)]
            lines.append(f"{action.event.name}({', '.join(parts)})")
        return "\n".join(lines)


def refuted(
    form: Format,
    params: Mapping[str, Any] | None = None,
    *,
    kinds: Collection[str] = ("lemma",),
    runs: int = RUNS,
    seed: int = 0,
) -> Refuted | None:
    """The first promise that a sound run of a random problem breaks; None where all are kept.

    A promise is only asked of problems that meet the assumptions under which it is made, and not at all where these are
    unknown to the domain, or where no such problem is drawn.

    Args:
        form: what is run.
        params: parameters of the problems.
        kinds: which promises are asked: lemmas of every state, claims of the last one.
        runs: how many runs there are for each set of assumptions.
        seed: the same seed gives the same runs.

    Raises:
        InputError: when no problem can be drawn, a run gets stuck, or a promise asks for more than anyone waits for.
    """
    generator = Generator(form, params or {})
    asked = [p for p in form.system.promises if p.kind in kinds]
    try:
        return _refuted(generator, asked, runs, seed)
    except TooLarge:
        raise InputError(f"{form.name}: what is promised cannot be asked within the budget") from None


def _refuted(generator: Generator, asked: Sequence[ir.Promise], runs: int, seed: int) -> Refuted | None:
    assumed = {given.rule.name: given.rule for given in generator.form.system.givens}
    for under in dict.fromkeys(p.under for p in asked):
        if not assumed.keys() >= {*under}:
            continue
        for index in range(runs):
            random = Random(f"{seed}/{index}/{'/'.join(under)}")
            problem = _problem(generator, [assumed[name] for name in under], random)
            if problem is None:
                break
            events = generator.run(problem, random)
            found = broken(generator.form.interpreter, problem, events, [p for p in asked if p.under == under])
            if found is not None:
                return found
    return None


def _problem(generator: Generator, assumed: Sequence[ir.Rule], random: Random) -> Problem | None:
    """A random problem that meets assumptions; None where none is drawn."""
    for _ in range(DRAWS):
        problem = generator.problem(random)
        if not assumed or all(meets(generator, generator.start(problem), rule) for rule in assumed):
            return problem
    return None


def meets(generator: Generator, r: Registers, assumption: ir.Rule) -> bool:
    """Whether a problem, which registers hold, meets an assumption."""
    return generator.form.interpreter.promised(assumption, r, {})


def broken(
    interpreter: Interpreter, problem: Problem, events: Sequence[Event], promises: Sequence[ir.Promise]
) -> Refuted | None:
    """The first promise that a run breaks: a lemma in any of its states, a claim in the last one."""
    for number, r, happened in _states(interpreter, problem, events):
        for promise in promises:
            due = promise.kind == "lemma" or number == len(events)
            if due and not interpreter.promised(promise.rule, r, happened):
                return Refuted(
                    interpreter.system, promise, interpreter.message(promise.rule, r), problem, tuple(events[:number])
                )
    return None


def _states(
    interpreter: Interpreter, problem: Problem, events: Sequence[Event]
) -> Iterator[tuple[int, Registers, dict[str, list[tuple[Any, ...]]]]]:
    """The states of a run, each with the number of events before it and their arguments by name."""
    r, happened = start(interpreter, problem), dict[str, list[tuple[Any, ...]]]()
    yield 0, r, happened
    for number, (action, arguments) in enumerate(events, 1):
        interpreter.apply(action, r, arguments)
        happened.setdefault(action.event.name, []).append(arguments)
        yield number, r, happened
