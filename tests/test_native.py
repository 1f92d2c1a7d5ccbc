"""The native engine says what the others say, or leaves it to them: run by Python for every format, and as machine code."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.command import Desk, open_once
from tests.plain import Plain
from tests.test_engines import FORMATS, Row, rows, spoilt_rows
from tracecourt import formats
from tracecourt.batches import check_rows, tally_lines
from tracecourt.check import check
from tracecourt.engines import native
from tracecourt.errors import InputError
from tracecourt.formats import Format
from tracecourt.rows import Fields
from tracecourt.rows import Row as Given
from tracecourt.rows import rows_of as given_of
from tracecourt.verdict import Report

numpy = pytest.importorskip("numpy")

NATIVE = [name for name in FORMATS if not open_once(name).without_native]
WITHOUT = {
    "a value of the sort text has no layout": {"blocksworld-moves", "river-crossing", "strips-moves", "system-1x-blocksworld"},
    "a value of the sort arithmetic has no layout": {"countdown-expressions", "game24-thoughts"},
    "a value of the sort set has no layout": {"graph-uniform-cost", "sat-dpll"},
    "its text hides a part of the run": {"searchformer-sokoban", *(f"dualformer-maze-l{level}" for level in (1, 2, 3, 4))},
}
QUICK, LONG = 12, 3_500  # spoilt texts of a format
MADE = (
    "searchformer-maze",
    "graph-astar",
    "system-1x-maze-bfs",
    "checker-jumping",
)  # the others take the same ways, or minutes
SMALL = "hanoi"  # whose machine code takes least time to be made


@cache
def plain(name: str) -> Format:
    """A format whose native engine is run by Python."""
    form = open_once(name)
    return Format(form.system, form.grammar, form.library)


@pytest.fixture(autouse=True)
def by_python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "machine" not in request.keywords:
        monkeypatch.setattr(native, "Native", Plain)


def tries(some: Iterator[Row] | tuple[Row, ...]) -> list[Given]:
    return [row for number, one in enumerate(some) for row in given_of(one, f"row {number}", number, Fields())]


def agree(form: Format, some: list[Given]) -> Counter[str]:
    """Reports are those of the other engines; how many documents the native engine left to them."""
    left = Counter[str]()
    tried = list(check_rows(form, some))
    assert [row for row, _ in tried] == some
    for row, found in tried:
        expected = check(form, row.prompt, row.trace, row.params, row.id)
        assert found.to_dict() == expected.to_dict(), row
        assert (found.declared is None) == (expected.declared is None), row
    tried = list(check_rows(form, some, worded=False))
    assert [row for row, _ in tried] == some
    for row, found in tried:
        expected = check(form, row.prompt, row.trace, row.params, row.id)
        for part in ("verdict", "rule", "event", "plan", "plan_follows_trace", "events"):
            assert getattr(found, part) == getattr(expected, part), (part, row)
        left["all"] += 1
        left["decided"] += decided(found)
    return left


def decided(report: Report) -> bool:
    """Whether a report was made without words: what the native engine says alone."""
    return report.verdict == "sound" or (report.verdict == "unsound" and not report.message)


def test_which_formats_have_a_native_engine_and_why_the_others_do_not() -> None:
    found: dict[str, set[str]] = {}
    for name in FORMATS:
        if why := open_once(name).without_native:
            found.setdefault(why, set()).add(name)
    assert found == WITHOUT


LARGE = {"stream-of-search-strict"}  # whose text Python takes long to read, and which differs little from another


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow if n in LARGE else ()) for n in NATIVE])
def test_it_says_what_the_others_say(name: str) -> None:
    """Rows as they are, without parameters, as whole documents, as tokens; and spoilt."""
    form, some = plain(name), rows(name)
    shapes = [
        *some,
        *(row | {"params": {}} for row in some[::3]),
        *(row | {"prompt": "", "trace": f"{row['prompt']}\n{row['trace']}"} for row in some[1::3]),
        *(row | {"prompt": row["prompt"].split(), "trace": row["trace"].split()} for row in some[2::3]),
    ]
    left = agree(form, tries(tuple(shapes)))
    assert left["decided"] > left["all"] / 8
    agree(form, tries(spoilt_rows(name, QUICK, seed=3)))


@pytest.mark.slow
@pytest.mark.parametrize("name", NATIVE)
def test_it_says_so_of_many_spoilt_texts(name: str) -> None:
    some = tries(spoilt_rows(name, LONG // 10, seed=4))
    left = agree(plain(name), some)
    print(f"\n{name}: {left['all']} spoilt texts, seed 4, {left['decided']} decided by the native engine's text")


@pytest.mark.machine
@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_machine_code_says_what_the_others_say(name: str) -> None:
    pytest.importorskip("numba")
    form = open_once(name)
    left = agree(form, tries(rows(name))) + agree(form, tries(spoilt_rows(name, LONG, seed=5)))
    print(f"\n{name}: {left['all']} rows, seed 5, {left['decided']} decided by machine code")


@pytest.mark.machine
def test_machine_code_of_a_small_format(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    form = Format(open_once(SMALL).system, open_once(SMALL).grammar, open_once(SMALL).library)
    made = form.native({}, declared=True)
    assert made is not None
    assert not made.compiled
    agree(form, tries(rows(SMALL)))
    again = native.Native(form.name, form._byte_scanners, made.machine, {})
    assert again.compiled
    assert again.module.rows is not made.module.rows


def lines(name: str) -> bytes:
    """Rows that stand on one line each, a text that is none, one that is no UTF-8, and no line feed at the end."""
    texts = [f"{row['prompt']} {row['trace']}".replace("\n", " ") for row in rows(name)]
    return "\n".join([*texts, "", "no trace", texts[0] + "\r"]).encode() + b"\n\xff" + texts[0].encode()


@pytest.mark.parametrize("name", [n for n in NATIVE if not n.startswith("stream")])
def test_lines_are_counted_as_they_are_tried_one_by_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "BLOCK", 1 << 10)  # less than a line takes, sometimes
    form, data = plain(name), lines(name)
    counted: Counter[Any] = Counter()
    for tally in tally_lines(form, io.BytesIO(data), {}, "file"):
        counted[tally.verdict, tally.plan, tally.rule, tally.level, tally.follows] += tally.count
    expected: Counter[Any] = Counter()
    for raw in data.split(b"\n"):
        r = check(form, "", raw.decode("utf-8", errors="replace").rstrip("\r\n"), {})
        unsound = r.verdict == "unsound"
        expected[r.verdict, r.plan, r.rule, r.level if unsound else None, r.plan_follows_trace] += 1
    assert {k: v for k, v in counted.items() if k[0] != "malformed"} == {
        k: v for k, v in expected.items() if k[0] != "malformed"
    }
    assert counted.total() == expected.total()


def test_a_parameter_that_no_text_decides_has_an_engine_of_its_own_until_they_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formats, "MOST_NATIVES", 2)
    form = Format(
        open_once("searchformer-maze").system, open_once("searchformer-maze").grammar, open_once("searchformer-maze").library
    )
    row = rows("searchformer-maze")[0]
    some = [row | {"params": row["params"] | {"weight": weight}} for weight in (1, 2, "3/2", 5, 1)]
    agree(form, tries(tuple(some)))
    assert len(form._natives) == 2


def test_without_numba_the_engine_is_refused_with_a_word(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "available", lambda: False)
    found = desk.run("check", "-", "-f", "searchformer-maze", "--engine", "native", stdin="")
    assert found.code == 2
    assert "install tracecourt[fast]" in found.err
    with pytest.raises(InputError, match="needs numba"):
        open_once("searchformer-maze").engine("native")
