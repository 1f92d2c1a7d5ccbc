"""Where two procedures part: the shortest trace that one accepts and the other refuses, each way; or how far there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tracecourt.check import check
from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.symbolic.difference import Contrast, Difference, Side
from tracecourt.engines.symbolic.run import Event, searching
from tracecourt.engines.symbolic.smallest import Sized, Witness
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.engines.symbolic.terms import NotSymbolic
from tracecourt.engines.values import show
from tracecourt.errors import InputError, SpecError, suggestion
from tracecourt.formats import joined
from tracecourt.generate import Event as Run
from tracecourt.generate import Problem, start
from tracecourt.parameters import from_options
from tracecourt.resources import Library
from tracecourt.spec import ir
from tracecourt.spec.library import Specifications
from tracecourt.verdict import Verdict, plain
from tracecourt.witness import (
    added_givens,
    assumptions,
    demand_known,
    formats_of,
    measures,
    own_domain,
    printing,
    row,
    settled,
    size_parameter,
    sizes,
    worded,
)

SCHEMA = "tracecourt/compare/1"
NODES = 4


@dataclass(frozen=True)
class Party:
    """A procedure over the domain, with parameters that were set, and the assumptions in its terms.

    `label` tells it from the other one; `specifications` is where it was found.
    """

    label: str
    system: ir.System = field(repr=False)
    params: Mapping[str, Any]
    assumed: tuple[ir.Rule, ...] = field(repr=False)
    specifications: Specifications = field(repr=False)

    @property
    def procedure(self) -> str:
        """The procedure's name."""
        return self.system.procedure


@dataclass(frozen=True)
class Refusal:
    """Why a trace is refused: the first rule that is broken, by an event or, after the last one, by the end."""

    event: int
    rule: str
    level: str
    message: str


@dataclass(frozen=True)
class Found:
    """A trace that was tried by the interpreter of both sides.

    Attributes:
        problem: the problem, with the parameters of the side that accepts the trace.
        events: the events.
        refusal: what the other side has against it.
        theirs: the values that the parameters have for the other side, those that the row gives or that were set.
        least: how many measures are proved to be least.
        measures: the measures of the problem and their values.
        row: the same as `check` reads it; None where no format prints such runs.
        formats: the formats with which `check` finds it sound, and unsound; None where there is none.
    """

    problem: Problem
    events: tuple[Run, ...]
    refusal: Refusal
    theirs: Mapping[str, Any]
    least: int
    measures: tuple[tuple[str, Any], ...]
    row: Mapping[str, Any] | None = None
    formats: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True)
class Direction:
    """What became of the search for a trace that one side accepts and the other refuses; `sizes` the smallest first."""

    accepts: Party
    refuses: Party
    sizes: tuple[Sized, ...] = ()
    found: Found | None = None

    @property
    def decided(self) -> bool:
        """Whether each size was decided, for traces as long as were looked at."""
        return all(sized.outcome != "unknown" for sized in self.sizes)

    @property
    def open(self) -> bool:
        """Whether a larger size is to be looked at."""
        return self.found is None and self.decided

    @property
    def minimal(self) -> bool:
        """Whether the problem is proved to be the smallest, in all its measures, and the trace the shortest."""
        return self.found is not None and self.decided and self.found.least == len(self.accepts.system.measures)

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain values."""
        found = self.found
        facts = None if found is None else {name: plain(value) for name, value in found.problem.facts.items()}
        values = [value for _, value in found.measures] if found else []
        return {
            "accepts": self.accepts.label,
            "refuses": self.refuses.label,
            "found": found is not None,
            "minimal": self.minimal,
            "decided": self.decided,
            "sizes": [{"size": s.size, "outcome": s.outcome, "events": s.rounds} for s in self.sizes],
            "nodes": values[0] if values else None,
            "edges": values[1] if len(values) > 1 else None,
            "measures": dict(found.measures) if found else {},
            "problem": facts,
            "events": [[action.event.name, *map(plain, arguments)] for action, arguments in found.events] if found else [],
            "broken": None if found is None else vars(found.refusal),
            "formats": list(found.formats) if found else [None, None],
            "refuses_with": {name: plain(value) for name, value in found.theirs.items()} if found else {},
            "row": None if found is None or found.row is None else dict(found.row),
        }


@dataclass(frozen=True)
class Comparison:
    """What is known of two procedures over a domain, each way; `largest`: the largest size that is to be looked at."""

    domain: str
    givens: tuple[str, ...]
    largest: int
    directions: tuple[Direction, ...]

    @property
    def found(self) -> bool:
        """Whether a trace tells them apart."""
        return any(direction.found for direction in self.directions)

    @property
    def complete(self) -> bool:
        """Whether each way was decided up to the largest size."""
        return all(d.found or (d.decided and d.sizes and d.sizes[-1].size >= self.largest) for d in self.directions)

    @property
    def size(self) -> str:
        """What the size of a problem is called."""
        return size_parameter(self.directions[0].accepts.system).name

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain values; the keys are the contract of `compare --output json`."""
        first = self.directions[0]
        return {
            "schema": SCHEMA,
            "domain": self.domain,
            "givens": list(self.givens),
            "sides": [
                {
                    "label": party.label,
                    "procedure": party.procedure,
                    "params": {name: plain(value) for name, value in party.params.items()},
                }
                for party in (first.accepts, first.refuses)
            ],
            "found": self.found,
            "complete": self.complete,
            "directions": [direction.to_dict() for direction in self.directions],
        }


