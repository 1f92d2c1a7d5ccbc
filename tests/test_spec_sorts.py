"""Expressions and declarations of the wrong sort: the words, and the place, which the tables mark with ‹ and ›."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packs import Pack, domain, marked, places, procedure

BOOL_FOR_INT = "this is a bool, but an int is needed here"
INT_FOR_BOOL = "this is an int, but a bool is needed here"
ORDER = "elements are ordered by numbers, not by a bool"
BOOL_FOR_RATIONAL = "this is a bool, but a rational is needed here"
QUEUE = "only a variable of the state can be a queue"
SIGN = "this is a bool, but an enum {+, -, *, /} is needed here"
REPLAY = "write replay(node, actions, step) with a function: node and action to the next node, or none"
SPLIT = "the elements of a list int cannot be taken apart into 2 names"


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


@pytest.mark.parametrize(
    ("expression", "messages"),
    [
        pytest.param("‹true› + 1", ["+ needs numbers, and this is a bool"], id="plus"),
        pytest.param('1 < ‹"a"›', ["< needs numbers, and this is a text"], id="less"),
        pytest.param("not ‹1›", [INT_FOR_BOOL], id="not"),
        pytest.param("true and ‹1›", [INT_FOR_BOOL], id="and"),
        pytest.param("if ‹1› then 2 else 3", [INT_FOR_BOOL], id="if"),
        pytest.param("size(‹if true then 1 else false›)", ["one branch is an int, the other a bool"], id="branches"),
        pytest.param("‹1 = true›", ["an int is compared with a bool"], id="equal"),
        pytest.param('‹(1, 2) = (1, "a")›', ["a (int, int) is compared with a (int, text)"], id="tuples"),
        pytest.param("1 in ‹2›", ["in needs a collection on its right, and this is an int"], id="in"),
        pytest.param("‹true› in {1}", [BOOL_FOR_INT], id="element"),
        pytest.param("‹true› in N", ["this is a bool, but a 0..3 is needed here"], id="value-in-a-sort"),
        pytest.param('‹1 ?? "a"›', ["?? joins an int with a text"], id="fallback"),
        pytest.param("‹(1).x›", ["an int has no fields"], id="field"),
        pytest.param("‹{1}[1]›", ["a set int cannot be indexed"], id="index"),
        pytest.param("{1: 2}[‹true›]", [BOOL_FOR_INT], id="key"),
        pytest.param("[1][‹1/2›]", ["this is a rational, but an int is needed here"], id="index-that-is-no-integer"),
        pytest.param("size(‹{1, true}›)", ["the elements of this set are of different sorts"], id="mixed-set"),
        pytest.param("size(x for x in ‹1›)", ["only collections can be gone through, and this is an int"], id="source"),
        pytest.param("size(x for ‹x, y in [1]›)", [SPLIT], id="names"),
        pytest.param("size(x for x in [1] if ‹x›)", [INT_FOR_BOOL], id="guard"),
        pytest.param("all x in [1]: ‹x›", [INT_FOR_BOOL], id="quantifier"),
        pytest.param("(least x in [1] by (‹x = 1›)) = 1", [ORDER], id="key-of-least"),
        pytest.param("size(‹T›)", ["the values of T (text) cannot be listed"], id="values-of-a-sort"),
        pytest.param("‹two(1)›", ["two takes 2 arguments, not 1"], id="too-few-arguments"),
        pytest.param("‹two(1, 2, 3)›", ["two takes 2 arguments, not 3"], id="too-many-arguments"),
        pytest.param("‹one()›", ["one takes 1 argument, not 0"], id="no-argument"),
        pytest.param("one(‹none›)", ["this is a none, but an int is needed here"], id="none"),
        pytest.param("‹abs(1, 2)›", ["abs is used as abs(number), not with (int, int)"], id="arity-of-a-builtin"),
        pytest.param("‹first({1: 2})›", ["first is used as first(list), not with (map int -> int)"], id="sort-for-a-builtin"),
        pytest.param("‹pick({1})›", ["pick draws at random, which only a sample block may do"], id="chance"),
        pytest.param("‹replay(1, [1], one)› = []", [REPLAY], id="replay"),
        pytest.param("size({‹{1: {}}[1]›, {2}})", ["it is not known here of what this is empty"], id="empty-of-what"),
    ],
)
def test_an_expression_of_the_wrong_sort(pack: Pack, expression: str, messages: list[str]) -> None:
    items = "sort N = 0..3\nsort T = text\ndef one(n: int): int = n\ndef two(a: int, b: int): int = a\n"
    plain, spans = marked(domain(items + f"def f: bool = [{expression}] != []"))
    faults = pack.faults(plain)
    assert [d.code for d in faults] == ["sort"] * len(faults)
    assert places(faults) == list(zip(messages, spans, strict=True))


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param(domain("def f: int = ‹1/2›"), ("this is a rational, but an int is needed here",), id="result"),
        pytest.param(domain("def f: set int = {1, ‹true›}"), (BOOL_FOR_INT,), id="element"),
        pytest.param(domain("def f: map int -> bool = {1: ‹2›}"), (INT_FOR_BOOL,), id="value"),
        pytest.param(domain("def f: (int, bool) = (1, ‹2›)"), (INT_FOR_BOOL,), id="field"),
        pytest.param(domain("def e: arithmetic = (1, ‹true›, 2)"), (SIGN,), id="sign"),
        pytest.param(domain("param a: 1..3 = ‹4›"), ("4 is not within 1..3",), id="default-out-of-range"),
        pytest.param(domain("param a: int inferred ‹true›"), (BOOL_FOR_INT,), id="inferred"),
        pytest.param(domain("sort N = 0..‹t›\ndef t: bool = true"),
                     (BOOL_FOR_INT,), id="bounds"),
        pytest.param(procedure("state\n  ‹a›: int"), ("a needs an initial value: a: int = …",), id="no-initial-value"),
        pytest.param(procedure("state\n  q: queue (n: int, g: int) by (‹g = n›)"), (BOOL_FOR_RATIONAL,), id="key"),
        pytest.param(domain("fact a: ‹queue (n: int) by n›\nfact b: set ‹queue (n: int) by n›"), (QUEUE, QUEUE), id="queues"),
        pytest.param(
            procedure(
                "state\n  q: queue (n: int, g: int) by g\n  a: int = 1\n"
                "event e()\n  ‹q += 1›\n  ‹q := {}›\n  ‹a[1] := 1›\n  ‹a -= 1›"
            ),
            (
                "q is queue of int, which cannot be changed by +=",
                "q is queue of int, which cannot be changed by :=",
                "a is int, which cannot be changed by […] :=",
                "a is int, which cannot be changed by -=",
            ),
            id="updates-that-do-not-fit",
        ),
        pytest.param(
            procedure(
                "state\n  m: map int -> bool\n  l: list int\n"
                "event e()\n  m[‹true›] := ‹1›\n  l += ‹true›\n  m -= ‹true›\n  when ‹1›\n    l := ‹{1}›"
            ),
            (
                BOOL_FOR_INT,
                INT_FOR_BOOL,
                BOOL_FOR_INT,
                BOOL_FOR_INT,
                INT_FOR_BOOL,
                "this is a set int, but a list int is needed here",
            ),
            id="values-of-updates",
        ),
        pytest.param(
            procedure("answer a(n: int)\n  valid ‹1›\n  cost ‹true›\n  follows [‹true›]"),
            (
                INT_FOR_BOOL,
                BOOL_FOR_RATIONAL,
                BOOL_FOR_INT,
            ),
            id="clauses",
        ),
        pytest.param(
            procedure("state\n  m: map int -> int\n  q: queue (n: int, g: int) by g\nevent e()\n  m := ‹q›"),
            ("this is a queue of int, but a map int -> int is needed here",),
            id="a-queue-is-no-map",
        ),
    ],
)  # fmt: skip
def test_a_declaration_of_the_wrong_sort(pack: Pack, text: str, messages: tuple[str, ...]) -> None:
    pack.refuse(text, messages)
