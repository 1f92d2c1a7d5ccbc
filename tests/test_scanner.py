"""A scanner reads what Lark reads, item for item and character for character, or leaves it to Lark."""

from __future__ import annotations

import json
import re
from functools import cache
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.texts import add
from tracecourt.documents import joined
from tracecourt.formats import Format, open_format
from tracecourt.generate import Generator
from tracecourt.grammar.items import Completeness
from tracecourt.grammar.scanner import NotRegular, Refused, Scan, Scanner, compile_scanner
from tracecourt.grammar.trace_grammar import TraceGrammar
from tracecourt.resources import Library
from tracecourt.text import Source

FORMATS = Library.shipped().names("format")
STARTS = ("document", "prompt", "trace")
FORMULAS = "the rule formula contains itself in the middle, by way of factor and product"
IRREGULAR = {
    ("countdown-expressions", "document"): FORMULAS,
    ("countdown-expressions", "trace"): FORMULAS,
    ("game24-thoughts", "document"): FORMULAS,
    ("game24-thoughts", "trace"): FORMULAS,
}


@cache
def opened(name: str) -> Format:
    return open_format(name)


@cache
def scanner(name: str, start: str) -> Scanner | None:
    return None if (name, start) in IRREGULAR else compile_scanner(opened(name).grammar, start)


def lab(trace: str, rest: str = "") -> TraceGrammar:
    """A grammar for a trace alone."""
    text = f'document: prompt trace\nprompt: "§"\ntrace: {trace}\n{rest}\n%ignore /[ ]+/\n'
    return TraceGrammar("lab", Source("lab.lark", text), [ROOT / "grammars"])


Read = list[tuple[str, tuple[object, ...], int, int]]


def by_lark(grammar: TraceGrammar, start: str, text: str) -> Read | None:
    reading = grammar.read(Source("", text), start)
    if reading.completeness is not Completeness.COMPLETE:
        return None
    return [(item.name, item.arguments, item.span.start, item.span.end) for item in reading.items]


def listed(found: Scanner, scan: Scan) -> Read:
    return list(zip((found.items[i] for i in scan.ids), scan.arguments, scan.starts, scan.ends, strict=True))


def agrees(grammar: TraceGrammar, found: Scanner, start: str, text: str) -> bool:
    """Whether the text was scanned; if it was, Lark must say the same."""
    scan = found.scan(text)
    if scan is not None:
        assert listed(found, scan) == by_lark(grammar, start, text), text
    return scan is not None


