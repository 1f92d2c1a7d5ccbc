"""Move lists, DPLL and STRIPS: genuine corpora, faults that public scorers miss, generated traces and labelled mutants."""

from __future__ import annotations

import json
from collections import Counter, deque
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, rows_of
from tests.public_checkers import dpll_verifier
from tracecourt.check import check
from tracecourt.explain import explain
from tracecourt.formats import open_format
from tracecourt.generate import Generator
from tracecourt.lint import different
from tracecourt.mutate import Mutator
from tracecourt.verdict import Report

FORMATS = ["hanoi", "river-crossing", "blocksworld-moves", "checker-jumping", "sat-dpll", "strips-moves"]
MOVES = [name for name in FORMATS if name != "sat-dpll"]
NEEDS_PARAMETER = {"decide/pure-pending"}  # broken only with the rule of pure literals


def tried(name: str, prompt: str, trace: str, **params: Any) -> Report:
    return check(open_format(name), prompt, trace, params)


def example(name: str, id: str) -> dict[str, Any]:
    lines = (ROOT / "specs" / "formats" / f"{name}.examples.jsonl").read_text(encoding="utf-8").splitlines()
    return next(row for row in map(json.loads, lines) if row["id"] == id)


# ---------------------------------------------------------------- corpora
def test_every_move_list_of_the_tower_gets_its_verdict_and_event(shared: Path) -> None:
    form, rows = open_format("hanoi"), rows_of(shared / "hanoi" / "moves.jsonl")
    reports = [check(form, row["prompt"], row["trace"], None, row["id"]) for row in rows]
    assert [different(report, row["expected"]) for report, row in zip(reports, rows, strict=True)] == [""] * 20
    assert Counter((str(r.verdict), r.rule, str(r.plan)) for r in reports) == {
        ("sound", None, "optimal"): 10,
        ("unsound", "move/on-smaller", "invalid"): 10,
    }


def test_every_run_of_the_original_solver_is_sound(shared: Path) -> None:
    form, rows = open_format("sat-dpll"), rows_of(shared / "sat-dpll" / "generated.jsonl")
    reports = [check(form, row["prompt"], row["trace"], row["params"], row["id"]) for row in rows]
    assert Counter((str(r.verdict), str(r.plan), r.plan_follows_trace) for r in reports) == {("sound", "valid", True): 10}
    assert Counter(row["expected"]["answer"] for row in rows) == {"SAT": 5, "UNSAT": 5}


def test_without_the_rule_of_pure_literals_two_of_its_runs_propagate_what_nothing_forces(shared: Path) -> None:
    form, rows = open_format("sat-dpll"), rows_of(shared / "sat-dpll" / "generated.jsonl")
    reports = [check(form, row["prompt"], row["trace"], {"pure_literals": False}, row["id"]) for row in rows]
    found = {report.id: (report.rule, report.event) for report in reports if report.rule}
    assert found == {"dpll-00": ("propagate/not-forced", 7), "dpll-07": ("propagate/not-forced", 8)}


# ---------------------------------------------------------------- faults that the solver's own verifier accepts
ALL_FOUR = "1 2 0 1 -2 0 -1 2 0 -1 -2 0 [SEP]"


@pytest.mark.parametrize(
    ("prompt", "trace", "rule", "event"),
    [
        (ALL_FOUR, "( 1 0 2 0 ) UNSAT", "judgement/not-refuted", 3),
        ("1 2 3 0 " + ALL_FOUR, "( 1 0 2 0 ) ( 3 0 ( -1 0 2 0 ) ( 1 0 2 0 ) ) UNSAT", "decide/not-negation", 3),
        ("-1 2 0 3 4 0 [SEP]", "( 1 0 ( 3 0 2 0 SAT", "decide/unit-pending", 1),
        ("1 2 3 0 -1 2 3 0 [SEP]", "( 1 0 2 0 SAT", "propagate/not-forced", 1),
        ("1 2 0 -1 3 4 0 [SEP]", "( 1 0 1 0 ( 3 0 SAT", "propagate/assigned", 1),
    ],
)
def test_faults_that_the_solvers_own_verifier_accepts_are_named(prompt: str, trace: str, rule: str, event: int) -> None:
    assert dpll_verifier(prompt, trace)
    report = tried("sat-dpll", prompt, trace)
    assert (report.verdict, report.rule, report.event) == ("unsound", rule, event)


def test_a_pure_literal_may_wait_only_at_the_root() -> None:
    prompt = "1 2 0 3 -2 0 3 2 1 0 -3 1 4 -4 0 [SEP]"
    assert tried("sat-dpll", prompt, "( 2 0 ( 4 0 ", pure_literals=True).rule == "decide/unit-pending"
    assert tried("sat-dpll", prompt, "( 3 0 ( 2 0 ", pure_literals=True).rule == "decide/pure-pending"
    assert tried("sat-dpll", prompt, "( 3 0 ", pure_literals=True, root_propagation=True).rule == "decide/pure-pending"


def test_a_wrong_answer_is_told_from_a_right_one_without_a_proof() -> None:
    assert tried("sat-dpll", ALL_FOUR, "UNSAT").plan == "valid"
    assert tried("sat-dpll", "1 2 0 [SEP]", "UNSAT").plan == "invalid"
    assert tried("sat-dpll", ALL_FOUR, "( 1 0 2 0 SAT").plan == "invalid"


# ---------------------------------------------------------------- answers that are the events themselves
def test_the_plan_is_invalid_where_a_move_is_illegal_though_the_goal_is_reached() -> None:
    report = tried("hanoi", "disks = 2", "moves = [[2, 0, 2], [1, 0, 2]]")
    assert (report.verdict, report.plan, report.plan_follows_trace) == ("unsound", "invalid", None)


