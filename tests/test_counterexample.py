"""`counterexample`: the smallest problem on which a sound run breaks a promise, or how far there is none."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.command import Desk
from tests.conftest import ROOT
from tests.packs import Pack
from tracecourt.check import check
from tracecourt.counterexample import Counterexample, counterexample
from tracecourt.engines.symbolic.solving import Limits
from tracecourt.engines.symbolic.symmetry import interchangeable
from tracecourt.formats import open_format
from tracecourt.resources import Library
from tracecourt.spec.library import Specifications, located

VARIANTS = ROOT / "examples" / "variants.py"
PLAIN = ("positive", "one-goal")  # assumptions that make witnesses look as in textbooks


@pytest.fixture(scope="session")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack with the variants that examples/variants.py writes."""
    folder = tmp_path_factory.mktemp("variants")
    subprocess.run([sys.executable, VARIANTS, folder], check=True, capture_output=True)
    return folder


def sought(procedure: str, **asked: object) -> Counterexample:
    """All that is known in the end."""
    library, name = located(procedure, Library.shipped(), "procedure")
    *_, last = counterexample(name, library, **asked)  # type: ignore[arg-type]
    return last


def measured(found: Counterexample) -> list[object]:
    return [value for _, value in found.measures]


def is_checked(found: Counterexample, form: str) -> None:
    """The row is sound to `check`, and its answer is what the message says that it is."""
    assert found.row is not None
    report = check(open_format(form), found.row["prompt"], found.row["trace"], found.row["params"])
    assert (str(report.verdict), str(report.plan)) == ("sound", "suboptimal")


# ---------------------------------------------------------------- known answers
# Procedure, parameters, assumptions; nodes, edges, sum of the weights, sum of h, number of h, goals; and what is broken.
KNOWN = {
    "h is too large": ("astar", [], [*PLAIN], [3, 3, 5, 2, 1, 1], "0, 2, which costs 3; the optimum is 2"),
    "h ignored costs": ("greedy", [], [*PLAIN], [3, 3, 5, 0, 0, 1], "0, 2, which costs 3; the optimum is 2"),
    "weight 2": ("astar", ["weight=2"], [*PLAIN, "consistent"], [3, 3, 6, 1, 1, 1], None),
}


@pytest.mark.parametrize("case", KNOWN)
def test_the_smallest_problem_is_the_one_that_is_known(case: str) -> None:
    procedure, params, givens, measures, said = KNOWN[case]
    found = sought(procedure, params=params, givens=givens)
    assert found.minimal
    if said is None:
        assert found.measures[0] == ("nodes", measures[0])
    else:
        assert measured(found) == measures
        assert found.refuted is not None
        assert said in found.refuted.message
    is_checked(found, {"astar": "graph-astar", "greedy": "graph-greedy"}[procedure])


@pytest.mark.slow
def test_no_reopening_breaks_with_an_inconsistent_heuristic() -> None:
    found = sought("astar", params=["reopen=false"], givens=["admissible", *PLAIN])
    assert found.minimal
    assert measured(found) == [4, 4, 6, 2, 1, 1]
    is_checked(found, "graph-astar")


@pytest.mark.slow
@pytest.mark.parametrize(("params", "givens"), [([], ["admissible"]), (["reopen=false"], ["consistent"])])
def test_a_correct_procedure_has_no_counterexample_up_to_five_nodes(params: list[str], givens: list[str]) -> None:
    found = sought("astar", params=params, givens=givens)
    assert [s.outcome for s in found.sizes] == ["none"] * 5
    assert not found.found
    assert found.decided
    assert found.complete


def test_a_correct_procedure_is_proved_for_runs_of_any_length() -> None:
    found = sought("astar", givens=["admissible"], largest=3)
    assert [s.outcome for s in found.sizes] == ["none"] * 3


