"""The specifications decide: editing their text changes what is said and what is asked, with no Python touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tracecourt.check import check
from tracecourt.errors import SpecError
from tracecourt.formats import Format, open_format
from tracecourt.lint import lint
from tracecourt.resources import Library

PROMPT = "start 0 0 goal 2 0"
TRACE = "create 0 0 c0 c2 close 0 0 c0 c2 create 1 0 c1 c1 close 1 0 c1 c1 create 2 0 c2 c0 close 2 0 c2 c0 eos"
WITHOUT = "create 0 0 c0 c2 close 0 0 c0 c2 close 1 0 c1 c1 eos"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    for folder in ("grammars", "specs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def edited(pack: Path, file: str, old: str, new: str) -> Format:
    path = pack / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return open_format("searchformer-maze", Library((pack,)))


def test_an_edited_message_is_what_the_report_says(pack: Path) -> None:
    old = 'require disciplined not-open: n in open\n      else "{n} is not on the open list"'
    form = edited(pack, "specs/procedures/astar.spec", old, old.replace("is not on the open list", "never was created, {g}"))
    assert check(form, PROMPT, WITHOUT).message == "(1, 0) never was created, 1"


def test_lint_refuses_a_requirement_on_what_only_one_domain_has(pack: Path) -> None:
    rule = "    require disciplined not-open: n in open"
    added = '    require complete never-right: n.x < 2\n      else "{n} is too far right"\n' + rule
    edited(pack, "specs/procedures/astar.spec", rule, added)
    faults = lint(pack / "specs" / "procedures" / "astar.spec").faults
    assert len(faults) == 1
    assert "astar.spec:75:35: error[sort]: a Node has no fields" in faults[0]


def test_an_added_requirement_is_asked(pack: Path) -> None:
    rule = "    require disciplined not-open: n in open"
    added = '    require complete at-most-two: size(closed) < 2\n      else "{n} would be the {size(closed) + 1}rd"\n' + rule
    form = edited(pack, "specs/procedures/astar.spec", rule, added)
    report = check(form, PROMPT, TRACE)
    assert (report.verdict, report.rule, report.event, report.level) == ("unsound", "close/at-most-two", 5, "complete")
    assert report.message == "(2, 0) would be the 3rd"


def test_another_heuristic_makes_other_traces_sound(pack: Path) -> None:
    old = "abs(n.x - goal.x) + abs(n.y - goal.y)"
    form = edited(pack, "specs/domains/maze.spec", old, "0")
    assert check(form, PROMPT, TRACE).rule == "create/wrong-h"
    zero = " ".join("c0" if word in ("c0", "c1", "c2") and i % 5 == 4 else word for i, word in enumerate(TRACE.split()))
    assert check(form, PROMPT, zero).verdict == "sound"


def test_another_keyword_in_the_grammar_is_another_language(pack: Path) -> None:
    form = edited(pack, "grammars/searchformer-maze.lark", '"create" node', '"push" node')
    assert check(form, PROMPT, TRACE).verdict == "malformed"
    assert check(form, PROMPT, TRACE.replace("create", "push")).verdict == "sound"


def test_an_event_that_the_grammar_misspells_is_reported_with_the_nearest(pack: Path) -> None:
    with pytest.raises(SpecError, match=r"creat is no fact of maze and no event of astar \(did you mean create\?\)"):
        edited(pack, "grammars/searchformer-maze.lark", "-> create", "-> creat")


def test_an_event_with_too_few_arguments_is_reported(pack: Path) -> None:
    with pytest.raises(SpecError, match="create is printed with 2 arguments, but is declared with 3"):
        edited(pack, "grammars/searchformer-maze.lark", '"create" node cost cost', '"create" node cost')


def test_an_argument_of_the_wrong_kind_is_reported(pack: Path) -> None:
    with pytest.raises(SpecError, match="argument 2 of create cannot always be read as rational"):
        edited(pack, "grammars/searchformer-maze.lark", '"create" node cost cost', '"create" node node cost')