def compare(
    one: str,
    other: str,
    library: Library,
    other_library: Library | None = None,
    *,
    params: Sequence[str] = (),
    params_one: Sequence[str] = (),
    params_other: Sequence[str] = (),
    givens: Sequence[str] = (),
    domain: str | None = None,
    largest: int = NODES,
    events: int | None = None,
    limits: Limits | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> Iterator[Comparison]:
    """What is known after each size, the last one being all: the shortest traces on which two procedures do not agree.

    Args:
        one: the name of a procedure.
        other: the name of another, or the same.
        library: where the first is found.
        other_library: where the other is found; else in the same.
        params: parameters as `name=value`, of each of the two that has one of this name.
        params_one: parameters of the first.
        params_other: parameters of the other.
        givens: what is assumed of problems: names of assumptions of the domain, or expressions over its facts.
        domain: over which problems; else those of the first one's own trace blocks.
        largest: the largest size that is looked at.
        events: the most events of a trace; else as many as are usual for a size.
        limits: how long is looked.
        tell: is told how far the search has come.

    Raises:
        InputError, SpecError: when something is not there, is faulty or does not fit.
    """
    specifications = Specifications(library), Specifications(other_library or library)
    chosen = domain or own_domain(specifications[0], one)
    if len({s.declaration("domain", chosen).source.text for s in specifications}) > 1:
        raise InputError(f"{one} and {other} lie in packs that each have their own domain {chosen}: these are not the same")
    parties = [_party(s, name, chosen, givens) for s, name in zip(specifications, (one, other), strict=True)]
    _demand_same_events(*parties)
    for option in params:
        name = option.partition("=")[0]
        known = {p.symbol.name for party in parties for p in party.system.params}
        if name not in known:
            raise InputError(f"neither {one} nor {other} has a parameter {name}{suggestion(name, known)}")
    parties = [_set(party, params, own) for party, own in zip(parties, (params_one, params_other), strict=True)]
    first, second = _told_apart(*parties)
    size = size_parameter(first.system)
    directions = Direction(first, second), Direction(second, first)
    limits = limits or Limits()
    searches = [_search(direction, size.name, events, limits, tell) for direction in directions]
    looked_at = sizes(first.system, largest)
    known_so_far = Comparison(chosen, worded(first.assumed), looked_at.stop - 1, directions)
    for number in looked_at:
        for place, search in enumerate(searches):
            direction = known_so_far.directions[place]
            if direction.open:
                rest = known_so_far.directions
                changed = (*rest[:place], _looked(direction, search, number), *rest[place + 1 :])
                known_so_far = replace(known_so_far, directions=changed)
        yield known_so_far
        if not any(direction.open for direction in known_so_far.directions):
            return


# ---------------------------------------------------------------- the two sides
def _party(specifications: Specifications, procedure: str, domain: str, givens: Sequence[str]) -> Party:
    known = {p.rule.name for p in specifications.over(procedure, domain).givens}
    for one in givens:
        demand_known(one, known, "assumption")
    extra = added_givens(givens, known)
    system = specifications.over(procedure, domain, None, extra)
    return Party(procedure, system, {}, tuple(assumptions(system, givens, extra)), specifications)


def _demand_same_events(one: Party, other: Party) -> None:
    """Both must have the same events, with as many arguments of the same sorts.

    Raises:
        InputError: when they have not.
    """
    mine, theirs = (
        {e.name: ", ".join(str(p.sort) for p in e.parameters) for e in searching(party.system)} for party in (one, other)
    )
    for name in (*mine, *theirs):
        if mine.get(name) != theirs.get(name):
            has = [f"{mine[name]!r}"[1:-1] if name in mine else None, theirs.get(name)]
            said = [f"{name}({arguments})" if arguments is not None else f"no event {name}" for arguments in has]
            message = f"{one.procedure} has {said[0]}, and {other.procedure} has {said[1]}"
            raise InputError(f"only procedures with the same events can be compared: {message}")


def _set(party: Party, params: Sequence[str], own: Sequence[str]) -> Party:
    known = {p.symbol.name for p in party.system.params}
    mine = [option for option in params if option.partition("=")[0] in known]
    return replace(party, params=settled(party.system, from_options(party.system, [*mine, *own])))


def _told_apart(one: Party, other: Party) -> tuple[Party, Party]:
    """The two with labels that differ: by their names, else with their parameters, else also with where they were read."""
    labels = [[p.procedure, _settings(p), f"{_settings(p)} of {p.system.sources[2].name}"] for p in (one, other)]
    if one.procedure == other.procedure and one.params == other.params and labels[0][2] == labels[1][2]:
        return one, other
    for first, second in zip(*labels, strict=True):
        if first != second:
            return replace(one, label=first), replace(other, label=second)
    return one, other


def _settings(party: Party) -> str:
    given = ", ".join(f"{name}={show(value)}" for name, value in party.params.items())
    return f"{party.procedure} ({given})" if given else party.procedure


# ---------------------------------------------------------------- one way
def _search(direction: Direction, size: str, events: int | None, limits: Limits, tell: Callable[[str], object]) -> Difference:
    accepts, refuses = direction.accepts, direction.refuses
    sides = Side(accepts.system, accepts.params), Side(refuses.system, refuses.params)

    def told(line: str) -> None:
        tell(f"{accepts.label} accepts, {refuses.label} refuses: {line}")

    return Difference(Contrast(*sides, size, accepts.assumed, events), limits, told)


def _looked(direction: Direction, search: Difference, size: int) -> Direction:
    """What is known after one more size."""
    try:
        sized, witness = search.at(size)
    except NotSymbolic as why:
        if direction.sizes:  # it has a formula where problems are smaller
            return replace(direction, sizes=(*direction.sizes, Sized(size, "unknown")))
        names = f"{direction.accepts.procedure} and {direction.refuses.procedure}"
        raise InputError(f"{names} over {direction.accepts.system.domain} have no formula: {why}") from None
    found = None if witness is None else _tried(direction, witness, search.asked.size)
    return replace(direction, sizes=(*direction.sizes, sized), found=found)


def _tried(direction: Direction, witness: Witness, size: str) -> Found:
    """The trace, tried by the interpreter of both sides, and printed where a format prints such runs."""
    accepts, refuses = direction.accepts, direction.refuses
    problem = Problem(dict(witness.facts), {**accepts.params, size: witness.size})
    interpreter = Interpreter(accepts.system)
    if wrong := refusal(interpreter, problem, witness.events):
        raise AssertionError(f"the engines differ: {wrong.rule} is broken by {witness.events}")
    theirs = Problem(problem.facts, {**refuses.params, size: witness.size})
    judge = Interpreter(refuses.system)
    _, values, _ = judge.problem(theirs.facts, theirs.params, lambda sort: [])
    theirs = Problem(
        theirs.facts, {name: value for name, value in values.items() if name in {**problem.params, **theirs.params}}
    )
    why = refusal(judge, theirs, witness.events)
    if why is None:
        raise AssertionError(f"the engines differ: nothing is broken by {witness.events}")
    events = tuple((interpreter.actions[name], arguments) for name, arguments in witness.events)
    found = Found(problem, events, why, theirs.params, witness.least, measures(accepts.system, problem))
    return _printed(found, direction, theirs, witness.events)


def refusal(interpreter: Interpreter, problem: Problem, events: Sequence[Event]) -> Refusal | None:
    """What a procedure has against a trace; None where it accepts it."""
    r = start(interpreter, problem)
    for number, (name, arguments) in enumerate(events):
        action = interpreter.actions[name]
        wrong = [rule for rule in interpreter.broken(action, r, arguments) if rule.level in ir.SOUND_LEVELS]
        if wrong:
            interpreter.bind(action, r, arguments)
            return Refusal(number, wrong[0].name, wrong[0].level, interpreter.message(wrong[0], r))
        interpreter.apply(action, r, arguments)
    for rule in interpreter.unfinished(r):
        return Refusal(len(events), rule.name, rule.level, interpreter.message(rule, r))
    return None


def _printed(found: Found, direction: Direction, theirs: Problem, events: Sequence[Event]) -> Found:
    """The same with the row that `check` finds sound with the one side's format; and unsound with that of the other."""
    accepts, refuses, why = direction.accepts, direction.refuses, found.refusal
    id = f"{accepts.label}-not-{refuses.label}".replace(" ", "-")
    for form, own in printing(accepts.specifications, accepts.system.domain, accepts.procedure):
        with suppress(InputError, SpecError):
            made = row(form, id, found.problem, events, ended=True)
            if check(form, made["prompt"], made["trace"], found.problem.params).verdict is not Verdict.SOUND:
                continue
            other = None
            for name in formats_of(refuses.specifications, refuses.system.domain, refuses.procedure):
                with suppress(InputError, SpecError):
                    there = joined(name, refuses.specifications)
                    report = check(there, made["prompt"], made["trace"], theirs.params)
                    at_end = why.event == len(events)  # an answer that comes too early is refused in its place
                    if (report.verdict, report.event) == (Verdict.UNSOUND, why.event) and (at_end or report.rule == why.rule):
                        other = name
                        break
            return replace(found, row=made, formats=(own if own == form.name else None, other))
    return found