@pytest.mark.parametrize(
    ("name", "size"),
    [("early", 3), *(pytest.param(name, n, marks=pytest.mark.slow) for name, n in [("worst-first", 3), ("forgetful", 4)])],
)
def test_a_variant_is_caught(variants: Path, name: str, size: int) -> None:
    found = sought(str(variants / f"specs/procedures/{name}.spec"), givens=["admissible", *PLAIN])
    assert found.minimal
    assert found.sizes[-1].size == size
    assert found.format == name
    is_checked(found, str(variants / f"specs/formats/{name}.spec"))


# ---------------------------------------------------------------- claims
@pytest.mark.parametrize(
    ("claim", "givens", "size"),
    [
        ("closed-once", ["admissible"], None),
        ("closed[start] = 0", [], None),
        ("size(closed) < 2", [], 2),
        ("size(happened(close)) < 2", [], 2),
        ("closed-optimal", ["admissible"], None),
    ],
)
def test_claims_are_names_or_expressions(claim: str, givens: list[str], size: int | None) -> None:
    found = sought("astar", claim=claim, givens=givens, largest=2)
    assert (found.sizes[-1].size if found.found else None) == size


SEARCHES = {
    "astar": [[], ["announced=false"], ["reopen=false"], ["weight=2"]],
    "dijkstra": [[]],
    "greedy": [[]],
    "beam": [[], ["beam=1"]],
    "breadth-first": [[], ["early=true"]],
    "depth-first": [[]],
}


@pytest.mark.parametrize(("procedure", "params"), [(name, params) for name, every in SEARCHES.items() for params in every])
def test_that_no_run_ever_ends_is_never_proved(procedure: str, params: list[str]) -> None:
    found = sought(procedure, claim="false", params=params, largest=1)
    assert found.found


def test_a_run_need_not_begin_with_an_event_that_can_be_exchanged() -> None:
    found = sought("astar", params=["announced=false"], givens=PLAIN, largest=3)
    assert measured(found) == [3, 3, 5, 2, 1, 1]


