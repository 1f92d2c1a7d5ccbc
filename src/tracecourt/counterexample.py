"""Where a procedure breaks its promise: the smallest problem, and a sound run on it; or how far there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.primitives import Registers
from tracecourt.engines.symbolic.run import Event
from tracecourt.engines.symbolic.smallest import Asked, Sized, Smallest, Witness
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.engines.symbolic.terms import NotSymbolic
from tracecourt.errors import InputError
from tracecourt.generate import Problem, start
from tracecourt.lemmas import Refuted, broken
from tracecourt.parameters import from_options
from tracecourt.resources import Library
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.library import Specifications
from tracecourt.spec.rewrite import substitute
from tracecourt.verdict import plain
from tracecourt.witness import (
    added_givens,
    assumptions,
    demand_known,
    measures,
    own_domain,
    printing,
    row,
    settled,
    size_parameter,
    sizes,
    worded,
)

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
        largest: the largest size that was to be looked at.
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
    largest: int = NODES
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
    def complete(self) -> bool:
        """Whether all sizes were looked at that were to be."""
        return bool(self.sizes) and (self.found or self.sizes[-1].size >= self.largest)

    @property
    def ended(self) -> bool:
        """Whether the run is a whole one; one that breaks a lemma may stop in the middle."""
        return self.refuted is not None and self.refuted.promise.kind == "claim"

    @property
    def measures_of_size(self) -> str:
        """What the size of a problem is called."""
        return size_parameter(self.system).name

    def last_state(self) -> tuple[Interpreter, Registers, tuple[Any, ...]]:
        """The state in which the run ends, and the answer that the search found there."""
        assert self.refuted is not None
        interpreter = Interpreter(self.system)
        r = start(interpreter, self.refuted.problem)
        for action, arguments in self.refuted.events:
            interpreter.apply(interpreter.actions[action.event.name], r, arguments)
        return interpreter, r, tuple(interpreter.judged("follows", r) or ())

    @property
    def minimal(self) -> bool:
        """Whether the problem is proved to be the smallest, in all its measures."""
        return self.found and self.decided and self.least == len(self.system.measures)

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain values; the keys are the contract of `counterexample --output json`."""
        problem = self.refuted.problem if self.refuted else None
        facts = {} if problem is None else {name: plain(value) for name, value in problem.facts.items()}
        return {
            "schema": SCHEMA,
            "procedure": self.procedure,
            "domain": self.domain,
            "params": {name: plain(value) for name, value in self.params.items()},
            "claim": self.claim,
            "givens": list(self.givens),
            "found": self.found,
            "minimal": self.minimal,
            "decided": self.decided,
            "nodes": self.measures[0][1] if self.found else None,
            "edges": self.measures[1][1] if self.found and len(self.measures) > 1 else None,
            "sizes": [{"size": s.size, "outcome": s.outcome, "rounds": s.rounds} for s in self.sizes],
            "measures": dict(self.measures),
            "problem": facts or None,
            "events": [[a.event.name, *map(plain, args)] for a, args in self.refuted.events] if self.refuted else [],
            "broken": self.broken,
            "format": self.format,
            "row": None if self.row is None else dict(self.row),
        }

    @property
    def broken(self) -> str | None:
        """How the promise is broken, in words."""
        if self.refuted is None:
            return None
        return self.refuted.message or f"after {len(self.refuted.events)} events, this does not hold: {self.claim}"

    @property
    def measures(self) -> tuple[tuple[str, Any], ...]:
        """The measures of the problem, as the domain writes them, and their values."""
        if self.refuted is None:
            return ()
        return measures(self.system, self.refuted.problem)


