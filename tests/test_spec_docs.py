"""The page on the specification language: its examples are specifications, its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from tests.conftest import ROOT
from tests.packs import Pack
from tracecourt.errors import SpecError
from tracecourt.lint import lint
from tracecourt.spec import ir, parser
from tracecourt.spec.builtins import BUILTINS
from tracecourt.spec.places import ALLOWED, WORDS
from tracecourt.spec.syntax import Declaration
from tracecourt.text import Source

PAGE = (ROOT / "docs" / "spec-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```spec(?: (\S+))?\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FORMS = {"mentioned", "distance", "distances", "replay", "happened"}  # those that take names
WHOLE = [text for _, text in BLOCKS if re.match(r"(domain|procedure|format) \S+\n", text)]
PARTS = [text for _, text in BLOCKS if text not in WHOLE]


def heading(text: str) -> str:
    return text.split("\n", 1)[0].strip()


def parsed(text: str) -> Declaration:
    (declaration,) = parser.parse(Source("docs/spec-language.md", text))
    return declaration


def test_the_page_has_examples_of_both_kinds() -> None:
    assert len(WHOLE) >= 3
    assert len(PARTS) >= 8


@pytest.mark.parametrize("text", WHOLE, ids=heading)
def test_an_example_that_is_a_whole_declaration_is_faultless(tmp_path: Path, text: str) -> None:
    pack = Pack(tmp_path)
    for other in WHOLE:
        pack.write(other)
    declaration = parsed(text)
    if declaration.kind == "format":
        assert pack.specifications.format(declaration.name).events
    else:
        assert pack.specifications.alone(declaration.kind, declaration.name).doc


@pytest.mark.parametrize("text", PARTS, ids=heading)
def test_an_example_that_is_a_part_of_a_declaration_can_stand_in_one(text: str) -> None:
    homes = []
    for kind, allowed in ALLOWED.items():
        items = parsed(f"{kind} lab\n{text}").items
        assert items
        homes += [kind] if all(isinstance(item, allowed) for item in items) else []
    assert homes


def test_the_trace_block_of_the_page_is_judged_as_it_says(tmp_path: Path) -> None:
    (block,) = [text for text in PARTS if text.lstrip().startswith("trace ")]
    pack = Pack(tmp_path)
    astar = (ROOT / "specs" / "procedures" / "astar.spec").read_text(encoding="utf-8")
    pack.write(f"{astar}\n{block}")
    assert lint(pack.root).faults == []
    pack.write(f"{astar}\n{block.replace('at 2', 'at 1')}")
    assert len(lint(pack.root).faults) == 1


def test_a_part_that_is_none_would_be_noticed() -> None:
    with pytest.raises(SpecError):
        parsed("domain lab\n" + indent("fact a int", "  "))


def documented(section: str) -> str:
    """The text of a section."""
    return re.split(r"^#+ ", PAGE.split(f"# {section}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_the_table_of_builtins_is_complete() -> None:
    named = set(re.findall(r"`(\w+)\(", documented("Builtins")))
    assert named == {*BUILTINS, *FORMS}


def test_builtins_that_may_have_no_value_are_described_as_such() -> None:
    rows = [row.split("|")[1:4] for row in documented("Builtins").splitlines() if row.startswith("| `")]
    partial = {name for names, _, none in rows if none.strip() for name in re.findall(r"`(\w+)\(", names)}
    assert partial == {name for name, builtin in BUILTINS.items() if builtin.partial} | FORMS - {
        "mentioned",
        "distances",
        "happened",
    }


def test_the_table_of_operators_is_complete() -> None:
    named = set(re.findall(r"`([^`]+)`", documented("Operators")))
    assert {"or", "and", "not", "=>", "=", "!=", "<", "<=", ">", ">=", "in", "not in", "??"} <= named
    assert {"+", "-", "*", "/", "div", "mod", "-x", ".x", "[k]", "f(…)", "if then else", "all", "any"} <= named


def test_the_page_has_every_level_every_item_and_every_clause() -> None:
    assert re.findall(r"^\| `(\w+)` \|", documented("Rules"), re.MULTILINE) == list(ir.LEVELS)
    code = [*re.findall(r"`([^`\n]+)`", PAGE), *(text for _, text in BLOCKS)]
    words = set(re.findall(r"[\w-]+", " ".join(code)))
    assert {*WORDS.values(), "source", "grammar", "domain", "procedure"} <= words
    assert {"among", "valid", "cost", "optimum", "follows"} <= words
