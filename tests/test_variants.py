"""Faulty copies of A*, each one edit away from it, are caught: a small problem and a run of the copy that breaks a promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tracecourt.counterexample import Counterexample, counterexample
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.resources import Library

CLOSED_IS_LEAST = "all n in closed: closed[n] = distances(start, successors)[n]"
BEST = "require ordered not-best: key(open, n) = best(open)"
STEP = "closed[current] + successors(current)[n]"
SET_PARENT = "    when current != none\n      parent[n] := current\n"

Faulty = tuple[list[tuple[str, str]], str, list[str], int]
# By name: the edits, a promise that the copy breaks, assumptions, and the nodes of the smallest problem.
CAUGHT: dict[str, Faulty] = {
    "stays-open": ([("    open -= n\n", "")], "open-or-closed", [], 1),
    "goes-on": ([("    done := is_goal(n)\n", "    done := false\n")], "goal-closed", [], 1),
}
CAUGHT_LATER: dict[str, Faulty] = {
    "free-step": ([(STEP, "closed[current]")], "path-cost", [], 2),
    "dearer-step": ([(STEP, f"{STEP} + 1")], CLOSED_IS_LEAST, ["consistent"], 2),
    "no-parent": ([(SET_PARENT, "")], "optimal", [], 2),
    "stays-closed": ([("    closed -= n\n", "")], "open-or-closed", [], 3),
    "any-entry": ([(BEST, f"{BEST} or true")], CLOSED_IS_LEAST, ["consistent"], 3),
    "by-h-alone": ([("by g + weight * h(node)", "by h(node)")], CLOSED_IS_LEAST, ["consistent"], 3),
}


def caught(
    folder: Path, name: str, edits: list[tuple[str, str]], claim: str, givens: list[str], largest: int
) -> Counterexample:
    text = (ROOT / "specs" / "procedures" / "astar.spec").read_text(encoding="utf-8")
    text = text[: text.index("  trace sound over")].replace("procedure astar", f"procedure {name}", 1)
    for old, new in edits:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    path = folder / "specs" / "procedures" / f"{name}.spec"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    library = Library((folder, *Library.shipped().roots))
    *_, last = counterexample(
        name, library, claim=claim, givens=givens, domain="graph", largest=largest, limits=Limits(timeout=120)
    )
    return last


def is_caught(folder: Path, name: str, edits: list[tuple[str, str]], claim: str, givens: list[str], size: int) -> None:
    found = caught(folder, name, edits, claim, givens, size)
    assert found.found
    assert found.sizes[-1].size == size
    assert found.refuted is not None
    print(f"\n{name}: {found.sizes}\n{found.refuted.run()}")


@pytest.mark.parametrize("name", CAUGHT)
def test_a_faulty_copy_is_caught(tmp_path: Path, name: str) -> None:
    is_caught(tmp_path, name, *CAUGHT[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", CAUGHT_LATER)
def test_a_faulty_copy_that_needs_a_larger_problem_is_caught(tmp_path: Path, name: str) -> None:
    is_caught(tmp_path, name, *CAUGHT_LATER[name])


@pytest.mark.parametrize("claim", ["open-or-closed", "goal-closed"])
def test_a_copy_without_a_fault_is_not_caught(tmp_path: Path, claim: str) -> None:
    found = caught(tmp_path, "honest", [], claim, [], 1)
    assert not found.found
    assert found.decided
