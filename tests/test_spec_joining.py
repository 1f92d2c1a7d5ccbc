"""Formats and trace blocks that do not fit together: what does not, where, and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packs import Pack, block, domain, marked, places
from tracecourt.errors import SpecError
from tracecourt.text import Diagnostic


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


# ---------------------------------------------------------------- joining
NEEDY = """\
procedure lab
  needs sort Node
  needs home: Node
  needs cost(n: Node): rational
  param weight: rational = 1
  param mode: enum {slow, fast} = slow
  param limit: 1..9 = 5
  event go(n: Node)
    require grounded at-home: n = home
      else "{cost(n)}"
"""
MEETS = "sort Node = int\nfact home: Node\ndef cost(n: Node): rational = 1"


def join_faults(pack: Pack, items: str, form: str, name: str = "lab") -> tuple[Diagnostic, ...]:
    pack.write(domain(items))
    pack.write(NEEDY)
    pack.grammar()
    pack.write(f"format {name}\n  grammar lab\n  domain lab\n  procedure lab\n{block(form)}\n")
    with pytest.raises(SpecError) as caught:
        pack.specifications.format(name)
    return caught.value.diagnostics


@pytest.mark.parametrize(
    ("items", "need", "message", "note"),
    [
        pytest.param(
            "sort Nod = int\nfact home: int\ndef cost(n: int): int = 1", "Node",
            "this need is not met: neither the domain nor the format declares Node (did you mean Nod?)", None, id="sort",
        ),
        pytest.param(
            "sort Node = int\ndef cost(n: int): int = 1", "home",
            "this need is not met: neither the domain nor the format declares home (known: Node, cost)", None, id="value",
        ),
        pytest.param(
            "sort Node = int\nfact home: bool\ndef cost(n: int): int = 1", "home",
            "home is declared, but not as it is needed here: it is home: bool", None, id="sort-of-a-value",
        ),
        pytest.param(
            "sort Node = int\nfact home: Node\ndef cost(n: Node, m: Node): int = 1", "cost",
            "cost is declared, but not as it is needed here: it is cost(n: int, m: int): int", "def cost", id="arity",
        ),
        pytest.param(
            "sort Node = int\nfact home: Node\ndef cost(n: text): int = 1", "cost",
            "cost is declared, but not as it is needed here: it is cost(n: text): int", "def cost", id="sort-of-an-argument",
        ),
        pytest.param(
            "sort Node = int\nfact home: Node\nfact cost: map int -> int", "cost",
            "cost is declared, but not as it is needed here: it is cost: map int -> int", None, id="map-for-a-function",
        ),
    ],
)  # fmt: skip
def test_a_need_that_is_not_met(pack: Pack, items: str, need: str, message: str, note: str | None) -> None:
    (fault,) = join_faults(pack, items, "")
    assert (fault.code, fault.message, fault.source.slice(fault.span)) == ("join", message, need)
    assert fault.source.name.endswith("procedures/lab.spec")
    noted = [n.source.text[n.span.start - 4 : n.span.end] for n in fault.notes if n.source and n.span]
    assert noted == ([] if note is None else [note])


@pytest.mark.parametrize(
    ("form", "faults"),
    [
        pytest.param("set weight = true", [("true", "this is a bool, but a rational is needed here")], id="sort"),
        pytest.param("set mode = fats", [("fats", "fats is no member of enum {slow, fast} (did you mean fast?)")], id="member"),
        pytest.param("set limit = 10", [("10", "10 is not within 1..9")], id="range"),
        pytest.param("set wait = 1", [("wait", "there is no parameter wait (did you mean weight?)")], id="name"),
        pytest.param("set limit = 1\nset limit = 2", [("limit", "limit is set twice")], id="twice"),
        pytest.param("hides stay", [("stay", "there is no event stay (known: go)")], id="hidden-event"),
        pytest.param("hides go.m", [("go", "go has no argument m (known: n)")], id="hidden-argument"),
        pytest.param("shows stay.n as int = 1", [("stay", "there is no event stay (known: go)")], id="shown-event"),
        pytest.param("shows go.n as int = m", [("m", "nothing here is named m (known: Node, cost, home, n)")], id="shown"),
        pytest.param("shows go.n as bool = n", [("n", "this is an int, but a bool is needed here")], id="sort-shown"),
        pytest.param("set weight = home", [("home", "nothing here is named home")], id="no-constant"),
        pytest.param(
            "set mode = fats\nset wait = 1\nset limit = 10",
            [
                ("fats", "fats is no member of enum {slow, fast} (did you mean fast?)"),
                ("wait", "there is no parameter wait (did you mean weight?)"),
                ("10", "10 is not within 1..9"),
            ],
            id="all-at-once",
        ),
    ],
)
def test_what_a_format_says_badly(pack: Pack, form: str, faults: list[tuple[str, str]]) -> None:
    found = join_faults(pack, MEETS, form)
    assert [(d.source.slice(d.span), d.message) for d in found] == faults
    assert all(d.source.name.endswith("formats/lab.spec") for d in found)


def test_a_parameter_of_both_parts(pack: Pack) -> None:
    (fault,) = join_faults(pack, MEETS + "\nparam weight: int = 2", "")
    assert fault.message == "lab and lab both have a parameter weight"


@pytest.mark.parametrize(
    ("form", "place", "message"),
    [
        pytest.param("domain lab", "lab", "the format does not name its grammar and its procedure", id="parts-missing"),
        pytest.param("grammar lab\ndomain lab\ndomain lab\nprocedure lab", "lab",
                     "the format names its domain twice", id="twice"),
        pytest.param("grammar lab\ndomain lba\nprocedure lab", "lba",
                     "there is no domain named lba (did you mean lab?)", id="domain"),
        pytest.param("grammar lab\ndomain lab\nprocedure astra", "astra",
                     "there is no procedure named astra (did you mean astar?)", id="procedure"),
        pytest.param("grammar searchformer\ndomain lab\nprocedure lab", "searchformer",
                     "there is no grammar named searchformer (did you mean searchformer-maze?)", id="grammar"),
    ],
)  # fmt: skip
def test_the_parts_of_a_format(pack: Pack, form: str, place: str, message: str) -> None:
    pack.write(domain(MEETS))
    pack.write(NEEDY)
    pack.grammar()
    pack.write(f"format lab\n{block(form)}\n")
    with pytest.raises(SpecError) as caught:
        pack.specifications.format("lab")
    (fault,) = caught.value.diagnostics
    assert (fault.source.slice(fault.span), fault.message) == (place, message)


# ---------------------------------------------------------------- trace blocks
VERDICT = "sond is not a verdict of a trace block (known: sound, unsound, truncated)"
RULE = "there is no rule go/at-hme (did you mean go/at-home?)"
BOOL_FOR_INT = "this is a bool, but an int is needed here"


@pytest.mark.parametrize(
    ("trace", "messages"),
    [
        pytest.param("trace ‹sond› over lab\n  go(1)", [VERDICT],
                     id="verdict"),
        pytest.param("trace ‹unsound go/at-hme› over lab\n  go(1)", [RULE], id="rule"),
        pytest.param("trace sound over lab\n  ‹hom› = 1", ["the domain lab has no fact or parameter hom"], id="fact"),
        pytest.param("trace sound over lab\n  home = ‹true›", [BOOL_FOR_INT], id="sort-of-a-fact"),
        pytest.param("trace sound over lab\n  home = ‹1 + 1›", ["only constants can stand here"], id="no-constant"),
        pytest.param("trace sound over lab\n  weight = ‹1 / 0›", ["only constants can stand here"], id="no-number"),
        pytest.param("trace sound over lab\n  ‹goo›(1)", ["goo does not fit the procedure: no such event"], id="event"),
        pytest.param("trace sound over lab\n  ‹go›(1, 2)", ["go does not fit the procedure: it takes 1 arguments"], id="arity"),
        pytest.param("trace sound over lab\n  go(‹true›)", [BOOL_FOR_INT], id="argument"),
        pytest.param("trace ‹sound› over lba\n  go(1)", ["there is no domain named lba (did you mean lab?)"], id="domain"),
        pytest.param("trace sound over lab\n  ‹hom› = 1\n  go(‹x›)\n\ntrace ‹sond› over lab\n  go(1)",
                     ["the domain lab has no fact or parameter hom", "nothing here is named x",
                      VERDICT], id="all-at-once"),
    ],
)  # fmt: skip
def test_a_trace_block_that_does_not_fit(pack: Pack, trace: str, messages: list[str]) -> None:
    pack.write(domain(MEETS))
    plain, spans = marked(NEEDY + "\n" + block(trace) + "\n")
    pack.write(plain)
    with pytest.raises(SpecError) as caught:
        pack.specifications.examples("lab")
    assert places(caught.value.diagnostics) == list(zip(messages, spans, strict=True))