@pytest.mark.parametrize(
    ("trace", "verdict", "plan"),
    [
        ("", "truncated", "none"),
        ("moves = [", "truncated", "none"),
        ("moves = []", "unsound", "invalid"),
        ("moves = [[1, 0, 1]", "truncated", "invalid"),
        ("moves = [[1, 0, 1]]", "unsound", "invalid"),
        ("moves = [[1, 0, 1], [1, 1, 2], [1,", "truncated", "suboptimal"),
        ("moves = [[1, 0, 1], [1, 1, 2]]", "sound", "suboptimal"),
        ("moves = [[1, 0, 2]]", "sound", "optimal"),
    ],
)
def test_move_lists_cut_and_closed(trace: str, verdict: str, plan: str) -> None:
    report = tried("hanoi", "disks = 1", trace)
    assert (report.verdict, report.plan) == (verdict, plan)


def test_a_problem_that_is_solved_at_first_has_an_empty_plan() -> None:
    assert tried("blocksworld-moves", 'start = [["A"], []] goal = [["A"], []]', "moves = []").plan == "optimal"


def fewest(disks: int) -> int:
    """Moves for a tower, by breadth-first search over the pegs of its disks."""
    start, goal = (0,) * disks, (2,) * disks
    todo, depth = deque([start]), {start: 0}
    while goal not in depth:
        pegs = todo.popleft()
        for disk, peg in enumerate(pegs):
            for target in {0, 1, 2} - {peg}:
                if peg not in pegs[:disk] and target not in pegs[:disk]:
                    after = (*pegs[:disk], target, *pegs[disk + 1 :])
                    if after not in depth:
                        depth[after] = depth[pegs] + 1
                        todo.append(after)
    return depth[goal]


def test_the_optimum_of_the_tower_is_what_a_search_finds() -> None:
    assert [fewest(disks) for disks in range(1, 6)] == [2**disks - 1 for disks in range(1, 6)]


def test_the_boat_may_be_listed_in_any_order() -> None:
    row = example("river-crossing", "two-pairs")
    assert tried("river-crossing", row["prompt"], row["trace"].replace('"A_2", "a_2"', '"a_2", "A_2"')).plan == "optimal"


def test_what_was_legal_is_listed_for_arguments_that_are_lists() -> None:
    row = example("river-crossing", "a-meets-another")
    found = explain(open_format("river-crossing"), row["prompt"], row["trace"])
    assert found.legal is not None
    assert found.legal == tuple(f"cross {boat}" for boat in ("(a_1)", "(a_2)", "(a_1, a_2)", "(a_1, A_1)", "(a_2, A_2)"))
    assert found.more_legal


def test_six_pairs_and_a_boat_for_three_have_no_solution() -> None:
    pairs = ", ".join(f'["a_{i}", "A_{i}"]' for i in range(1, 7))
    form = open_format("river-crossing")
    report = check(form, f"pairs = [{pairs}] boat = 3", "moves = []")
    assert (report.verdict, report.rule) == ("unsound", "end/not-across")


def test_an_unmet_precondition_is_named_as_val_names_it() -> None:
    row = example("strips-moves", "not-clear")
    report = tried("strips-moves", row["prompt"], "(unstack b a)\n(put-down b)\n(stack a b)")
    assert report.message == "(holding a) is not true before action 3, (stack a b)"
    assert report.event == 2


def test_what_an_action_deletes_and_adds_is_true_after_it() -> None:
    prompt = (
        "objects a action (touch ?x) if (there ?x) adds (there ?x) (seen ?x) deletes (there ?x) init (there a) goal (seen a)"
    )
    assert tried("strips-moves", prompt, "(touch a)\n(touch a)").verdict == "sound"


# ---------------------------------------------------------------- generated traces and mutants
@pytest.mark.parametrize("name", FORMATS)
def test_generated_traces_are_sound_and_their_answers_right(name: str) -> None:
    form = open_format(name)
    for row in Generator(form, {}).rows(15, 4):
        report = check(form, row["prompt"], row["trace"], row["params"], row["id"])
        assert report.verdict == "sound", row
        assert report.plan in ("optimal", "suboptimal", "valid"), row


def labelled(name: str, number: int, seed: int) -> Counter[str | None]:
    """The rules that mutants break, each mutant's label being what a trial says of its text."""
    form = open_format(name)
    broken: Counter[str | None] = Counter()
    for row in Mutator(Generator(form, {})).rows(number, seed):
        report = check(form, row["prompt"], row["trace"], row["params"], row["id"])
        assert row["expected"] == {"verdict": report.verdict, "rule": report.rule, "event": report.event}, row
        broken[row["mutation"]["breaks"]] += 1
    return broken


@pytest.mark.parametrize("name", FORMATS)
def test_mutants_get_their_label(name: str) -> None:
    assert sum(labelled(name, 15, 3).values()) == 15


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_every_rule_is_broken_by_some_of_500_mutants(name: str) -> None:
    broken = labelled(name, 500, 8)
    rules = {rule.name for rule in open_format(name).system.rules} - NEEDS_PARAMETER
    assert {rule: broken[rule] for rule in rules if broken[rule] < 3} == {}


@pytest.mark.parametrize("name", MOVES)
def test_generated_lists_are_printed_as_people_write_them(name: str) -> None:
    for row in Generator(open_format(name), {}).rows(3, 9):
        assert " ," not in row["trace"]
        assert "[ " not in row["trace"]
        assert "( " not in row["trace"]
