"""Ten faults of each format: what the court says of them, and what the public checkers notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.command import open_once
from tests.conftest import ROOT, golden, rows_of
from tests.public_checkers import CHECKERS, Checker, parse_trajectory, search_tree
from tracecourt.check import check
from tracecourt.lint import different
from tracecourt.resources import Library
from tracecourt.verdict import Report

PAGE = ROOT / "docs" / "faults.md"
ROWS = {path.stem: rows_of(path) for path in sorted((ROOT / "tests" / "faults").glob("*.jsonl"), key=lambda path: path.stem)}
ALL = [pytest.param(name, row, id=f"{name}-{row['id']}") for name, rows in ROWS.items() for row in rows]


def sound(name: str) -> dict[str, Any]:
    """The trace without a fault."""
    (row,) = (row for row in ROWS[name] if row["fault"] is None)
    return row


def faults(name: str) -> list[dict[str, Any]]:
    return [row for row in ROWS[name] if row["fault"] is not None]


def checkers(name: str) -> tuple[Checker, ...]:
    return CHECKERS[name] or ()


def tried(name: str, row: Mapping[str, Any]) -> Report:
    return check(open_once(name), row["prompt"], row["trace"], row.get("params"), row["id"])


# ---------------------------------------------------------------- the rows
def test_every_format_has_its_faults_and_says_which_public_checkers_are_known() -> None:
    names = set(Library.shipped().names("format"))
    assert set(ROWS) == names
    assert set(CHECKERS) == names


@pytest.mark.parametrize("name", ROWS)
def test_a_format_has_ten_different_faults_of_a_sound_trace(name: str) -> None:
    assert (sound(name)["expected"]["verdict"], len(faults(name))) == ("sound", 10)
    assert len({row["id"] for row in ROWS[name]}) == len({row["fault"] for row in ROWS[name]}) == 11
    assert len({(row["prompt"], row["trace"]) for row in ROWS[name]}) == 11


@pytest.mark.parametrize(("name", "row"), ALL)
def test_each_fault_gets_its_verdict_its_rule_and_its_event(name: str, row: dict[str, Any]) -> None:
    assert different(tried(name, row), row["expected"]) == ""


@pytest.mark.parametrize("name", ROWS)
def test_a_fault_that_leaves_the_search_sound_is_one_of_the_plan(name: str) -> None:
    for row in faults(name):
        if row["expected"]["verdict"] == "sound":
            assert row["expected"].keys() & {"plan", "follows_trace"}, row["id"]


# ---------------------------------------------------------------- the public checkers
@pytest.mark.parametrize("name", ROWS)
def test_the_public_checkers_accept_the_sound_trace(name: str) -> None:
    row = sound(name)
    assert [checker.name for checker in checkers(name) if not checker.accepts(row["prompt"], row["trace"])] == []


def test_a_number_used_twice_passes_both_scorers_and_is_named_here_with_its_operation_and_its_line() -> None:
    row = next(row for row in ROWS["stream-of-search"] if row["id"] == "number-used-twice")
    assert parse_trajectory(row["prompt"], row["trace"])
    assert search_tree(row["prompt"], row["trace"])

    report = tried("stream-of-search", row)
    assert (report.verdict, report.rule) == ("unsound", "explore/not-available")
    assert report.message == "45 - 6 takes 6 more often than it is among the numbers (45, 12)"  # the 6 went into 72/6=12
    assert report.source is not None
    assert report.span is not None
    assert report.source.position(report.span.start) == (6, 1)
    assert report.source.slice(report.span).startswith("Exploring Operation: 45-6=39, Resulting Numbers: [39")


# ---------------------------------------------------------------- the page
def ours(expected: Mapping[str, Any]) -> str:
    """What the court says, as a cell of a table."""
    if expected["verdict"] == "sound":
        said = [f"plan {expected['plan']}"] if "plan" in expected else []
        return ", ".join(
            ["sound", *said, *(["the plan does not follow from the search"] if "follows_trace" in expected else [])]
        )
    if expected["rule"] is None:
        return str(expected["verdict"])
    return f"{expected['verdict']}, `{expected['rule']}`, event {expected['event']}"


def line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def noticed(checker: Checker, row: Mapping[str, Any]) -> bool:
    return not checker.accepts(row["prompt"], row["trace"])


def tables() -> Iterator[str]:
    """How many faults each public checker notices, then all faults by format."""
    yield "\n## How many of ten are noticed\n\n"
    yield line("format", "public checker", "repository", "notices")
    yield line(*["---"] * 4)
    for name in ROWS:
        for checker in checkers(name):
            count = sum(noticed(checker, row) for row in faults(name))
            yield line(f"[{name}](#{name})", checker.name, checker.repository, f"{count} of {len(faults(name))}")
    for name in ROWS:
        yield f"\n## {name}\n\n"
        if CHECKERS[name] is None:
            yield "No public checker of such traces is known.\n\n"
        yield line("fault", "tracecourt", *(checker.name for checker in checkers(name)))
        yield line(*["---"] * (2 + len(checkers(name))))
        for row in faults(name):
            seen = ["noticed" if noticed(checker, row) else "accepted" for checker in checkers(name)]
            yield line(row["fault"], ours(row["expected"]), *seen)
    yield "\n"


def test_the_page_of_faults_has_every_fault_and_what_the_public_checkers_notice(rewrite: bool) -> None:
    golden(PAGE, "faults", "".join(tables()), rewrite=rewrite)
