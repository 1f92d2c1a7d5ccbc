"""Countdown: Stream of Search, thoughts on the game of 24, equations. Genuine traces, independent writers, faults, mutants."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import rows_of
from tests.naive_countdown import best_first, depth_first
from tracecourt.check import check
from tracecourt.formats import Format, open_format
from tracecourt.generate import Generator
from tracecourt.lint import different
from tracecourt.mutate import Mutator
from tracecourt.verdict import Report

SEARCH, STRICT, THOUGHTS, EQUATIONS = FORMATS = (
    "stream-of-search",
    "stream-of-search-strict",
    "game24-thoughts",
    "countdown-expressions",
)
SMALL: dict[str, dict[str, Any]] = {SEARCH: {"most": 3}, STRICT: {"most": 3}, THOUGHTS: {}, EQUATIONS: {}}


@pytest.fixture(scope="module")
def search() -> Format:
    return open_format(SEARCH)


@pytest.fixture(scope="module")
def strict() -> Format:
    return open_format(STRICT)


def written_by(row: dict[str, Any]) -> dict[str, Any]:
    """What a row of the corpus says of the search that wrote it, as parameters."""
    kind, _, beam = row["search_type"].partition("_")
    return {"strategy": kind, "heuristic": row["heuristic"].partition("_")[0]} | ({"beam": int(beam)} if beam else {})


# ---------------------------------------------------------------- Stream of Search: genuine traces
@pytest.mark.parametrize("known", [False, True], ids=["search unknown", "search known"])
def test_what_the_original_programs_wrote_is_sound(shared: Path, search: Format, known: bool) -> None:
    rows = rows_of(shared / "stream-of-search" / "generated.jsonl.gz")
    assert len(rows) == 77
    for row in rows:
        report = check(search, row["prompt"], row["trace"], written_by(row) if known else {}, row["id"])
        assert different(report, row["expected"]) == "", row["id"]
        assert report.level is None, row["id"]
        assert report.plan == ("valid" if "Goal Reached" in row["trace"] else "none"), row["id"]


def test_real_texts_get_their_known_verdict(shared: Path, search: Format) -> None:
    rows = rows_of(shared / "stream-of-search" / "real.jsonl")
    reports = [check(search, row["prompt"], row["trace"], {}, row["id"]) for row in rows]
    assert [different(report, row["expected"]) for report, row in zip(reports, rows, strict=True)] == ["", ""]
    assert [str(report.verdict) for report in reports] == ["malformed", "sound"]


def test_best_first_runs_go_to_nodes_that_they_never_announced(shared: Path, strict: Format) -> None:
    found: Counter[tuple[str, str, str | None]] = Counter()
    for row in rows_of(shared / "stream-of-search" / "generated.jsonl.gz"):
        report = check(strict, row["prompt"], row["trace"], {}, row["id"])
        found[row["search_type"][:3], str(report.verdict), report.rule] += 1
    assert found == {
        ("dfs", "sound", None): 40,
        ("bfs", "sound", None): 16,
        ("bfs", "unsound", "moving/not-generated"): 21,
    }


@pytest.mark.slow
def test_a_search_that_did_not_write_a_trace_is_told_from_the_one_that_did(shared: Path, search: Format) -> None:
    refuted: Counter[str] = Counter()
    for row in rows_of(shared / "stream-of-search" / "generated.jsonl.gz"):
        true = written_by(row)
        if len(row["trace"]) < 1500:
            continue
        other = {"sum": "mult", "mult": "sum"}[true["heuristic"]]
        for name, params in {
            "strategy": {"strategy": "dfs" if true["strategy"] == "bfs" else "bfs"},
            "heuristic": true | {"heuristic": other},
        }.items():
            report = check(search, "", row["trace"], params, row["id"])
            refuted[f"{name} {report.verdict}"] += 1
    assert refuted == {"strategy unsound": 37, "heuristic unsound": 36, "heuristic sound": 1}


# ---------------------------------------------------------------- Stream of Search: independent writers
@pytest.mark.parametrize("heuristic", ["sum", "mult"])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_depth_first_runs_of_another_writer_are_sound(search: Format, strict: Format, size: int, heuristic: str) -> None:
    random = Random(f"{size}/{heuristic}")
    for _ in range(6):
        text = depth_first([random.randint(1, 30) for _ in range(size)], random.randint(10, 100), heuristic)
        if text.count("\n") > 400:
            continue
        for form in (search, strict):
            for params in ({}, {"strategy": "dfs", "heuristic": heuristic}):
                report = check(form, "", text, params)
                assert (report.verdict, report.level) == ("sound", None), (report.rule, report.message, text)


@pytest.mark.parametrize("heuristic", ["sum", "mult"])
@pytest.mark.parametrize(("size", "beam"), [(2, 2), (3, 1), (3, 5), (4, 2), (5, 1)])
def test_best_first_runs_of_another_writer_are_sound(search: Format, size: int, beam: int, heuristic: str) -> None:
    random = Random(f"{size}/{beam}/{heuristic}")
    for _ in range(6):
        numbers, target = [random.randint(1, 30) for _ in range(size)], random.randint(10, 100)
        text = best_first(numbers, target, heuristic, beam, random)
        for params in ({}, {"strategy": "bfs", "heuristic": heuristic, "beam": beam}):
            report = check(search, "", text, params)
            assert report.verdict == "sound", (report.rule, report.message, text)


# ---------------------------------------------------------------- Stream of Search: what the public scorers miss
PROMPT = "Current State: 2:[4, 5, 3], Operations: []"


def reported(form: Format, prompt: str, *lines: str, **params: Any) -> Report:
    return check(form, prompt, "\n".join(lines) + "\n", params)


def test_a_number_used_twice_is_named(search: Format) -> None:
    report = reported(
        search,
        PROMPT,
        "Exploring Operation: 5-4=1, Resulting Numbers: [3, 1]",
        "Generated Node #0,0: 2:[3, 1] Operation: 5-4=1",
        "Moving to Node #0,0",
        "Current State: 2:[3, 1], Operations: ['5-4=1']",
        "Exploring Operation: 1+1=2, Resulting Numbers: [2]",
        "2,2 equal: Goal Reached",
    )
    assert (report.rule, report.event, report.plan) == ("explore/not-available", 4, "invalid")
    assert report.message == "1 + 1 takes 1 more often than it is among the numbers (3, 1)"


def test_a_node_with_wrong_numbers_is_named(search: Format) -> None:
    report = reported(
        search,
        "Current State: 24:[4, 9, 3], Operations: []",
        "Exploring Operation: 9-3=6, Resulting Numbers: [4, 6]",
        "Generated Node #0,0: 24:[8, 6] Operation: 9-3=6",
    )
    assert (report.rule, report.event) == ("generated/wrong-numbers", 1)
    assert report.message == "the operation leaves (4, 6), not (8, 6)"


def genuine(shared: Path, kind: str, least: int) -> list[dict[str, Any]]:
    rows = rows_of(shared / "stream-of-search" / "generated.jsonl.gz")
    return [r for r in rows if r["search_type"].startswith(kind) and r["trace"].count("\n") > least]


def test_siblings_in_another_order_are_no_depth_first_search(shared: Path, search: Format) -> None:
    """The first two leaves of one node, exchanged, where their distances from the target differ."""
    leaf = r"Exploring Operation: \S+, Resulting Numbers: \[\d+\]\n\S+ unequal: No Solution\n"
    back = r"Moving to Node #\S+\nCurrent State: [^\n]*\n"
    tried = 0
    for row in genuine(shared, "dfs", 30):
        found = re.search(f"({leaf})({back})({leaf})", row["trace"])
        if not found or row["heuristic"] != "sum_heuristic":
            continue
        first, second = (re.findall(r"\[(\d+)\]", part)[0] for part in (found[1], found[3]))
        if abs(int(first) - row["target"]) != abs(int(second) - row["target"]):
            text = row["trace"][: found.start()] + found[3] + found[2] + found[1] + row["trace"][found.end() :]
            tried += 1
            assert check(search, "", text, written_by(row)).rule == "explore/not-best", row["id"]
    assert tried >= 5


def test_a_node_skipped_on_the_way_back_is_named(shared: Path, search: Format) -> None:
    """A depth-first search that goes to the root while a node below it has more to explore."""
    tried = 0
    for row in genuine(shared, "dfs", 60):
        found = re.search(r"unequal: No Solution\nMoving to Node #(0,\d+)\n", row["trace"])
        if found:
            tried += 1
            text = row["trace"][: found.start(1)] + "0\n"
            report = check(search, "", text, written_by(row))
            assert report.rule == "moving/unexplored", (row["id"], report.message)
    assert tried >= 5


def test_best_first_goes_to_a_nearest_node(shared: Path, search: Format) -> None:
    """The first move of a best-first search, to each of the nodes announced at the root."""
    rules: Counter[str | None] = Counter()
    for row in genuine(shared, "bfs", 30):
        start, rest = row["trace"].split("Moving to Node #", 1)
        for id in re.findall(r"Generated Node #(0,\d+):", start):
            report = check(search, "", f"{start}Moving to Node #{id}\n", written_by(row))
            true = id == rest.split("\n")[0]
            assert not true or report.verdict == "truncated"
            rules[report.rule] += 1
    assert rules["moving/not-next"] > 20
    assert set(rules) == {None, "moving/not-next"}


# ---------------------------------------------------------------- Tree of Thoughts
def test_gpt4s_thoughts_on_the_game_of_24(shared: Path) -> None:
    form = open_format(THOUGHTS)
    found: Counter[tuple[str, str | None, str, int]] = Counter()
    for row in rows_of(shared / "tree-of-thoughts" / "game24.jsonl.gz"):
        for answer, reward in zip(row["answers"], row["rewards"], strict=True):
            report = check(form, row["prompt"], answer, {}, row["id"])
            found[str(report.verdict), report.rule, str(report.plan) or "none", reward] += 1
    assert found == {
        ("sound", None, "valid", 1): 19,
        ("sound", None, "invalid", 0): 7,
        ("sound", None, "none", 0): 2,
        ("unsound", "thought/wrong-left", "none", 0): 15,
        ("unsound", "thought/nothing-left", "none", 0): 14,
        ("unsound", "thought/not-available", "none", 0): 3,
    }


def test_where_nothing_may_be_rounded_a_rounded_quotient_is_wrong(shared: Path) -> None:
    form = open_format(THOUGHTS)
    row = next(r for r in rows_of(shared / "tree-of-thoughts" / "game24.jsonl.gz") if r["id"] == "tot-902")
    assert check(form, row["prompt"], row["answers"][1], {}).level == "declared"
    report = check(form, row["prompt"], row["answers"][1], {"rounding": 0})
    assert (report.rule, report.message) == ("thought/wrong-result", "11 / 3 is 11/3, not 367/100")


# ---------------------------------------------------------------- generated traces and mutants
@pytest.mark.parametrize("name", FORMATS)
def test_generated_traces_are_sound(name: str) -> None:
    form = open_format(name)
    for row in Generator(form, SMALL[name]).rows(25, 3):
        assert check(form, row["prompt"], row["trace"], row["params"]).verdict == "sound", row


@pytest.mark.parametrize(("name", "count"), [(SEARCH, 10), (STRICT, 10), (THOUGHTS, 60), (EQUATIONS, 60)])
def test_mutants_get_the_verdict_rule_and_event_of_their_label(name: str, count: int) -> None:
    form = open_format(name)
    for row in Mutator(Generator(form, SMALL[name])).rows(count, 5):
        report = check(form, row["prompt"], row["trace"], row["params"], row["id"])
        assert row["expected"] == {"verdict": report.verdict, "rule": report.rule, "event": report.event}, row["id"]


# Rules that no mutant of 500 breaks first, and why.
SELDOM = {
    SEARCH: {"explore/tie-break"},  # asks for two unexplored children of equal h, once only depth-first searches are left
    STRICT: {"explore/tie-break", "arrival/not-next"},  # without unannounced leaves an id names one node
    THOUGHTS: set(),
    EQUATIONS: set(),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_every_rule_is_broken_by_some_mutant(name: str) -> None:
    form = open_format(name)
    broken = Counter(row["mutation"]["breaks"] for row in Mutator(Generator(form, SMALL[name])).rows(500, 10))
    assert {rule.name for rule in form.system.rules if broken[rule.name] < 3} <= SELDOM[name]


def test_the_declared_order_of_depth_first_ties(search: Format) -> None:
    """12 * 1 and 12 / 1 are equally near; the product comes first in the program's order of children."""
    prompt = "Current State: 14:[12, 1], Operations: []"
    back = f"Moving to Node #0\n{prompt}"

    def run(*operations: str) -> Report:
        explored = [f"Exploring Operation: {o}={n}, Resulting Numbers: [{n}]\n{n},14 unequal: No Solution" for o, n in results]
        order = dict(zip((o for o, _ in results), explored, strict=True))
        return reported(search, prompt, f"\n{back}\n".join(order[o] for o in operations), strategy="dfs", heuristic="sum")

    results = [("12+1", 13), ("12*1", 12), ("12/1", 12), ("12-1", 11)]
    declared, other = run("12+1", "12*1", "12/1", "12-1"), run("12+1", "12/1", "12*1", "12-1")
    assert (declared.verdict, declared.level, other.verdict, other.level) == ("sound", None, "sound", "declared")
    assert other.declared is not None
    assert other.declared.rule.name == "explore/tie-break"


def test_an_expression_nested_thousands_deep_gets_a_verdict() -> None:
    trace = "(1 + " * 3_000 + "2" + ")" * 3_000 + " = 5"
    prompt = "Using the numbers [19, 36, 55, 7], create an equation that equals 65."
    report = check(open_format(EQUATIONS), prompt, trace)
    assert (report.verdict, report.message) == ("malformed", "this is nested too deeply to be read")
