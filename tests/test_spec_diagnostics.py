"""Every fault that the front end reports: the words, and the place, which the tables mark with ‹ and ›."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packs import Pack, domain, marked, places, procedure
from tracecourt.errors import SpecError
from tracecourt.spec import parser
from tracecourt.spec.places import ALLOWED, WORDS
from tracecourt.spec.syntax import Use
from tracecourt.text import Source


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


# ---------------------------------------------------------------- the text is not in the language
NOT_HERE = "is not expected here; expected"
DIGITS = "numbers of more than 18 digits are not supported"
OPENED = "a { in a message must enclose an expression; write {{ for the character"
CLOSED = "this } in a message closes nothing; write }} for the character"
OPERAND = "(, -, [, a name, a number, a text, false, least, none, true, {"
GOES_ON = "(, *, +, ., =, =>, ??, [, a comparison, and, in, not, or"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("‹ ›", "the end is not expected here; expected one of: domain, format, procedure", id="empty"),
        pytest.param("‹maze›", f"maze {NOT_HERE} one of: domain, format, procedure, the end of the line", id="no-declaration"),
        pytest.param("domain x‹\n›", "the end is not expected here; expected an indented block", id="no-items"),
        pytest.param("domain ‹Maze›\n", "Maze is not expected here; expected a label", id="capital-in-a-label"),
        pytest.param("domain x\n  ‹fct› a: int\n", None, id="unknown-item"),
        pytest.param("domain x\n  fact ‹3›: int\n", "3 is not expected here; expected a name", id="number-for-a-name"),
        pytest.param("domain x\n  fact a ‹int›\n", "int is not expected here; expected :", id="no-colon"),
        pytest.param("domain x\n  fact a: int ‹=› 1\n", f"= {NOT_HERE} the end of the line", id="value-of-a-fact"),
        pytest.param("domain x\n  def a: int = 1 +‹\n›", f"the end of the line {NOT_HERE} one of: {OPERAND}", id="no-operand"),
        pytest.param("domain x\n  def a: int = 1‹)›\n", f") {NOT_HERE} the end of the line", id="bracket-too-many"),
        pytest.param("domain x\n  def a: int = 1 ‹§› 2\n", None, id="unknown-character"),
        pytest.param('domain x\n  def a: text = ‹"›abc\n', None, id="text-without-end"),
        pytest.param("domain x\n  def a: bool = 1 < 2 ‹<› 3\n", None, id="comparisons-do-not-chain"),
        pytest.param("domain x\n  def a: int = 1 ?? 2 ‹??› 3\n", None, id="fallbacks-do-not-chain"),
        pytest.param("domain x\n  def a: bool = true and all ‹x› in s: p\n", None, id="quantifier-without-brackets"),
        pytest.param("domain x\n  fact a: int\n      ‹f›act b: int\n", None, id="deeper-line"),
        pytest.param(
            "domain x\n      fact a: int\n  ‹f›act b: int\n",
            "this line returns to a depth that no earlier line had; indent it like the lines that it belongs to",
            id="depth-that-no-line-had",
        ),
        pytest.param("procedure x\n  state\n  ‹event› e()\n", f"event {NOT_HERE} an indented block", id="no-block"),
        pytest.param("procedure x\n  sample\n    \"a\"\n  ‹d›ef f: int = 1\n", None, id="block-with-a-text-only"),
        pytest.param("domain x\n  def a: int = 1 ‹mod2›\n", None, id="mod-and-number-run-together"),
        pytest.param("domain x\n  def a: bool = 1 in‹s›\n", "put a space between in and s", id="words-run-together"),
        pytest.param("domain x\n  fact‹a›: int\n", "put a space between fact and a", id="word-and-name-run-together"),
        pytest.param("domain x\n  def a: int = ‹1234567890123456789›\n", DIGITS, id="19-digits"),
        pytest.param("domain x\n  def a: rational = ‹0.123456789012345678›\n", DIGITS, id="decimal"),
    ],
)  # fmt: skip
def test_one_syntax_error_with_its_place(text: str, message: str | None) -> None:
    plain, (span,) = marked(text)
    with pytest.raises(SpecError) as caught:
        parser.parse(Source("x.spec", plain.strip(" ")))
    (fault,) = caught.value.diagnostics
    assert fault.code == "syntax"
    assert fault.span.start == span.start
    assert fault.span.end in (span.end, span.start + 1)
    if message is None:
        what = plain[span.start : span.end]
        assert fault.message.startswith((what, repr(what), "a deeper indentation", "a shallower indentation"))
        assert "is not expected here; expected " in fault.message
    else:
        assert fault.message == message


@pytest.mark.parametrize("opening", ["(", "[", "{"])
def test_a_bracket_that_is_not_closed_is_pointed_at(opening: str) -> None:
    with pytest.raises(SpecError) as caught:
        parser.parse(Source("x.spec", f"domain x\n  def a: int = f(1, {opening}2 +\n  def b: int = 3\n"))
    (fault,) = caught.value.diagnostics
    (note,) = fault.notes
    assert f"note: x.spec:2:21: this {opening} is not closed" in fault.render()
    assert note.span is not None
    assert fault.source.slice(note.span) == opening


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        pytest.param("a ‹{›", OPENED, id="opened-only"),
        pytest.param("a ‹{› } b", OPENED, id="nothing-inside"),
        pytest.param("a ‹}› b", CLOSED, id="closed-only"),
        pytest.param("a {n +‹}›", f"the end is not expected here; expected one of: {OPERAND}", id="no-expression"),
        pytest.param("a {n ‹m›}", f"m {NOT_HERE} one of: {GOES_ON}, the end", id="two-expressions"),
        pytest.param("a {‹1234567890123456789›}", DIGITS, id="number"),
    ],
)
def test_a_bad_message_template(pack: Pack, message: str, complaint: str) -> None:
    text = domain(f'def n: int = 1\nrequire r: n = 1\n  else "{message}"')
    pack.refuse(text, (complaint,))


def test_all_bad_messages_of_a_file_are_reported_in_the_order_of_the_text(pack: Pack) -> None:
    pack.refuse(
        domain('require a: true else "‹{›"\nrequire b: true else "{n +‹}›"\nrequire c: true else "‹}›"'),
        (OPENED, f"the end {NOT_HERE} one of: {OPERAND}", CLOSED),
    )


# ---------------------------------------------------------------- names
DISTANCE = "write distance(node, successors, goal) with two functions: node to map of costs, node to bool"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param(
            domain("fact goal: int\ndef f: int = ‹gaol› + 1"),
            ("nothing here is named gaol (did you mean goal?)",),
            id="unknown-name",
        ),
        pytest.param(
            domain("fact aa: int\ndef bb: int = ‹zzzz›"), ("nothing here is named zzzz (known: aa, bb)",), id="nothing-near"
        ),
        pytest.param(domain("def f: int = ‹mni(1, 2)›"), ("there is no function named mni (did you mean min?)",), id="builtin"),
        pytest.param(
            domain("def f: int = ‹distnce(1, f, f)›"),
            ("there is no function named distnce (did you mean distance?)",),
            id="form-that-takes-functions",
        ),
        pytest.param(
            domain("def double(n: int): int = 2 * n\ndef f: int = ‹dubble(1)›"),
            ("there is no function named dubble (did you mean double?)",),
            id="unknown-function",
        ),
        pytest.param(domain("sort Node = int\nfact a: ‹Nod›"), ("there is no sort named Nod (did you mean Node?)",), id="sort"),
        pytest.param(domain("fact a: int\nfact b: ‹a›"), ("there is no sort named a",), id="fact-for-a-sort"),
        pytest.param(
            domain("sort Color = enum {red, blue}\ndef c: Color = ‹rad›"),
            ("rad is no member of enum {red, blue} (did you mean red?)",),
            id="member",
        ),
        pytest.param(
            domain("sort A = enum {x, y}\nsort B = enum {x, z}\ndef s: int = size({‹x›})"),
            ("x is a member of several sorts",),
            id="member-of-two-sorts",
        ),
        pytest.param(
            domain("def p: (x: int, y: int) = (1, 2)\ndef f: int = ‹p.z›"),
            ("(x: int, y: int) has no field z (known: x, y)",),
            id="field",
        ),
        pytest.param(domain("def f(n: int): int = n\ndef g: int = ‹f›"), ("f is a function; write f(…)",), id="no-arguments"),
        pytest.param(domain("fact a: int\ndef g: int = ‹a(1)›"), ("a is not a function",), id="no-function"),
        pytest.param(domain("def f: int = ‹mentioned(3)›"), ("write mentioned(SORT) with the name of a sort",), id="mentioned"),
        pytest.param(
            domain("def s(n: int): int = n\ndef g(n: int): bool = true\ndef f: rational = ‹distance(0, s, g)›"),
            (f"{DISTANCE}; a number may follow, the most nodes that are expanded",),
            id="distance",
        ),
        pytest.param(
            domain("def f(n: int): int = n\ndef g(n: int, ‹n›: bool): int = 1"),
            ("n is declared twice",),
            id="parameter-twice",
        ),
        pytest.param(domain("def f: int = sum(a for a, ‹a› in [(1, 2)])"), ("a is declared twice",), id="bound-twice"),
        pytest.param(domain("fact a: ‹(x: int, x: int)›"), ("x stands twice in this sort",), id="field-twice"),
        pytest.param(domain("fact a: ‹enum {x, x}›"), ("x stands twice in this sort",), id="member-twice"),
        pytest.param(
            procedure("state\n  a: int = 1\nevent e()\n  ‹b := 1›"),
            ("only state variables change, and b is none (known: a)",),
            id="update-of-nothing",
        ),
        pytest.param(
            procedure("param a: int = 1\nevent e(n: int)\n  ‹a := 1›\n  ‹n += 1›"),
            ("only state variables change, and a is none", "only state variables change, and n is none"),
            id="update-of-a-parameter",
        ),
    ],
)
def test_a_name_that_means_nothing_here(pack: Pack, text: str, messages: tuple[str, ...]) -> None:
    pack.refuse(text, messages)


@pytest.mark.parametrize(
    ("text", "circles"),
    [
        pytest.param(domain("def ‹f›(n: int): int = f(n - 1)"), ["f → f"], id="itself"),
        pytest.param(domain("def ‹f›(n: int): int = g(n)\ndef g(n: int): int = f(n)"), ["f → g → f"], id="another"),
        pytest.param(domain("def f: int = a\ndef ‹a›: int = b\ndef b: int = a"), ["a → b → a"], id="not-the-first"),
        pytest.param(domain("sort ‹A› = set B\nsort B = (x: A, y: int)"), ["A → B → A"], id="sorts"),
        pytest.param(domain("param ‹w›: 0..w"), ["w → w"], id="bounds"),
    ],
)
def test_nothing_is_defined_by_itself(pack: Pack, text: str, circles: list[str]) -> None:
    messages = [f"{c.split()[0]} is defined by itself ({c}); functions do not recurse" for c in circles]
    pack.refuse(text, tuple(messages))


def test_a_name_declared_twice_is_shown_with_the_first(pack: Pack) -> None:
    plain, spans = marked(domain("fact a: int\nfact b: int\nparam ‹a›: int = 1\ndef ‹b›: int = 2"))
    faults = pack.faults(plain)
    assert places(faults) == [("a is declared twice", spans[0]), ("b is declared twice", spans[1])]
    assert [d.notes[0].message for d in faults] == ["first declared here", "first declared here"]
    assert [d.notes[0].span and plain[d.notes[0].span.start - 5 :][:6] for d in faults] == ["fact a", "fact b"]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param(
            procedure('event e()\n  "a"\nevent ‹e›()\n  "b"'), ("e is declared twice",), id="events"
        ),
        pytest.param(
            procedure("state\n  a: int = 1\n  ‹a›: int = 2"), ("a is declared twice",), id="state-variables"
        ),
        pytest.param(
            procedure('event e()\n  require grounded r: true\n    else ""\n  require ordered ‹r›: true\n    else ""'),
            ("the label r is used twice",),
            id="labels-of-an-event",
        ),
        pytest.param(
            procedure('end\n  require grounded r: true\n    else ""\nend\n  require ordered ‹r›: true\n    else ""'),
            ("the label r is used twice",),
            id="labels-of-the-end",
        ),
        pytest.param(
            domain('require r: true else ""\nrequire ‹r›: false else ""'),
            ("the label r is used twice",),
            id="labels-of-a-domain",
        ),
        pytest.param(
            procedure("answer a(n: int)\n  valid true\nanswer ‹b›(n: int)\n  valid true"),
            ("a procedure has one answer",),
            id="answers",
        ),
        pytest.param(
            procedure("answer a(n: int)\n  valid true\n  ‹valid› true"), ("valid stands twice",), id="clauses"
        ),
        pytest.param(
            procedure('event move(n: int)\n  "a"\nanswer a of ‹mov›\n  valid true'),
            ("there is no event named mov (did you mean move?)",),
            id="answer-of-no-event",
        ),
        pytest.param(
            procedure('event move()\n  "a"\nanswer a of ‹move›\n  valid true'),
            ("move has no arguments that an answer could consist of",),
            id="answer-of-nothing",
        ),
        pytest.param(
            procedure('event move(n: int)\n  "a"\nanswer a of move\n  ‹follows› []'),
            ("an answer that consists of the search's own events follows from them by itself",),
            id="answer-that-follows-by-itself",
        ),
        pytest.param(
            procedure('event ‹end›()\n  "a"'), ("end is the name of the end marker; name the event otherwise",), id="end"
        ),
    ],
)  # fmt: skip
def test_what_may_stand_once_stands_once(pack: Pack, text: str, messages: tuple[str, ...]) -> None:
    pack.refuse(text, messages)


# ---------------------------------------------------------------- places
@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param(
            domain("‹state›\n  a: int = 1\nevent ‹e›()\n  a := 1"),
            (
                "state cannot stand in a domain; it belongs in a procedure",
                "event cannot stand in a domain; it belongs in a procedure",
            ),
            id="domain",
        ),
        pytest.param(
            procedure('fact ‹a›: int\nrequire ‹r›: true else ""\n‹sample›\n  let a = 1\nset ‹a› = 1\ngrammar ‹g›'),
            (
                "fact cannot stand in a procedure; it belongs in a domain",
                "require cannot stand in a procedure; it belongs in a domain",
                "sample cannot stand in a procedure; it belongs in a domain",
                "set cannot stand in a procedure; it belongs in a format",
                "grammar cannot stand in a procedure; it belongs in a format",
            ),
            id="procedure",
        ),
        pytest.param(
            domain(
                'answer ‹a›(n: int)\n  valid true\n‹initially›\n  b := 1\n‹end›\n  require grounded r: true\n    else ""\n'
                "trace ‹sound› over lab\n  a()"
            ),
            (
                "answer cannot stand in a domain; it belongs in a procedure",
                "initially cannot stand in a domain; it belongs in a procedure",
                "end cannot stand in a domain; it belongs in a procedure",
                "trace cannot stand in a domain; it belongs in a procedure",
            ),
            id="the-rest",
        ),
        pytest.param(
            domain("param a: int = ‹b›\nparam b: int = 1"), ("b has no value yet; declare it above a",), id="parameter-below"
        ),
        pytest.param(
            domain("param a: int = ‹f›\ndef f: int = size(N)\nsort N = 0..b\nparam b: int = 1"),
            ("b has no value yet; declare it above a",),
            id="parameter-below-behind-a-function",
        ),
        pytest.param(
            domain("param a: int inferred ‹b + 1›\nparam b: int = 1"),
            ("b has no value yet; declare it above a",),
            id="inferred-from-a-parameter-below",
        ),
        pytest.param(
            domain("fact a: int\nparam b: int = ‹a› inferred a"),
            ("b cannot depend on the fact a here",),
            id="default-of-a-fact",
        ),
        pytest.param(
            procedure("state\n  a: int = 1\nparam b: int = ‹a + 1›"),
            ("b cannot depend on the state a here",),
            id="default-of-state",
        ),
        pytest.param(
            procedure("state\n  a: int = ‹b›\n  b: int = 1"), ("b has no value yet; declare it above a",), id="initial-value"
        ),
        pytest.param(
            domain("fact a: int\nfact b: set int\n‹sample›\n  let n = ‹a + 1›\n  b = {n}\n  ‹c = 1›"),
            ("the sample never draws a", "a is not drawn yet", "a sample draws facts, and c is none (known: a, b)"),
            id="sample",
        ),
    ],
)  # fmt: skip
def test_what_stands_in_the_wrong_place(pack: Pack, text: str, messages: tuple[str, ...]) -> None:
    pack.refuse(text, messages)


def test_every_kind_of_item_has_a_word() -> None:
    assert {kind for kinds in ALLOWED.values() for kind in kinds} - {Use} == set(WORDS)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        pytest.param("orderd", " (did you mean ordered?)", id="near"),
        pytest.param("xyz", " (known: complete, declared, disciplined, grounded, ordered)", id="far"),
    ],
)
def test_a_level_that_is_none(pack: Pack, written: str, hint: str) -> None:
    text = procedure(f'event e()\n  require {written} ‹r›: true\n    else ""')
    pack.refuse(text, (f"{written} is not a level{hint}",))


# ---------------------------------------------------------------- the diagnostic as it is printed
def test_several_faults_are_printed_at_once_in_the_order_of_the_text(pack: Pack) -> None:
    path = pack.write(domain("fact a: nod\ndef f(n: int): int = n\ndef g: int = f(1, 2)\ndef h: bool = f(aa)"))
    with pytest.raises(SpecError) as caught:
        pack.specifications.alone("domain", "lab")
    assert str(caught.value) == "\n".join(
        [
            f"{path}:2:11: error[name]: there is no sort named nod",
            "  │   fact a: nod",
            "  │           ^^^",
            f"{path}:4:16: error[sort]: f takes 1 argument, not 2",
            "  │   def g: int = f(1, 2)",
            "  │                ^^^^^^^",
            f"  note: {path}:3:7: declared here",
            f"{path}:5:17: error[sort]: this is an int, but a bool is needed here",
            "  │   def h: bool = f(aa)",
            "  │                 ^^^^^",
            f"{path}:5:19: error[name]: nothing here is named aa (did you mean a?)",
            "  │   def h: bool = f(aa)",
            "  │                   ^^",
        ]
    )


def test_one_fault_is_reported_once_however_often_its_place_is_visited(pack: Pack) -> None:
    text = domain("sort Node = 0..‹sze›\nfact a: Node\nfact b: Node\ndef f(n: Node): Node = n")
    pack.refuse(text, ("nothing here is named sze (known: Node, a, b, f)",))


def test_what_depends_on_a_faulty_expression_is_not_reported(pack: Pack) -> None:
    text = domain("def f: bool = ‹x› + 1 < size(y.z[2] for y in ‹w›) and first(‹v›).a = {‹u›}")
    pack.refuse(text, tuple(f"nothing here is named {name} (known: f)" for name in "xwvu"))
