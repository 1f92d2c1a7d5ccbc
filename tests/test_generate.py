"""Generated traces are sound, and labelled mutants are what their label says."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.naive_astar import naive_check
from tracecourt.check import check
from tracecourt.formats import Format
from tracecourt.generate import Generator
from tracecourt.mutate import FREE, Mutator

MUTANTS = 600


@pytest.mark.parametrize("declared", [False, True], ids=["any tie-break", "the declared tie-break"])
def test_generated_traces_are_sound_and_found_an_optimal_plan(maze: Format, declared: bool) -> None:
    for row in Generator(maze, {"width": 7, "height": 6}).rows(60, 11, declared=declared):
        report = check(maze, row["prompt"], row["trace"], row["params"])
        assert (report.verdict, report.plan, report.plan_follows_trace) == ("sound", "optimal", True)
        assert not declared or report.level is None


def test_runs_of_one_seed_differ_from_those_of_another(maze: Format) -> None:
    generator = Generator(maze, {})
    assert [r["trace"] for r in generator.rows(3, 1)] == [r["trace"] for r in generator.rows(3, 1)]
    assert [r["trace"] for r in generator.rows(3, 1)] != [r["trace"] for r in generator.rows(3, 2)]


def test_problems_have_searchformers_distribution(maze: Format) -> None:
    generator = Generator(maze, {"width": 10, "height": 10})
    shares = []
    for index in range(60):
        problem = generator.problem(Random(index))
        shares.append(len(problem.facts["wall"]) / 100)
        events = generator.run(problem, Random(index))
        assert sum(action.event.name == "plan" for action, _ in events) >= 10
    assert min(shares) >= 0.3
    assert max(shares) <= 0.5
    assert max(shares) - min(shares) > 0.1


@pytest.fixture(scope="module")
def mutants(maze: Format) -> list[dict]:
    return list(Mutator(Generator(maze, {"width": 6, "height": 6})).rows(MUTANTS, 5))


def test_every_mutant_gets_the_verdict_rule_and_event_of_its_label(maze: Format, mutants: list[dict]) -> None:
    for row in mutants:
        report = check(maze, row["prompt"], row["trace"], row["params"], row["id"])
        assert row["expected"] == {"verdict": report.verdict, "rule": report.rule, "event": report.event}, row["id"]


@pytest.mark.slow
def test_a_thousand_mutants_get_their_labels(maze: Format) -> None:
    for row in Mutator(Generator(maze, {"width": 7, "height": 7})).rows(1_000, 6):
        report = check(maze, row["prompt"], row["trace"], row["params"], row["id"])
        assert row["expected"] == {"verdict": report.verdict, "rule": report.rule, "event": report.event}, row["id"]


def test_every_rule_is_broken_by_at_least_ten_mutants(maze: Format, mutants: list[dict]) -> None:
    broken = Counter(row["mutation"]["breaks"] for row in mutants)
    assert {rule.name: broken[rule.name] for rule in maze.system.rules if broken[rule.name] < 10} == {}


def test_mutants_that_stay_sound_are_called_sound(mutants: list[dict]) -> None:
    sound = [row for row in mutants if row["expected"]["verdict"] == "sound"]
    assert len(sound) >= 20
    assert all(row["expected"]["rule"] is None and row["expected"]["event"] is None for row in sound)


def test_the_naive_checker_agrees_with_every_label(mutants: list[dict]) -> None:
    for row in mutants:
        verdict, event, _, _ = naive_check(row["prompt"], row["trace"], row["params"]["width"], row["params"]["height"])
        assert (row["expected"]["verdict"], row["expected"]["event"]) == (verdict, event), row["id"]


def test_some_mutants_aim_at_no_rule(mutants: list[dict]) -> None:
    edits = Counter(row["mutation"]["edit"].split()[0] for row in mutants)
    assert {"insert", "replace", "delete", "exchange", "change", "repeat"} <= set(edits)
    assert MUTANTS // FREE >= edits["change"] + edits["repeat"] > 0