def counterexample(
    procedure: str,
    library: Library,
    *,
    claim: str = OPTIMAL,
    givens: Sequence[str] = (),
    params: Sequence[str] = (),
    domain: str | None = None,
    largest: int = NODES,
    rounds: int | None = None,
    limits: Limits | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> Iterator[Counterexample]:
    """What is known after each size, the last one being all: the smallest problem on which a sound run breaks a promise.

    Args:
        procedure: the name of a procedure of the library.
        library: where it is found.
        claim: the name of a claim or a lemma of the procedure, `optimal`, or an expression over the last state of a run.
        givens: what is assumed of problems: names of assumptions of the domain, or expressions over its facts.
        params: parameters, as `name=value`.
        domain: over which problems; else those of the procedure's own trace blocks.
        largest: the largest size that is looked at.
        rounds: the most rounds of a run; else as many as are usual for a size.
        limits: how long is looked.
        tell: is told how far the search has come.

    Raises:
        InputError, SpecError: when something is not there, is faulty or does not fit.
    """
    specifications = Specifications(library)
    chosen = domain or own_domain(specifications, procedure)
    system, promise, assumed = _asked(specifications, procedure, chosen, claim, givens)
    given = settled(system, from_options(system, params))
    looked_at = sizes(system, largest)
    search = Smallest(Asked(system, promise, tuple(assumed), given, rounds=rounds), limits or Limits(), tell)
    known = Counterexample(procedure, chosen, given, claim, worded(assumed), (), system, looked_at.stop - 1)
    for size in looked_at:
        try:
            sized, witness = search.at(size)
        except NotSymbolic as why:
            raise InputError(f"{procedure} over {chosen} has no formula: {why}") from None
        known = replace(known, sizes=(*known.sizes, sized))
        if witness is not None:
            known = _tried(known, specifications, witness, promise, search.asked.size)
        yield known
        if sized.outcome in ("found", "unknown"):
            return


def _asked(
    specifications: Specifications, procedure: str, domain: str, claim: str, givens: Sequence[str]
) -> tuple[ir.System, ir.Promise, list[ir.Rule]]:
    """The system, what is promised, and what is assumed: names, or else expressions."""
    plain_system = specifications.over(procedure, domain)
    named = {p.rule.name for p in plain_system.promises} | {OPTIMAL}
    assumed = {p.rule.name for p in plain_system.givens}
    demand_known(claim, named, "claim")
    for one in givens:
        demand_known(one, assumed, "assumption")
    claims = {} if claim in named else {EXPRESSION: claim}
    extra = added_givens(givens, assumed)
    system = specifications.over(procedure, domain, claims, extra)
    promises = {p.rule.name: p for p in system.promises}
    if claim == OPTIMAL and OPTIMAL not in promises:
        promise = _of_the_answer(system)
    else:
        promise = promises[claim if claim in named else EXPRESSION]
    for name in promise.under:
        if name not in assumed:
            raise InputError(f"{claim} is promised given {name}, of which the domain {domain} does not know")
    return system, promise, assumptions(system, (*promise.under, *givens), extra)


def _of_the_answer(system: ir.System) -> ir.Promise:
    """That the answer the search found is valid and costs what it must, wherever there is an optimum."""
    answer = system.answer
    if answer is None or not {"valid", "cost", "optimum", "follows"} <= answer.clauses.keys():
        raise InputError(f"{system.procedure} does not say what it finds and what that costs: name a --claim")
    clauses, span = answer.clauses, answer.event.span
    found = clauses["follows"]
    valid, cost = (substitute(clauses[name], {answer.collected: found}) for name in ("valid", "cost"))
    optimum = clauses["optimum"]

    def truth(op: str, *args: ir.Expr) -> ir.Expr:
        return ir.Prim(t.BOOL, span, op, args)

    condition = truth("=>", truth("=", optimum, optimum), truth("and", valid, truth("=", cost, optimum)))
    words = ir.Template(("the search finds ", found, ", which costs ", cost, "; the optimum is ", optimum))
    rule = ir.Rule(OPTIMAL, "", condition, words, span, answer.event.source)
    return ir.Promise("claim", rule)


def _tried(
    known: Counterexample, specifications: Specifications, witness: Witness, promise: ir.Promise, size: str
) -> Counterexample:
    """The problem and its run, tried again by the interpreter, and printed where a format prints such runs."""
    interpreter = Interpreter(known.system)
    problem = Problem(dict(witness.facts), {**known.params, size: witness.size})
    events = [(interpreter.actions[name], arguments) for name, arguments in witness.events]
    r = start(interpreter, problem)
    for action, arguments in events:
        wrong = [rule for rule in interpreter.broken(action, r, arguments) if rule.level in ir.SOUND_LEVELS]
        if wrong:
            raise AssertionError(f"the engines differ: {wrong[0].name} is broken by {witness.events}")
        interpreter.apply(action, r, arguments)
    refuted = broken(interpreter, problem, events, [promise])
    if refuted is None or (promise.kind == "claim" and interpreter.unfinished(r)):
        raise AssertionError(f"the engines differ: {witness.events} breaks no promise")
    made, checked_by = _printed(known, specifications, problem, witness.events, promise)
    return replace(known, refuted=refuted, least=witness.least, row=made, format=checked_by)


def _printed(
    known: Counterexample, specifications: Specifications, problem: Problem, events: Sequence[Event], promise: ir.Promise
) -> tuple[dict[str, Any] | None, str | None]:
    """The row that `check` reads, and the format that checks it; none where no format has this procedure and domain."""
    form, own = next(printing(specifications, known.domain, known.procedure), (None, None))  # its own come first
    if form is None or own is None:
        return None, None
    return row(form, f"{known.procedure}-{known.claim}", problem, events, ended=promise.kind == "claim"), own
