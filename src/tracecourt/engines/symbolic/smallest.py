"""The smallest problem on which a sound run breaks a promise, or a proof that there is none.

Sizes are tried one after the other. For each, Z3 first tries to prove the promise by induction, which settles runs of any
length; else runs are unrolled round by round. Where a run is found, the problem's measures are made least one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from tracecourt.engines.symbolic.induction import follows, inductive, looks_back
from tracecourt.engines.symbolic.least import Tell, facts_of, least_measures
from tracecourt.engines.symbolic.machine import Machine, State
from tracecourt.engines.symbolic.run import Event, Runs, exchangeable
from tracecourt.engines.symbolic.solving import Answer, Limits, Model, Query
from tracecourt.engines.symbolic.symmetry import interchangeable, plainest, renamed
from tracecourt.engines.symbolic.terms import NotSymbolic, Truth, both, conj, disj, neg
from tracecourt.engines.symbolic.world import World
from tracecourt.spec import ir

Outcome = Literal["none", "none-bounded", "found", "unknown"]
NAMED = 7  # values of a sort for which all ways to name them are tried
BEYOND = 2  # rounds beyond the number of nodes; twice as many where a round is a single event


@dataclass(frozen=True)
class Asked:
    """What is looked for.

    Attributes:
        system: the procedure over a domain; its first measure is a parameter, which says how large a problem is.
        promise: what a run is to break: a claim where it ends, a lemma in any of its states.
        assumed: what problems must meet.
        params: values of parameters, the size left out.
        levels: the levels that a run keeps.
        rounds: the most rounds of a run; None for as many as are usual for the size.
    """

    system: ir.System
    promise: ir.Promise
    assumed: tuple[ir.Rule, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    levels: tuple[str, ...] = ir.SOUND_LEVELS
    rounds: int | None = None

    @property
    def size(self) -> str:
        """The parameter that says how large a problem is."""
        measure = self.system.measures[0]
        assert isinstance(measure, ir.Ref)
        return measure.symbol.name

    @property
    def lasting(self) -> bool:
        """Whether the promise is made of all states, not of the last one alone."""
        return self.promise.kind == "lemma"


@dataclass(frozen=True)
class Sized:
    """What is known of one size.

    Attributes:
        size: the size.
        outcome: `none` for no run of any length, `none-bounded` for none of so many rounds, `found`, or `unknown`.
        rounds: the rounds that were looked at.
    """

    size: int
    outcome: Outcome
    rounds: int | None = None


@dataclass(frozen=True)
class Witness:
    """A problem, and a run on it that breaks the promise. `least`: how many measures are proved to be least."""

    size: int
    facts: Mapping[str, Any]
    events: tuple[Event, ...]
    least: int


class Smallest:
    """The search for one question."""

    def __init__(self, asked: Asked, limits: Limits, tell: Tell = lambda line: None) -> None:
        self.asked = asked
        self.limits = limits
        self.tell = tell
        self._swept: dict[int, str | None] = {}

    @cached_property
    def alike(self) -> tuple[Any, ...]:
        """The sorts whose values nothing tells apart."""
        system = self.asked.system
        return tuple(
            interchangeable(system, (*self.asked.assumed, self.asked.promise.rule, *(p.rule for p in system.promises)))
        )

    def swept(self, size: int) -> str | None:
        """The event that can be swept on problems of a size."""
        if size not in self._swept:
            params = {**self.asked.params, self.asked.size: size}
            self._swept[size] = exchangeable(self.asked.system, params, self.asked.levels, self.limits)
        return self._swept[size]

    def opened(self, size: int, *, whole: bool = False) -> tuple[Machine, Query]:
        """A machine over any problem of a size that meets the assumptions."""
        world = World(whole=whole)
        machine, query = Machine(self.asked.system, world), Query(world, self.limits)
        machine.settle({**self.asked.params, self.asked.size: size})
        machine.leave_facts_open(self.alike)
        query.require(*(machine.symbolic.holds(rule.condition) for rule in self.asked.assumed))
        return machine, query

    def at(self, size: int) -> tuple[Sized, Witness | None]:
        """What is known of a size: whether some run breaks the promise, and the least such problem."""
        lemmas = self._lemmas(size)
        if self._proved(size, lemmas):
            return Sized(size, "none"), None
        search = _Unrolled(self, size, lemmas, whole=False)
        most = self.asked.rounds or self._usual(size, search.swept)
        for rounds in range(most + 1):
            answer = search.round() if rounds else search.at_once()
            self.tell(f"{self.asked.size} {size}, {rounds} rounds: {WORDS[answer]}")
            if answer == "sat":
                return self._found(size, rounds, lemmas, search)
            if answer == "unknown":
                return Sized(size, "unknown", rounds), None
            if search.over:
                return Sized(size, "none", rounds), None
        return Sized(size, "none-bounded", most), None

    def _found(self, size: int, rounds: int, lemmas: Sequence[ir.Rule], search: _Unrolled) -> tuple[Sized, Witness | None]:
        try:
            return Sized(size, "found", rounds), self._least(size, lemmas, search)
        except NotSymbolic:  # the numbers of the problem are no fractions
            return Sized(size, "unknown", rounds), None

    def _usual(self, size: int, swept: str | None) -> int:
        return size + BEYOND + 1 if swept else 2 * (size + BEYOND)

    def _lemmas(self, size: int) -> list[ir.Rule]:
        """The procedure's lemmas that Z3 proves by induction for a size."""
        system, assumed = self.asked.system, {rule.name for rule in self.asked.assumed}
        lemmas = [p.rule for p in system.promises if p.kind == "lemma" and assumed.issuperset(p.under)]
        plain = [rule for rule in lemmas if not looks_back(system, rule)]
        return inductive(lambda: self.opened(size), plain, self.asked.levels) if plain else []

    def _proved(self, size: int, lemmas: Sequence[ir.Rule]) -> bool:
        """Whether no run of any length breaks the promise, by induction."""
        rule = self.asked.promise.rule
        if looks_back(self.asked.system, rule):
            return False
        if self.asked.lasting:
            return rule in lemmas
        proved = follows(lambda: self.opened(size), lemmas, rule)
        if proved:
            self.tell(f"{self.asked.size} {size}: proved by induction for runs of any length")
        return proved

    # ------------------------------------------------------------ the least problem
    def _least(self, size: int, lemmas: Sequence[ir.Rule], found: _Unrolled) -> Witness:
        """The problem with the least measures, one after the other, and its shortest run.

        Problems of whole numbers are looked for; where there are none, rational ones, whose sums are not made least.
        """
        rounds = self.asked.rounds or self._usual(size, found.swept)
        search = _Unrolled(self, size, lemmas, whole=True)
        for _ in range(rounds):
            search.extend()
            if search.over:
                break
        model = search.some()
        if model is None:
            search, model = found, found.query.model()
        least, model = least_measures(
            search.machine,
            search.query,
            search.ask,
            model,
            self.asked.system.measures,
            whole=search is not found,
            tell=self.tell,
        )
        model = search.shortest() or model
        facts = facts_of(search.machine, model)
        witness = Witness(size, facts, tuple(search.runs.events(model)), least)
        return plainest_witness(search.machine, self.alike, witness)