# ---------------------------------------------------------------- the texts of the shipped formats
@cache
def texts(name: str) -> tuple[tuple[str, str], ...]:
    """Start rules and texts: the examples of a format, the faults, and generated traces."""
    found: dict[tuple[str, str], None] = {}
    for path in (ROOT / "specs" / "formats" / f"{name}.examples.jsonl", ROOT / "tests" / "faults" / f"{name}.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            add(found, joined(row.get("prompt")), joined(row["trace"]))
    generator, random = Generator(opened(name), {}), Random(5)
    problem = generator.problem(random)
    events = generator.printed(problem, generator.run(problem, random), random)
    add(found, generator.prompt(problem), generator.trace(events[:300]))  # Lark needs its time
    return tuple(found)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_shipped_grammar_is_regular_or_has_a_reason(name: str, start: str) -> None:
    reason = IRREGULAR.get((name, start))
    if reason is None:
        assert compile_scanner(opened(name).grammar, start).items == tuple(sorted(opened(name).grammar.items))
    else:
        with pytest.raises(NotRegular) as raised:
            compile_scanner(opened(name).grammar, start)
        assert str(raised.value) == reason


@pytest.mark.parametrize("name", FORMATS)
def test_whole_texts_are_scanned_and_no_others(name: str) -> None:
    scanned = 0
    for start, text in texts(name):
        if (found := scanner(name, start)) is not None:
            whole = by_lark(opened(name).grammar, start, text) is not None
            assert agrees(opened(name).grammar, found, start, text) == whole, text
            scanned += whole
    assert scanned >= 3


# ---------------------------------------------------------------- texts that someone spoilt
PIECES = (
    "",
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    "0",
    "00",
    "1",
    "-",
    "c",
    "x",
    ",",
    ".",
    "[",
    "]",
    "(",
    ")",
    '"',
    "'",
    "|",
    "é",
    "9" * 19,
)


def spoilt(text: str, random: Random) -> str:
    """A text with characters lost, added or replaced, words glued, blanks changed, a part doubled, or its end missing."""
    for _ in range(random.choice((1, 1, 2, 3))):
        at, other = random.randrange(len(text) + 1), random.randrange(len(text) + 1)
        blanks = [i for i, c in enumerate(text) if c in " \n"]
        match random.randrange(6):
            case 0:
                text = text[:at] + text[at + 1 :]
            case 1:
                text = text[:at] + random.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + random.choice(PIECES) + text[at + 1 :]
            case 3 if blanks:
                at = random.choice(blanks)
                text = text[:at] + random.choice(PIECES[:6]) + text[at + 1 :]
            case 4:
                text = text[:at]
            case _:
                text = text[:at] + text[min(at, other) : min(at, other) + 40] + text[at:]
    return text


@pytest.mark.parametrize("name", FORMATS)
def test_a_spoilt_text_is_read_as_lark_reads_it_or_not_at_all(name: str) -> None:
    random = Random(name)
    for start, text in texts(name):
        if (found := scanner(name, start)) is not None:
            for _ in range(6):
                agrees(opened(name).grammar, found, start, spoilt(text, random))


@pytest.mark.parametrize("name", ["searchformer-maze", "blocksworld-moves", "stream-of-search", "strips-moves"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_words_in_any_order_are_read_as_lark_reads_them_or_not_at_all(name: str, data: st.DataObject) -> None:
    start, text = data.draw(st.sampled_from([pair for pair in texts(name) if len(pair[1]) < 400]))
    words = text.replace("\n", " \n ").split(" ")
    cut = data.draw(st.lists(st.sampled_from(words), max_size=4))
    at = data.draw(st.integers(0, len(words)))
    separator = data.draw(st.sampled_from([" ", "", "  ", "\n"]))
    found = scanner(name, start)
    assert found is not None
    agrees(opened(name).grammar, found, start, separator.join([*words[:at], *cut, *words[at:]]))


@pytest.mark.parametrize(
    ("text", "scanned"),
    [
        ("create 0 0 c0 c1", True),
        (" \t\r\n create 0\n0 c0  c1 \n", True),
        ("", True),
        ("   ", True),
        ("create0 0 c0 c1", False),  # glued to the number
        ("create 00 c0 c1", False),  # two numbers in one
        ("create 0 0 c00 c1", False),  # a leading zero
        ("create 01 0 c0 c1", False),
        ("create 0 0 c0c1", False),
        ("create 0 0 c0 c1create 0 0 c0 c1", False),
        ("create 0 0 c0 c1 create", False),
        ("Create 0 0 c0 c1", False),
        ("create\u00a00 0 c0 c1", False),  # not a blank of this grammar
        ("create ٣ 0 c0 c1", False),  # not a digit of this grammar
        ("create 0 0 c0 c1 eos eos", False),
        ("bos create 0 0 c0 c1 plan 0 0 eos", True),
        ("boscreate 0 0 c0 c1", False),
        ("plan 0 0 create 0 0 c0 c1", False),
    ],
)
def test_blanks_zeros_and_words_are_what_the_grammar_says(text: str, scanned: bool) -> None:
    grammar, found = opened("searchformer-maze").grammar, scanner("searchformer-maze", "trace")
    assert found is not None
    assert agrees(grammar, found, "trace", text) == scanned
    assert (by_lark(grammar, "trace", text) is not None) == scanned


# ---------------------------------------------------------------- what grammars can ask for
# Grammars, and pieces of which texts are made.
LABS = {
    "the longer keyword": (lab("x*", 'x: "ab" -> one | "a" -> two | "abc" "b" -> three'), "a b c"),
    "keywords among names": (lab("(x | y)*", 'x: "do" N -> one\ny: N -> two\nN: /[a-z]+/'), "d o do a"),
    "keywords and longer names": (lab('x* "end"', 'x: N+ ";" -> one\nN: /[a-z](?:[a-z]|-[a-z])*/'), "end n ; -"),
    "names after numbers": (lab("x*", "x: N? W -> one\nN: /[0-9]+/\nW: /[a-z][a-z0-9]*/"), "a 0 b 1"),
    "one terminal before another": (lab("(x | y)*", "x: A -> one\ny: B -> two\nA.2: /a+/\nB: /[ab]+/"), "a b"),
    "parts of a word are its value": (lab("x*", 'x: A B -> one\nA: /<([a-z]*)>/\nB: /"(a|b)"(?![a])/'), '<a> <> "b" a'),
    "lists in lists": (
        lab("x*", 'x: "[" row ("," row)* "]" -> one\nrow: "(" cell* ")"\ncell: N ("-" N)?\nN: /[01]/'),
        "[() [(0) ,(1-0) , (1 ) ]",
    ),
    "an item that ends in a list": (lab('(x "!"?)*', 'x: "a" rest -> one\nrest: (N ";")*\nN: /[01]/'), "a 0; 1; !"),
    "an item that may have no words": (lab('x "!"', "x: N* -> one\nN: /[01]/"), "0 1 !"),
    "a rule that its only child replaces": (
        lab("x*", 'x: "a" row -> one\n?row: N | N "," N | "(" list ")"\nlist: N*\nN: /[01]/'),
        "a a0 , (1 ) 1",
    ),
    "children of the rule around": (
        lab("x*", 'x: "a" _pair _pair? -> one\n_pair: N ":" more\nmore: N*\nN: /[01]/'),
        "a 0: 1:0",
    ),
    "lists in the rule around": (lab("x*", 'x: "a" row N -> one\nrow: _list\n_list: N | _list "," N\nN: /[01]/'), "a0 ,1 1"),
    "kept keywords": (lab("x*", '!x: "a" ("+" | "-") N? -> one\nN: /[01]/'), "a + - 0"),
    "templates": (lab("x*", 'x: "a" _many{N, ","} -> one\n_many{of, by}: of (by of)*\nN: /[01]/'), "a0 ,1"),
    "marks between items": (lab('(x | "." | "," y)*', "x: N -> one\ny: N -> two\nN: /[01]/"), "0 . 1 ,"),
    "optional words": (lab('"<"? (x ";"?)* ">"?', 'x: "a"? "b" "c"? -> one'), "a b c < > ;"),
    "two kinds of blanks": (lab("x*", 'x: "a" N -> one\nN: /[01]+/\n%ignore /#[01]*;/'), "a 0 #0; #"),
    "a name for some of a rule": (lab("one*", 'one: "a" -> one | "b" | "c" -> two'), "a b c"),
}

# Names that begin and end with a keyword are not told from it, and are left to Lark.
LEFT_TO_LARK = {"keywords among names": r"do[a-z]*do", "keywords and longer names": r"end[a-z-]*end"}


@cache
def lab_scanner(name: str) -> Scanner:
    return compile_scanner(LABS[name][0], "trace")


@pytest.mark.parametrize("name", LABS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_whatever_a_grammar_asks_for_is_read_as_lark_reads_it(name: str, data: st.DataObject) -> None:
    grammar, pieces = LABS[name]
    text = "".join(data.draw(st.lists(st.sampled_from([*pieces.split(), " "]), max_size=24)))
    agrees(grammar, lab_scanner(name), "trace", text)


@pytest.mark.parametrize("name", LABS)
def test_short_texts_of_such_grammars_are_scanned_if_lark_reads_them(name: str) -> None:
    grammar, pieces = LABS[name]
    random = Random(name)
    found = {"".join(random.choices([*pieces.split(), " "], k=random.randrange(10))) for _ in range(250)}
    whole = {text for text in found if by_lark(grammar, "trace", text) is not None}
    missed = {text for text in whole if not agrees(grammar, lab_scanner(name), "trace", text)}
    assert any(text.strip() for text in whole - missed)
    assert {text for text in missed if not re.search(LEFT_TO_LARK.get(name, "(?!)"), text)} == set()


@pytest.mark.parametrize(
    ("grammar", "why"),
    [
        (lab("x", 'x: sum -> one\nsum: N | "(" sum ")"\nN: /[0-9]/'), "the rule sum contains itself in the middle"),
        (
            lab("x", 'x: sum -> one\nsum: N | "(" part\npart: sum ")"\nN: /[0-9]/'),
            "the rule sum contains itself in the middle, by way of part",
        ),
        (
            lab("steps", 'steps: x steps | x\nx: "a" -> one'),
            "the rule steps contains itself at its end; as a repetition with * or + it could be scanned",
        ),
        (lab("x*", 'x: "a" y* -> one\ny: "b" -> two'), "the item x contains the item y"),
        (lab("x*", 'x: "a" [N] -> one\nN: /[0-9]/'), "the rule x has an optional part in [ ]; as ( )? it could be scanned"),
        (lab("x*", "x: N -> one\nN: /([ab])(?!\\1)/"), "the terminal N has a named group, or refers back to one"),
    ],
)
def test_a_grammar_without_scanner_has_a_reason(grammar: TraceGrammar, why: str) -> None:
    with pytest.raises(NotRegular) as raised:
        compile_scanner(grammar, "trace")
    assert str(raised.value) == why


@pytest.mark.parametrize("steps", ["x*", "x+", "x~2..3", "(x x)+", "some"])
def test_repetitions_are_regular_however_they_are_written(steps: str) -> None:
    found = compile_scanner(lab(steps, 'x: "a" -> one\nsome: x | some x'), "trace")
    assert found.scan("a a") is not None


# ---------------------------------------------------------------- values
NODE = (int, int)
TYPED = {"create": (NODE, int, int), "close": (NODE, int, int), "plan": (NODE,)}


def maze_scanner() -> Scanner:
    found = scanner("searchformer-maze", "trace")
    assert found is not None
    return found.typed(TYPED)


def test_arguments_come_out_as_integers() -> None:
    found = maze_scanner()
    scan = found.scan("bos create 10 2 c0 c14 plan 3 4 eos")
    assert scan is not None
    assert [found.items[i] for i in scan.ids] == ["create", "plan", "end"]
    assert scan.arguments == [((10, 2), 0, 14), ((3, 4),), ()]
    assert list(zip(scan.starts, scan.ends, strict=True)) == [(4, 22), (23, 31), (32, 35)]


@pytest.mark.parametrize("digits", [1, 17, 18, 19, 5_000])
def test_integers_of_more_digits_than_are_read_are_left_to_lark(digits: int) -> None:
    number = "9" * digits
    scan = maze_scanner().scan(f"plan 0 {number}")
    if digits > 18:
        assert scan is None
    else:
        assert scan is not None
        assert scan.arguments == [((0, int(number)),)]


@pytest.mark.parametrize("text", ["[a1;b2;]", "[]", "[a1;]"])
def test_any_function_converts_also_what_has_any_number_of_words(text: str) -> None:
    grammar = lab("x*", 'x: "[" row "]" -> one\nrow: (pair ";")*\npair: W N\nW: /[a-z]/\nN: /[0-9]/')
    raw = compile_scanner(grammar, "trace")
    upper = raw.typed({"one": (lambda row: [(word.upper(), int(number)) for word, number in row],)})
    scan, again = raw.scan(text), upper.scan(text)
    assert scan is not None
    assert again is not None
    assert again.arguments == [([(word.upper(), int(number)) for word, number in scan.arguments[0][0]],)]
    assert again.spans == scan.spans


def test_a_function_may_refuse_what_it_does_not_take() -> None:
    def even(raw: str) -> int:
        if int(raw) % 2:
            raise Refused
        return int(raw)

    found = compile_scanner(lab("x*", "x: N -> one\nN: /[0-9]/"), "trace").typed({"one": (even,)})
    scan = found.scan("2 4")
    assert scan is not None
    assert scan.arguments == [(2,), (4,)]
    assert found.scan("2 3") is None


# ---------------------------------------------------------------- time
LONG = 1_000_000


@pytest.mark.parametrize(
    "piece", [" ", "9", "c", "create ", "create 0 0 c0 ", "create 0 0 c0 c1 ", "create 0 0 c0 c1 x", "é", "bos ", "[", '["']
)
@pytest.mark.parametrize("name", ["searchformer-maze", "stream-of-search", "blocksworld-moves", "system-1x-maze-astar"])
def test_a_text_of_a_megabyte_takes_linear_time(name: str, piece: str) -> None:
    found = scanner(name, "document")
    assert found is not None
    began = perf_counter()
    found.scan(piece * (LONG // len(piece)))
    assert perf_counter() - began < 5


def test_a_list_of_any_length_takes_linear_time() -> None:
    found = compile_scanner(lab("x*", 'x: "[" row "]" -> one\nrow: (N ",")*\nN: /[0-9]/'), "trace")
    began = perf_counter()
    scan = found.scan("[" + "1," * 100_000 + "]")
    assert scan is not None
    assert scan.arguments == [(("1",) * 100_000,)]
    assert perf_counter() - began < 5


def test_a_scanner_is_much_faster_than_lark() -> None:
    grammar, found = opened("searchformer-maze").grammar, maze_scanner()
    text = "create 3 12 c10 c4 close 3 12 c10 c4 " * 500
    assert found.scan(text) is not None  # its patterns are compiled
    scanning, reading = (
        min(timed(do) for _ in range(3)) for do in (lambda: found.scan(text), lambda: grammar.read(Source("", text), "trace"))
    )
    assert reading > 8 * scanning


def timed(do: object) -> float:
    began = perf_counter()
    assert callable(do)
    do()
    return perf_counter() - began
