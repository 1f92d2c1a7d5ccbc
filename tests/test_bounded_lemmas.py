"""The lemmas of shipped procedures: proved by Z3 for small sizes, so that a specification that is written wrong is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tracecourt.engines.symbolic.smallest import Asked, Smallest
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.resources import Library
from tracecourt.spec import ir
from tracecourt.spec.library import Specifications

SPECIFICATIONS = Specifications(Library.shipped())
PROVED = ("none", "none-bounded")

# Procedures over weighted graphs whose lemmas have formulas; those that Z3 proves by induction, for runs of any length.
INDUCTIVE = {
    "astar": None,  # all
    "dijkstra": {"open-or-closed", "tree-cost"},
    "greedy": None,
    "beam": {"beam-width", "tree-cost", "path-cost"},
    "breadth-first": set(),  # its state holds lists, which are unrolled
    "depth-first": set(),
}
SLOW = {("breadth-first", "in-layers"), ("beam", "in-layers")}
NO_FORMULA = {"iterative-deepening"}  # sets of lists


def lemmas(procedure: str) -> list[ir.Promise]:
    return [p for p in SPECIFICATIONS.over(procedure, "graph").promises if p.kind == "lemma"]


def cases() -> Iterator[Any]:
    for procedure in INDUCTIVE:
        for lemma in lemmas(procedure):
            for size in (1, 2, 3):
                hard = size == 3 or (procedure, lemma.rule.name) in SLOW
                yield pytest.param(
                    procedure,
                    lemma.rule.name,
                    size,
                    marks=pytest.mark.slow if hard else (),
                    id=f"{procedure}-{lemma.rule.name}-{size}",
                )


@pytest.mark.parametrize(("procedure", "label", "size"), [*cases()])
def test_a_lemma_is_proved(procedure: str, label: str, size: int) -> None:
    system = SPECIFICATIONS.over(procedure, "graph")
    (lemma,) = (p for p in system.promises if p.rule.name == label)
    assumed = tuple(g.rule for g in system.givens if g.rule.name in lemma.under)
    rounds = 6 if (procedure, label) in SLOW else None
    sized, witness = Smallest(Asked(system, lemma, assumed, rounds=rounds), Limits()).at(size)
    assert witness is None
    assert sized.outcome in PROVED


@pytest.mark.parametrize("procedure", INDUCTIVE)
def test_lemmas_are_inductive(procedure: str) -> None:
    wanted = INDUCTIVE[procedure]
    system = SPECIFICATIONS.over(procedure, "graph")
    for lemma in system.promises:
        if lemma.kind == "lemma" and (wanted is None or lemma.rule.name in wanted):
            assumed = tuple(g.rule for g in system.givens if g.rule.name in lemma.under)
            sized, _ = Smallest(Asked(system, lemma, assumed), Limits()).at(2)
            assert (sized.outcome, sized.rounds) == ("none", None), lemma.rule.name


def test_every_procedure_with_lemmas_is_asked() -> None:
    with_lemmas = set()
    for name in Library.shipped().names("procedure"):
        blocks = {e.domain for e in SPECIFICATIONS.examples(name)}
        if "graph" in blocks and lemmas(name):
            with_lemmas.add(name)
    assert with_lemmas - set(INDUCTIVE) <= NO_FORMULA | {"uniform-cost-lazy"}