class _Unrolled:
    """Runs on problems of one size, and when they break the promise."""

    def __init__(self, smallest: Smallest, size: int, lemmas: Sequence[ir.Rule], *, whole: bool) -> None:
        asked = smallest.asked
        self.asked, self.lemmas = asked, lemmas
        self.swept = smallest.swept(size)
        self.machine, self.query = smallest.opened(size, whole=whole)
        self.runs = Runs(self.machine, self.query, asked.levels, self.swept, smallest.alike)
        self.broken = [self._broken(self.runs.start)]  # by the number of rounds: the run breaks the promise after them

    @property
    def over(self) -> bool:
        """Whether no run goes on for as many rounds, so that longer ones need not be looked at."""
        rounds = self.runs.rounds
        return len(rounds) > (self.swept is not None) and self.query.ask(rounds[-1].happens) == "unsat"

    def extend(self) -> None:
        """One more round."""
        found = self.runs.extend()
        self.broken.append(both(found.happens, self._broken(found.state)))

    def _broken(self, state: State) -> Truth:
        """Whether a run may end in a state and breaks the promise there; of a lemma, whether it does not hold."""
        self.machine.enter(state)
        holds = self.machine.symbolic.holds
        self.query.require(*(holds(rule.condition) for rule in self.lemmas))
        ends = [] if self.asked.lasting else [truth for _, truth in self.machine.ending()]
        return conj((*ends, neg(holds(self.asked.promise.rule.condition))))

    def _longer(self, rounds: int) -> Truth:
        """Whether something happens after so many rounds."""
        return disj(r.happens for r in self.runs.rounds[rounds:])

    def at_once(self) -> Answer:
        """Whether a run without any event breaks the promise."""
        return self.query.ask(self.broken[0])

    def round(self) -> Answer:
        """One more round: whether a run of exactly so many breaks the promise."""
        self.extend()
        return self.query.ask(self.broken[-1])

    def ask(self) -> Answer:
        """Whether a run of any number of rounds so far breaks the promise, and ends there."""
        return self.query.ask(disj(both(broken, neg(self._longer(n))) for n, broken in enumerate(self.broken)))

    def some(self) -> Model | None:
        """Such a run."""
        return self.query.model() if self.ask() == "sat" else None

    def shortest(self) -> Model | None:
        """Such a run with as few rounds as there can be."""
        for rounds, broken in enumerate(self.broken):
            if self.query.ask(broken, neg(self._longer(rounds))) == "sat":
                return self.query.model()
        return None


WORDS = {"sat": "found", "unsat": "none", "unknown": "not known"}


def plainest_witness(machine: Machine, alike: Sequence[Any], witness: Witness) -> Witness:
    """The same problem and run, in which values that are alike have the names under which it reads best."""
    system = machine.system
    for sort in alike:
        names = machine.symbolic.inhabitants(sort)
        naming = plainest(system.facts, witness.facts, sort, names) if len(names) <= NAMED else {n: n for n in names}
        facts = {f.name: renamed(f.sort, witness.facts[f.name], sort, naming) for f in system.facts}
        sorts = {name: [p.sort for p in event.parameters] for name, event in system.events.items()}
        events = tuple(
            (name, tuple(renamed(s, v, sort, naming) for s, v in zip(sorts[name], arguments, strict=True)))
            for name, arguments in witness.events
        )
        witness = replace(witness, facts=facts, events=events)
    return witness
