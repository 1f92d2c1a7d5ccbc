"""Every shipped example, trace block and genuine corpus gets its expected verdict; found by scanning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT, rows_of
from tracecourt.check import check
from tracecourt.formats import Format, open_format
from tracecourt.lint import different, lint, unexpected
from tracecourt.resources import Library
from tracecourt.rows import read_rows
from tracecourt.spec.library import Specifications

FORMATS = Library.shipped().names("format")
PROCEDURES = Library.shipped().names("procedure")


def test_the_library_lints_without_a_fault() -> None:
    findings = lint(ROOT)
    assert findings.faults == []
    assert len(findings.checked) > 10


@pytest.mark.parametrize("name", FORMATS)
def test_examples_get_the_verdict_that_they_expect(name: str) -> None:
    form = open_format(name)
    rows = list(read_rows(str(ROOT / "specs" / "formats" / f"{name}.examples.jsonl")))
    searches = set(form.system.events) - form.system.silent - {form.system.answer.event.name if form.system.answer else ""}
    needed = {"sound", "unsound"} if searches else {"sound"}  # a text that shows no search cannot break its rules
    assert needed <= {(row.expected or {}).get("verdict") for row in rows}
    for row in rows:
        assert unexpected(form, row) == "", row.id


@pytest.mark.parametrize("name", PROCEDURES)
def test_a_procedure_has_trace_blocks_that_pass_and_that_fail(name: str) -> None:
    verdicts = {example.verdict for example in Specifications().examples(name)}
    assert {"sound", "unsound"} <= verdicts


CORPORA = [
    ("searchformer-maze", "searchformer-maze/10x10-det.jsonl.gz", 60),
    ("searchformer-maze", "searchformer-maze/10x10-nondet.jsonl.gz", 60),
    ("searchformer-maze", "searchformer-maze/20x20-det.jsonl.gz", 20),
    ("searchformer-maze", "searchformer-maze/20x20-nondet.jsonl.gz", 20),
    ("searchformer-maze", "searchformer-maze/30x30-det.jsonl.gz", 10),
    ("searchformer-maze", "searchformer-maze/30x30-nondet.jsonl.gz", 10),
    ("searchformer-maze", "searchformer-maze/real.jsonl", 4),
]


@pytest.mark.parametrize(("name", "file", "count"), CORPORA, ids=[c[1] for c in CORPORA])
@pytest.mark.parametrize("sized", [True, False], ids=["size given", "size inferred"])
def test_genuine_traces_get_their_known_verdict(shared: Path, name: str, file: str, count: int, sized: bool) -> None:
    form = open_format(name)
    rows = rows_of(shared / file)
    assert len(rows) == count
    for row in rows:
        report = check(form, row["prompt"], row["trace"], row["params"] if sized else None, row["id"])
        assert different(report, row["expected"]) == "", row["id"]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "count"), [("generated", 40), ("hard", 12)])
def test_genuine_sokoban_traces_are_sound(shared: Path, file: str, count: int) -> None:
    form = open_format("searchformer-sokoban")
    rows = rows_of(shared / "searchformer-sokoban" / f"{file}.jsonl.gz")
    assert len(rows) == count
    for row in rows:
        assert different(check(form, row["prompt"], row["trace"], row["params"], row["id"]), row["expected"]) == "", row["id"]


@pytest.mark.parametrize("file", ["10x10-det", "20x20-det", "30x30-det"])
def test_genuine_deterministic_runs_keep_the_declared_order(shared: Path, maze: Format, file: str) -> None:
    for row in rows_of(shared / "searchformer-maze" / f"{file}.jsonl.gz"):
        assert check(maze, row["prompt"], row["trace"], row["params"]).level is None


def test_genuine_random_runs_depart_from_the_declared_order(shared: Path, maze: Format) -> None:
    rows = rows_of(shared / "searchformer-maze" / "10x10-nondet.jsonl.gz")
    assert {check(maze, row["prompt"], row["trace"], row["params"]).level for row in rows} == {"declared"}
