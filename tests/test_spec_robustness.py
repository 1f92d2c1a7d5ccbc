"""Whatever a file holds, the front end answers with a declaration or with a fault that has a place; nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.packs import Pack
from tests.sink import DOMAIN, FORMAT, PROCEDURE
from tracecourt.engines.interpreter import Interpreter
from tracecourt.errors import InputError, SpecError
from tracecourt.spec import parser
from tracecourt.text import Source

T = TypeVar("T")
DEEP = 10_000
DEEPER = 2_000  # than any stack, where each level costs time
ASTAR = (ROOT / "specs" / "procedures" / "astar.spec").read_text(encoding="utf-8")
PIECES = re.compile(r"\s+|\w+|[^\w\s]")


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


def outcome(pack: Pack, text: str) -> str:
    """`fine`, or the first message of the fault."""
    path = pack.write("domain lab\n  fact a: int\n")
    path.write_bytes(text.encode("utf-8"))
    found = tried(lambda: pack.specifications.alone("domain", "lab"))
    return found.diagnostics[0].message if isinstance(found, SpecError) else "fine"


def tried(action: Callable[[], T]) -> T | SpecError:
    """What an action gives, or the faults that it finds, all of which can be shown."""
    try:
        return action()
    except SpecError as error:
        found = error
    assert found.diagnostics
    assert all(0 <= d.span.start <= len(d.source.text) for d in found.diagnostics)
    assert all(": error[" in d.render() for d in found.diagnostics)
    return found


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param(f"def f: int = {'(' * DEEP}1{')' * DEEP}", "fine", id="brackets-that-only-group"),
        pytest.param(f"def f: int = {'(' * DEEP}", "the end is not expected here", id="open-brackets"),
        pytest.param(f"def f: int = {')' * DEEP}", ") is not expected here", id="closing-brackets"),
        pytest.param(f"def f: int = {'[' * DEEPER}1{']' * DEEPER}", "this is nested too deeply", id="lists"),
        pytest.param(f"def f: int = {'- ' * DEEPER}1", "this is nested too deeply", id="minus-signs"),
        pytest.param(f"def f: bool = {'not ' * DEEPER}true", "this is nested too deeply", id="negations"),
        pytest.param(f"def f: int = {'1 + ' * DEEPER}1", "this is nested too deeply", id="long-sum"),
        pytest.param(f"def f: bool = {'true => ' * DEEPER}true", "this is nested too deeply", id="implications"),
        pytest.param(f"def f: int = {'if true then 1 else ' * DEEPER}1", "this is nested too deeply", id="conditionals"),
        pytest.param(f"def f: int = {'abs(' * DEEPER}1{')' * DEEPER}", "this is nested too deeply", id="calls"),
        pytest.param(f"fact f: {'set ' * DEEPER}int", "this is nested too deeply", id="sorts"),
        pytest.param(f'require r: true else "{{{"- " * DEEPER}1}}"', "this is nested too deeply", id="inside-a-message"),
        pytest.param(f"def f: int = {'1 + ' * 60}1", "fine", id="sum-of-sixty"),
        pytest.param("\n  ".join(f"def f{i}: int = f{i + 1}" for i in range(500)) + "\n  def f500: int = 1",
                     "this is nested too deeply", id="definitions-from-the-last-to-the-first"),
        pytest.param("def f0: int = 1\n  " + "\n  ".join(f"def f{i}: int = f{i - 1} + f{i - 1}" for i in range(1, 60)),
                     "fine", id="definitions-that-double"),
        pytest.param(f"def f: int = {'9' * DEEP}", "numbers of more than 18 digits are not supported", id="digits"),
        pytest.param(f"def f: rational = 0.{'0' * DEEP}1", "numbers of more than 18 digits are not supported", id="decimals"),
        pytest.param(f"def {'f' * DEEP}: int = 1", "fine", id="long-name"),
        pytest.param(f"def f: int = {'g' * DEEP}", f"nothing here is named {'g' * DEEP}", id="long-unknown-name"),
        pytest.param(f'fact a: int -- {"x" * DEEP}', "fine", id="long-comment"),
        pytest.param("fact a: int" + "\n" * DEEP, "fine", id="blank-lines"),
        pytest.param("fact a: int\n" + " " * DEEP, "fine", id="blank-end"),
        pytest.param("fact a: int\n" + " " * DEEP + "fact b: int", "a deeper indentation is not expected here", id="far-right"),
        pytest.param("fact\ta:\tint\t", "fine", id="tabs"),
        pytest.param("fact a: int\r\n  fact b: int\r\n", "fine", id="crlf"),
        pytest.param("fact a: int\r  fact b: int\r", "fine", id="cr"),
        pytest.param("fact a\x00: int", "'\\x00' is not expected here", id="nul"),
        pytest.param("fact å: int", "'å' is not expected here", id="letter-outside-ascii"),
        pytest.param("def f: int = １", "'１' is not expected here", id="digit-outside-ascii"),
        pytest.param("fact a:\u00a0int", "'\\xa0' is not expected here", id="no-break-space"),
        pytest.param("fact a: int\u2028  fact b: int", "'\\u2028' is not expected here", id="line-separator"),
        pytest.param('require r: true else "🙂 {1}"', "fine", id="emoji-in-a-message"),
    ],
)  # fmt: skip
def test_a_domain_with_an_unusual_item(pack: Pack, text: str, answer: str) -> None:
    found = outcome(pack, f"domain lab\n  {text}")
    assert found == answer or found.startswith((answer + ";", answer + " ("))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("", "the end is not expected here", id="empty"),
        pytest.param(" \t \n\n", "the end is not expected here", id="blank"),
        pytest.param("-- domain lab", "the end is not expected here", id="comment-only"),
        pytest.param("domain lab", "the end is not expected here", id="head-only"),
        pytest.param("domain lab\n  fact a: int", "fine", id="no-final-newline"),
        pytest.param("domain lab\r\n\r\n  fact a: int\r\n", "fine", id="crlf"),
        pytest.param("domain lab\n\tfact a: int\n        fact b: int\n", "fine", id="a-tab-is-eight-spaces"),
        pytest.param("domain lab\n\tfact a: int\n  fact b: int\n", "this line returns to a depth that no earlier line had",
                     id="a-tab-is-not-two-spaces"),
        pytest.param("\ufeffdomain lab\n  fact a: int\n", "'\\ufeff' is not expected here", id="byte-order-mark"),
        pytest.param("  domain lab\n    fact a: int\n", "fine", id="indented-file"),
        pytest.param("domain lab\n  fact a: int\n}\n", "} is not expected here", id="rubbish-behind"),
    ],
)  # fmt: skip
def test_an_unusual_file(pack: Pack, text: str, answer: str) -> None:
    found = outcome(pack, text)
    assert found == answer or found.startswith(answer + ";")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"domain lab\n  fact \xff: int\n", "is not UTF-8 text: byte 18 cannot be decoded", id="latin-1"),
        pytest.param("domain lab\n".encode("utf-16"), "is not UTF-8 text: byte 0 cannot be decoded", id="utf-16"),
    ],
)
def test_a_file_that_is_not_utf_8(pack: Pack, content: bytes, complaint: str) -> None:
    pack.write("domain lab\n  fact a: int\n").write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        pack.specifications.alone("domain", "lab")


def test_a_folder_for_a_file(pack: Pack) -> None:
    (pack.root / "specs" / "domains" / "lab.spec").mkdir(parents=True)
    with pytest.raises(InputError, match="there is no domain named lab"):
        pack.specifications.alone("domain", "lab")


# ---------------------------------------------------------------- random edits
@st.composite
def edits(draw: st.DrawFn, text: str) -> str:
    """The text after a few deletions, insertions and duplications of characters or tokens."""
    vocabulary = sorted(set(PIECES.findall(text)))
    for _ in range(draw(st.integers(1, 4))):
        parts = draw(st.sampled_from([list(text), PIECES.findall(text)]))
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(["delete", "insert", "duplicate", "swap"])):
            case "delete":
                del parts[at]
            case "insert":
                parts.insert(at, draw(st.sampled_from(vocabulary) | st.characters()))
            case "duplicate":
                parts.insert(at, parts[at])
            case _:
                other = draw(st.integers(0, len(parts) - 1))
                parts[at], parts[other] = parts[other], parts[at]
        text = "".join(parts)
    return text


def survives(pack: Pack, kind: str, name: str, text: str) -> None:
    """A specification, or a fault in it; the specification can be run."""
    path = pack.root / "specs" / f"{kind}s" / f"{name}.spec"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", errors="replace"))
    specifications, domain = pack.specifications, "maze" if name == "astar" else name
    if kind == "procedure":
        tried(lambda: specifications.alone(kind, name))
    system = tried(lambda: specifications.format(name) if kind == "format" else specifications.over(name, domain))
    if not isinstance(system, SpecError):
        assert Interpreter(system).actions.keys() == system.events.keys()


RANDOM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(RANDOM, max_examples=80)
@given(text=edits(ASTAR))
@example(text=ASTAR)
@example(text=ASTAR.replace("start", "goal"))
def test_an_edited_procedure_is_a_system_or_a_fault(pack: Pack, text: str) -> None:
    survives(pack, "procedure", "astar", text)


@settings(RANDOM, max_examples=40)
@given(data=st.data())
def test_an_edited_part_of_a_system_is_a_system_or_a_fault(pack: Pack, data: st.DataObject) -> None:
    for text in (DOMAIN, PROCEDURE, FORMAT):
        pack.write(text)
    pack.grammar()
    kind, text = data.draw(st.sampled_from([("domain", DOMAIN), ("procedure", PROCEDURE), ("format", FORMAT)]))
    survives(pack, kind, "sink", data.draw(edits(text)))


@settings(deadline=None, max_examples=60)
@given(text=st.text() | st.text('domain prcue{}()[]:=,."-0aé\n \t', max_size=60))
def test_any_text_is_a_declaration_or_a_fault(text: str) -> None:
    assert tried(lambda: parser.parse(Source("any", text)))