TINY = """
domain tiny
  "Numbers on cells."
  param size: 1..3 = 1
  sort Cell = 0..size-1
  fact number: map Cell -> int
  given full: all c in Cell: c in number
  small
    size
    sum(values(number))
"""
WALK = """
procedure walk
  "Cells, one after the other."
  needs sort Cell
  needs number: map Cell -> int
  state
    seen: set Cell
  event step(c: Cell)
    require disciplined again: c not in seen
      else "{c} was seen"
    seen += c
  claim few: size(seen) < 1 else "something was seen"
  claim never: false else "a run may end"
  trace sound over tiny
    step(0)
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Library:
    pack = Pack(tmp_path)
    pack.write(TINY)
    pack.write(WALK)
    return Library((tmp_path, *Library.shipped().roots))


def test_a_measure_that_may_be_negative_is_not_called_least(tiny: Library) -> None:
    *_, found = counterexample("walk", tiny, claim="few", givens=["full"])
    assert (found.found, found.minimal, found.least) == (True, False, 1)


def test_a_run_without_events_may_break_a_claim(tiny: Library) -> None:
    *_, found = counterexample("walk", tiny, claim="never")
    assert found.refuted is not None
    assert found.refuted.events == ()


def test_sizes_are_those_that_there_are(tiny: Library) -> None:
    *_, found = counterexample("walk", tiny, claim="size(seen) <= 3", largest=9)
    assert [s.size for s in found.sizes] == [1, 2, 3]
    assert found.complete


def test_no_row_is_shown_that_no_format_checks(tiny: Library) -> None:
    *_, found = counterexample("walk", tiny, claim="few")
    assert (found.row, found.format) == (None, None)


def test_a_parameter_that_measures_problems_but_does_not_grow_is_told() -> None:
    found = sought("dijkstra", domain="maze", claim="size(closed) < 2", largest=1)
    assert found.params == {"height": 10}


def test_an_assumption_may_be_an_expression() -> None:
    found = sought("astar", givens=["all n in Node: h(n) = 0"], largest=3)
    assert not found.found
    assert found.givens == ("all n in Node: h(n) = 0",)


def test_a_lemma_is_asked_of_every_state() -> None:
    found = sought("astar", claim="open-or-closed", largest=2)
    assert [s.outcome for s in found.sizes] == ["none", "none"]


def test_the_answer_is_the_same_each_time() -> None:
    once, again = (sought("greedy", givens=PLAIN).to_dict() for _ in range(2))
    assert once == again


# ---------------------------------------------------------------- limits
def test_what_is_not_known_is_said() -> None:
    found = sought("astar", givens=["admissible"], limits=Limits(rlimit=1000))
    assert found.sizes[-1].outcome == "unknown"
    assert not found.decided


def test_a_time_limit_ends_the_search() -> None:
    found = sought("astar", givens=["admissible"], limits=Limits(timeout=1e-6))
    assert found.sizes[-1].outcome == "unknown"


# ---------------------------------------------------------------- symmetry
def test_nodes_are_alike_where_only_equality_is_asked() -> None:
    system = Specifications(Library.shipped()).over("astar", "graph")
    assert [str(sort) for sort in interchangeable(system, ())] == ["0..nodes-1"]


def test_nodes_are_not_alike_where_their_numbers_count() -> None:
    system = Specifications(Library.shipped()).over("astar", "graph", {"low": "all n in closed: n < 2"})
    assert not list(interchangeable(system, [p.rule for p in system.promises]))


# ---------------------------------------------------------------- the command
def test_the_command_says_the_problem_the_run_and_what_is_broken(desk: Desk, rewrite: bool) -> None:
    outcome = desk.run("counterexample", "astar", "--given", "positive", "--given", "one-goal", "--svg", "witness.svg")
    assert outcome.code == 1
    for text in (
        "nodes 2: none, however long the run",
        "nodes 3: found",
        "the smallest there is",
        "edge = {(0, 1): 1, (0, 2): 3, (1, 2): 1}",
        "close 2 with g 3, hn 0",
        "which costs 3; the optimum is 2",
    ):
        assert text in outcome.out
    drawn, shown = Path("witness.svg").read_text(encoding="utf-8"), ROOT / "docs" / "images" / "witness.svg"
    if rewrite:
        shown.write_text(drawn, encoding="utf-8")
    assert drawn == shown.read_text(encoding="utf-8")
    root = ET.fromstring(drawn)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"0", "1", "2", "3", "start, h 0", "goal, h 0", "h 2"} <= set(texts)


def test_the_row_is_one_that_check_accepts(desk: Desk) -> None:
    asked = ("counterexample", "greedy", "--given", "positive", "--given", "one-goal")
    row = desk.run(*asked, "--output", "row")
    outcome = desk.run("check", "-", "--format", "graph-greedy", "--expect", "--output", "jsonl", stdin=row.out)
    assert outcome.code == 0
    assert outcome.objects[0]["plan"] == "suboptimal"
    told = json.loads(desk.run(*asked, "--output", "json").out)
    assert {"found", "minimal", "nodes", "edges", "problem", "row", "broken"} <= told.keys()
    assert (told["nodes"], told["edges"], told["format"]) == (3, 3, "graph-greedy")
    assert told["row"] == json.loads(row.out)


def test_exit_codes(desk: Desk) -> None:
    assert desk.run("counterexample", "astar", "--given", "admissible", "--nodes", "2").code == 0
    assert desk.run("counterexample", "astar", "--given", "admissible", "--rlimit", "1000").code == 3
    assert desk.run("counterexample", "astar", "--given", "admissible", "--timeout", "0.000001").code == 3


def test_what_has_no_formula_is_an_input_error(desk: Desk) -> None:
    outcome = desk.run("counterexample", "iterative-deepening", "--claim", "depth-kept", "--nodes", "2")
    assert outcome.code == 2
    assert "has no formula" in outcome.err
